"""pool.error_rate: requests for a pooled connection that failed, from the service's own counters."""

from __future__ import annotations

from readiness.config.probes import Pool
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement, Rate
from readiness.probes import counters
from readiness.probes.window import Window

METRIC = "pool.error_rate"
SOURCE = "probe pool"


def measure(base_url: str, settings: Pool, window: Window) -> tuple[Measurement, ...]:
    """Errors of requests in percent over the judged window.

    Raises NotMeasured when the counters say nothing about the window.
    """
    path = settings.statistics
    if path is None:
        raise NotMeasured(
            "probes.pool names no source; set probes.pool.statistics to the path of a JSON document with counters"
        )
    growth = counters.watch(base_url, path, settings.requests, settings.errors, window)
    requests, errors = growth.first, growth.second
    if errors > requests:
        raise NotMeasured(
            f"{path} {settings.errors}: {errors:,} errors for {requests:,} requests in the window; "
            f"{settings.requests} must count every request, failed ones too"
        )
    if requests == 0:
        raise NotMeasured(f"{path} {settings.requests}: no request for a connection was seen in the window")
    # An error may be counted a second after its request, so one block can hold more errors than requests.
    blocks = tuple((min(bad, asked), asked) for asked, bad in growth.blocks if asked)
    details = (
        Detail(f"{path} {settings.requests}", f"+{requests:,}", None, "in the judged window"),
        Detail(f"{path} {settings.errors}", f"+{errors:,}", None, "in the judged window"),
    )
    rate = Rate(errors, requests, blocks)
    value = 100 * errors / requests
    return (Measurement(METRIC, None, value, SOURCE, samples=requests, evidence=rate, details=details),)
