"""Looks at the running service beside the load. One file per look; nothing here judges.

A new probe is one file with `measure`, its settings in readiness/config/probes.py and one line in PROBES.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from threading import Thread

from readiness.config.probes import Probes
from readiness.errors import NotMeasured
from readiness.measurements.run import Measurement
from readiness.probes import cache, headers, health, pool, rate_limit
from readiness.probes.window import Window
from readiness.text import clean

GRACE_S = 4.0
"""How long a probe may take after the load stopped before it is given up."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at the service."""

    name: str
    metrics: tuple[str, ...]
    always: bool
    """Whether it runs without a check that needs it; its result is then information."""
    measure: Callable[[str, Probes, Window], tuple[Measurement, ...]]


PROBES: tuple[Probe, ...] = (
    Probe("health", (health.METRIC,), True, lambda url, its, window: health.measure(url, its.health, window)),
    Probe("headers", (headers.METRIC,), True, lambda url, its, window: headers.measure(url, its.security, window)),
    Probe("cache", (cache.METRIC,), False, lambda url, its, window: cache.measure(url, its.cache, window)),
    Probe("pool", (pool.METRIC,), False, lambda url, its, window: pool.measure(url, its.pool, window)),
    Probe(
        "rate_limit",
        (rate_limit.METRIC,),
        False,
        lambda url, its, window: rate_limit.measure(url, its.rate_limit, window),
    ),
)


def measure_all(base_url: str, probes: Probes, wanted: AbstractSet[str], window: Window) -> tuple[Measurement, ...]:
    """Every wanted look, side by side in threads, in the order of PROBES; blocks until shortly after the window's end.

    `wanted` holds metric names. Never raises: a probe that fails becomes a measurement with a reason.
    """
    chosen = [probe for probe in PROBES if probe.always or not wanted.isdisjoint(probe.metrics)]
    results: dict[str, tuple[Measurement, ...]] = {}

    def look(probe: Probe) -> None:
        try:
            results[probe.name] = probe.measure(base_url, probes, window)
        except NotMeasured as error:
            results[probe.name] = without_value(probe, str(error))
        except Exception as error:  # a defect in one probe must not cost the run
            results[probe.name] = without_value(probe, f"the probe broke: {type(error).__name__}: {clean(error)}")

    threads = [Thread(target=look, args=(probe,), name=f"probe-{probe.name}", daemon=True) for probe in chosen]
    for thread in threads:
        thread.start()
    window.wait_end()
    deadline_s = time.monotonic() + GRACE_S
    for thread in threads:
        thread.join(max(deadline_s - time.monotonic(), 0))
    late = f"no result {GRACE_S:g} s after the load stopped"
    return tuple(
        measurement for probe in chosen for measurement in results.get(probe.name) or _missing(probe, results, late)
    )


def without_value(probe: Probe, reason: str) -> tuple[Measurement, ...]:
    """One measurement without a value for each metric of the probe."""
    return tuple(
        Measurement(metric, None, None, f"probe {probe.name}", reason=clean(reason)) for metric in probe.metrics
    )


def _missing(probe: Probe, results: dict[str, tuple[Measurement, ...]], reason: str) -> tuple[Measurement, ...]:
    return () if probe.name in results else without_value(probe, reason)
