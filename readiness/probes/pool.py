"""The connection pool by the service's own numbers: errors, waiting, and how full it was at the busiest reading."""

from __future__ import annotations

from readiness.config.probes import PoolSettings
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement, Rate, Witness
from readiness.probes import counters
from readiness.probes.evidence import Evidence
from readiness.probes.sampler import NumberPlace, NumberSample, states_of

ERROR_RATE = "pool.error_rate"
WAIT = "pool.wait.mean"
SATURATION = "pool.saturation"
_SOURCE = "probe pool"


def places(settings: PoolSettings) -> tuple[NumberPlace, ...]:
    """What to read."""
    if settings.statistics is None:
        return ()
    pointers = (settings.requests, settings.errors, settings.waited_ms, *_gauges(settings))
    return tuple(NumberPlace("json", settings.statistics, pointer) for pointer in pointers if pointer is not None)


def error_rate(evidence: Evidence) -> tuple[Measurement, ...]:
    """Errors of requests for a connection, in percent. Raises NotMeasured when the counters say nothing."""
    settings = evidence.settings.pool
    path = _path(settings)
    pair = (NumberPlace("json", path, settings.requests), NumberPlace("json", path, settings.errors))
    growth = counters.growth(evidence.readings, pair)
    requests, errors = growth.total
    if errors > requests:
        raise NotMeasured(
            f"{path} {settings.errors}: {errors:,} errors for {requests:,} requests in the window; "
            f"{settings.requests} must count every request, failed ones too"
        )
    if requests == 0:
        raise NotMeasured(f"{path} {settings.requests}: no request for a connection was seen in the window")
    # An error may be counted a second after its request, so one block can hold more errors than requests.
    blocks = tuple((min(bad, asked), asked) for asked, bad in growth.blocks if asked)
    rate, details = Rate(errors, requests, blocks), growth.details(pair)
    return (Measurement(ERROR_RATE, None, 100 * errors / requests, _SOURCE, requests, evidence=rate, details=details),)


def wait(evidence: Evidence) -> tuple[Measurement, ...]:
    """Mean time in ms that a request for a connection waited. Raises NotMeasured when the counters say nothing."""
    settings = evidence.settings.pool
    path = _path(settings)
    if settings.waited_ms is None:
        raise NotMeasured("probes.pool.waited_ms is not set: a pointer to the counter of all time waited, in ms")
    pair = (NumberPlace("json", path, settings.requests), NumberPlace("json", path, settings.waited_ms))
    requests, waited_ms = counters.growth(evidence.readings, pair, of_time=pair[1]).total
    if requests == 0:
        raise NotMeasured(f"{path} {settings.requests}: no request for a connection was seen in the window")
    details = (Detail(pair[1].shown, f"+{waited_ms:,} ms", None, f"over {requests:,} requests for a connection"),)
    return (Measurement(WAIT, None, waited_ms / requests, _SOURCE, requests, details=details),)


def saturation(evidence: Evidence) -> tuple[Measurement, ...]:
    """Connections in use at the busiest reading, in percent of the most that the pool may open.

    Second source: PostgreSQL cannot have had fewer sessions than the service says were in use.
    """
    settings = evidence.settings.pool
    path = _path(settings)
    if settings.size is None or settings.available is None or settings.max is None:
        raise NotMeasured("probes.pool needs the pointers size, available and max for this")
    series = [
        states_of(evidence.readings, NumberPlace("json", path, pointer)) for pointer in _gauges(settings) if pointer
    ]
    used, most, rounds = 0.0, 0.0, 0
    for size, available, top in zip(*series, strict=True):
        if size.lost:
            continue
        numbers = [_gauge(sample) for sample in (size, available, top)]
        if numbers[2] <= 0 or numbers[1] > numbers[0] or numbers[0] > numbers[2]:
            shown = ", ".join(f"{number:g}" for number in numbers)
            raise NotMeasured(f"{path}: size, available and max contradict each other ({shown})")
        used, most, rounds = max(used, numbers[0] - numbers[1]), max(most, numbers[2]), rounds + 1
    if not rounds:
        raise NotMeasured(f"{path}: no reading was answered in the window")
    value = 100 * used / most
    return (
        Measurement(
            SATURATION,
            None,
            value,
            _SOURCE,
            rounds,
            details=(Detail(f"{path}: most in use", f"{used:,.0f} of {most:,.0f}", None, f"{rounds:,} readings"),),
            witnesses=(
                Witness(f"statistics {path}", value, note=f"{used:,.0f} of {most:,.0f} connections in use"),
                *_sessions(evidence, most),
            ),
        ),
    )


def _sessions(evidence: Evidence, most: float) -> tuple[Witness, ...]:
    samples = evidence.database.sessions if evidence.database else ()
    if not samples:
        return ()
    connected = max(sample.connected for sample in samples)
    active = max(sample.active for sample in samples)
    note = f"at most {connected:,} sessions, {active:,} of them active at once"
    value = 100 * connected / most
    return (Witness("PostgreSQL sessions", value, relation="at_most", tolerance=100 / most, note=note),)


def _path(settings: PoolSettings) -> str:
    if settings.statistics is None:
        raise NotMeasured(
            "probes.pool names no source; set probes.pool.statistics to the path of a JSON document with counters"
        )
    return settings.statistics


def _gauges(settings: PoolSettings) -> tuple[str | None, str | None, str | None]:
    return settings.size, settings.available, settings.max


def _gauge(sample: NumberSample) -> float:
    if sample.problem is not None:
        raise NotMeasured(sample.problem)
    if type(sample.value) not in (int, float) or not 0 <= sample.value < 1e9:  # type: ignore[operator]
        raise NotMeasured(f"{sample.value!r} is not a number of connections")
    return float(sample.value)  # type: ignore[arg-type]
