"""The cache: its hit rate over the measurement window from every source that can tell, and whether it fell back.

Sources, the client's own view first: the response header that the load counted, the service's statistics, its
Prometheus text, INFO of the cache server, and the transactions that the database saw. The first gives the value, the
others are further sources beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from readiness.config.probes import CacheSettings
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement, Rate, Witness
from readiness.probes import counters
from readiness.probes.evidence import Evidence
from readiness.probes.sampler import NumberPlace, Readings, names_in, states_of

HIT_RATE = "cache.hit_rate"
FALLBACK = "cache.fallback"
_SOURCE = "probe cache"
INFO = (NumberPlace("info", "", "keyspace_hits"), NumberPlace("info", "", "keyspace_misses"))
INFO_TOLERANCE = 4.0
"""Times the tolerance: the server also answers look-ups that no request of the load asked for."""


def places(settings: CacheSettings) -> tuple[NumberPlace, ...]:
    """What to read of the service; INFO is added where a cache server is known."""
    found = [*_statistics(settings), *_prometheus(settings)]
    if settings.statistics is not None and settings.backend is not None:
        found.append(NumberPlace("json", settings.statistics, settings.backend))
    return tuple(found)


def hit_rate(evidence: Evidence) -> tuple[Measurement, ...]:
    """Hits of look-ups in percent, with its witnesses.

    Raises NotMeasured when no source is named, or none could tell.
    """
    settings = evidence.settings.cache
    said: list[tuple[str, Rate, tuple[Detail, ...]]] = []
    silent: list[tuple[str, str]] = []
    for source, tell in _sources(evidence):
        try:
            said.append((source, *tell()))
        except NotMeasured as error:
            silent.append((source, str(error)))
    if not said and not silent:
        raise NotMeasured(
            "probes.cache names no source; set probes.cache.statistics to the path of a JSON document with counters, "
            "or probes.cache.header to a response header such as X-Cache"
        )
    if silent and (not said or silent[0][0] in _required(settings)):
        # A source that the file names and that has nothing to say is a finding, not a reason to ask somebody else.
        raise NotMeasured("; ".join(dict.fromkeys(reason for _, reason in silent)))
    source, rate, details = said[0]
    value = 100 * rate.hits / rate.total
    tolerance = 100 * settings.tolerance
    witnesses = [Witness(source, value, note=f"{rate.hits:,} of {rate.total:,} look-ups")]
    for name, other, _ in said[1:]:
        allowed = tolerance * (INFO_TOLERANCE if name == "INFO of the cache server" else 1)
        note = f"{other.hits:,} of {other.total:,} look-ups"
        witnesses.append(Witness(name, 100 * other.hits / other.total, tolerance=allowed, note=note))
    witnesses += [Witness(name, None, note=reason) for name, reason in silent]
    witnesses += _database(evidence, rate.total, tolerance)
    lines = tuple(line for _, _, found in said for line in found)
    name = "load" if source.startswith("response header") else _SOURCE
    return (
        Measurement(
            HIT_RATE,
            None,
            value,
            name,
            samples=rate.total,
            evidence=rate,
            details=(*details, *(line for line in lines if line not in details), *_speeds(evidence)),
            witnesses=tuple(witnesses),
        ),
    )


def fallback(evidence: Evidence) -> tuple[Measurement, ...]:
    """Share of the readings, in percent, in which another backend served than the expected one."""
    settings = evidence.settings.cache
    if settings.statistics is None or settings.backend is None:
        raise NotMeasured("probes.cache.backend is not set: a pointer to the name of what serves, beside statistics")
    place = NumberPlace("json", settings.statistics, settings.backend)
    names = names_in(states_of(evidence.readings, place))
    expected = {word.lower() for word in settings.expect}
    other = [name for name in names if name.lower() not in expected]
    details = tuple(
        Detail(place.shown, name, name.lower() in expected, f"{names.count(name):,} of {len(names):,} readings")
        for name in dict.fromkeys(names)
    )
    return (Measurement(FALLBACK, None, 100 * len(other) / len(names), _SOURCE, samples=len(names), details=details),)


def _required(settings: CacheSettings) -> tuple[str, ...]:
    """The source that the file means first."""
    if settings.header is not None:
        return (f"response header {settings.header}",)
    if settings.statistics is not None:
        return (f"statistics {settings.statistics}",)
    return (f"Prometheus {settings.metrics}",) if settings.metrics is not None else ()


def _statistics(settings: CacheSettings) -> tuple[NumberPlace, ...]:
    path = settings.statistics
    if path is None:
        return ()
    return (NumberPlace("json", path, settings.hits), NumberPlace("json", path, settings.misses))


def _prometheus(settings: CacheSettings) -> tuple[NumberPlace, ...]:
    path = settings.metrics
    if path is None:
        return ()
    return (
        NumberPlace("prometheus", path, settings.hits_metric),
        NumberPlace("prometheus", path, settings.misses_metric),
    )


def _sources(evidence: Evidence) -> Iterator[tuple[str, Callable[[], tuple[Rate, tuple[Detail, ...]]]]]:
    settings, readings = evidence.settings.cache, evidence.readings
    if settings.header is not None:
        yield f"response header {settings.header}", lambda: _by_header(evidence)
    if settings.statistics is not None:
        yield f"statistics {settings.statistics}", lambda: _by_counters(readings, _statistics(settings))
    if settings.metrics is not None:
        yield f"Prometheus {settings.metrics}", lambda: _by_counters(readings, _prometheus(settings))
    if INFO[0] in readings.series:
        yield "INFO of the cache server", lambda: _by_counters(readings, INFO)


def _by_header(evidence: Evidence) -> tuple[Rate, tuple[Detail, ...]]:
    rate = evidence.load.header_rate if evidence.load else None
    if rate is None or rate.total == 0:
        raise NotMeasured(f"no response carried the header {evidence.settings.cache.header}")
    return rate, ()


def _by_counters(readings: Readings, pair: tuple[NumberPlace, ...]) -> tuple[Rate, tuple[Detail, ...]]:
    growth = counters.growth(readings, pair)
    hits, misses = growth.total
    if hits + misses == 0:
        named = f"{pair[0].shown} and {pair[1].item}"
        raise NotMeasured(f"{named}: no look-up was counted in the window (0 of 0)")
    blocks = tuple((block[0], sum(block)) for block in growth.blocks if sum(block))
    return Rate(hits, hits + misses, blocks), growth.details(pair)


def _database(evidence: Evidence, lookups: int, tolerance: float) -> list[Witness]:
    """What the database saw: where each miss costs a transaction, so many look-ups at least were hits."""
    transactions = evidence.database.transactions if evidence.database else None
    if transactions is None or transactions >= lookups:
        return []
    return [
        Witness(
            "database transactions",
            100 * (1 - transactions / lookups),
            relation="at_least",
            tolerance=tolerance,
            note=f"{transactions:,} transactions beside {lookups:,} look-ups: the others were answered without one",
        )
    ]


def _speeds(evidence: Evidence) -> tuple[Detail, ...]:
    """The two modes of the latency, by endpoint: a hit that is no faster than a miss saves nothing."""
    lines = []
    for seen in evidence.load.seen if evidence.load else ():
        hit_ms, miss_ms = seen.hit.quantile_ms(0.5), seen.miss.quantile_ms(0.5)
        if hit_ms is None or miss_ms is None:
            continue
        faster = hit_ms < miss_ms
        note = "" if faster else "hits are no faster than misses: the cache saves this endpoint nothing"
        counts = f"{seen.hit.total:,} hits, {seen.miss.total:,} misses"
        observed = f"hits {hit_ms:.1f} ms, misses {miss_ms:.1f} ms (p50)"
        lines.append(Detail(f"{seen.name} ({counts})", observed, None if faster else False, note))
    return tuple(lines)
