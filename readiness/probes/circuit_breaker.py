"""circuit_breaker.closed: how much of the measurement window every declared circuit breaker let everything through."""

from __future__ import annotations

from collections import Counter

from readiness.config.probes import CircuitBreakerSettings
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.probes.evidence import Evidence
from readiness.probes.sampler import NumberPlace, states_of

BREAKER_METRIC = "circuit_breaker.closed"
_SOURCE = "probe circuit_breaker"


def places(settings: CircuitBreakerSettings) -> tuple[NumberPlace, ...]:
    """What to read."""
    if settings.statistics is None:
        return ()
    return tuple(NumberPlace("json", settings.statistics, pointer) for pointer in settings.states)


def closed(evidence: Evidence) -> tuple[Measurement, ...]:
    """Share of the readings, in percent, in which all breakers were closed. Raises NotMeasured without a state."""
    settings = evidence.settings.circuit_breaker
    wanted = places(settings)
    if not wanted:
        raise NotMeasured("probes.circuit_breaker needs statistics (a path) and states (pointers to a state each)")
    good, rounds = 0, 0
    seen: dict[NumberPlace, Counter[str]] = {place: Counter() for place in wanted}
    words = {word.lower() for word in settings.closed}
    for samples in zip(*(states_of(evidence.readings, place) for place in wanted), strict=True):
        if samples[0].lost:
            continue
        for place, sample in zip(wanted, samples, strict=True):
            if sample.problem is not None:
                raise NotMeasured(sample.problem)
            if not isinstance(sample.value, str):
                raise NotMeasured(f"{place.shown}: {sample.value!r} is not the name of a state")
            seen[place][sample.value] += 1
        good += all(str(sample.value).lower() in words for sample in samples)
        rounds += 1
    if not rounds:
        raise NotMeasured(f"{settings.statistics}: no reading was answered in the window")
    details = tuple(
        Detail(place.shown, state, state.lower() in words, f"{count:,} of {rounds:,} readings")
        for place, states in seen.items()
        for state, count in states.items()
    )
    return (Measurement(BREAKER_METRIC, None, 100 * good / rounds, _SOURCE, rounds, details=details),)
