"""What the service says of itself while drills run: its readiness, and the state of its circuit breakers.

Requests are paid for by the drills' own load (readiness/probes/allowance.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from readiness.config.probes import CircuitBreakerSettings, Probes
from readiness.errors import NotMeasured
from readiness.measurements.provenance import Target
from readiness.probes import circuit_breaker, health, sampler
from readiness.probes.allowance import Allowance
from readiness.probes.health import HealthSample
from readiness.probes.sampler import Readings
from readiness.probes.window import Window

_EVERY_S = 1.0
"""Between two requests of the health endpoint, at least."""


@dataclass(frozen=True, slots=True)
class SelfReports:
    """Everything that was said."""

    path: str
    """Of the health endpoint: the deep one, where there are two."""
    samples: tuple[HealthSample, ...]
    problem: str | None
    """Why there are no samples."""
    breakers: CircuitBreakerSettings
    readings: Readings
    """Of the breakers' states; empty where nobody asks."""


@dataclass(frozen=True, slots=True)
class SelfReporting:
    """Requests that go on beside the load of the drills."""

    load_did: Callable[[int, float], None]
    """Told the load's requests so far and the sum of their latencies in ms; with the first call it has begun."""
    result: Callable[[], SelfReports]
    """Ends them, and waits for the last answer."""


@contextmanager
def listening(target: Target, settings: Probes, *, ready: bool, breakers: bool) -> Iterator[SelfReporting]:
    """Ask until the end of the block, or until the result is wanted: the health endpoint, and the breakers' states."""
    window = Window()
    allowance = Allowance(window)
    wanted = settings.health
    path = wanted.path if wanted.ready is None else wanted.ready
    places = circuit_breaker.places(settings.circuit_breaker) if breakers else ()

    def ask() -> tuple[HealthSample, ...]:
        every_s = max(_EVERY_S, (wanted.every_ms or 0) / 1000)
        return health.watch(target, path, every_s, wanted.timeout_ms / 1000, window, allowance) if ready else ()

    def load_did(requests: int, waited_ms: float) -> None:
        window.begin()
        allowance.load_did(requests, waited_ms)

    with ThreadPoolExecutor(2, thread_name_prefix="self reports") as pool:
        samples = pool.submit(ask)
        readings = pool.submit(sampler.collect, target, places, None, window, allowance)

        def result() -> SelfReports:
            window.end()
            found, problem = _found(samples)
            return SelfReports(path, found, problem, settings.circuit_breaker, readings.result())

        try:
            yield SelfReporting(load_did, result)
        finally:
            window.end()


def _found(samples: Future[tuple[HealthSample, ...]]) -> tuple[tuple[HealthSample, ...], str | None]:
    try:
        return samples.result(), None
    except NotMeasured as error:
        return (), str(error)
