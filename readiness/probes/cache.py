"""cache.hit_rate: the growth of the service's hit and miss counters over the judged window."""

from __future__ import annotations

from readiness.config.probes import Cache
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement, Rate
from readiness.probes import counters
from readiness.probes.window import Window

METRIC = "cache.hit_rate"
SOURCE = "probe cache"


def measure(base_url: str, settings: Cache, window: Window) -> tuple[Measurement, ...]:
    """Hits of look-ups in percent; nothing when only a response header is watched, which the load itself counts.

    Raises NotMeasured when the counters say nothing about the window.
    """
    path = settings.statistics
    if path is None:
        if settings.header is not None:
            return ()
        raise NotMeasured(
            "probes.cache names no source; set probes.cache.statistics to the path of a JSON document with counters, "
            "or probes.cache.header to a response header such as X-Cache"
        )
    growth = counters.watch(base_url, path, settings.hits, settings.misses, window)
    total = growth.first + growth.second
    if total == 0:
        raise NotMeasured(
            f"{path} {settings.hits} and {settings.misses}: no look-up was counted in the window (0 of 0)"
        )
    blocks = tuple((hits, hits + misses) for hits, misses in growth.blocks if hits + misses)
    details = (
        Detail(f"{path} {settings.hits}", f"+{growth.first:,}", None, "in the judged window"),
        Detail(f"{path} {settings.misses}", f"+{growth.second:,}", None, "in the judged window"),
    )
    rate = Rate(growth.first, total, blocks)
    value = 100 * growth.first / total
    return (Measurement(METRIC, None, value, SOURCE, samples=total, evidence=rate, details=details),)
