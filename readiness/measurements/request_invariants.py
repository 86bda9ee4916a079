"""Where every request of run.json went: the first part of readiness/measurements/invariants.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import TypeVar

from readiness.measurements.connections import NO_WAY
from readiness.measurements.law import Broken, Law, laws_of
from readiness.measurements.packed import missing_slices, uneven_slices
from readiness.measurements.run import FAILURE_CLASSES, Load, Rate, Recording, Run, Second
from readiness.metrics.moments import MOMENT_NAMES
from readiness.text import clean
from readiness.text.spelling import nearest

T = TypeVar("T")
ROUNDING_S = 0.001


def classes_are_known(run: Run) -> Broken:
    """A request fails for one of the reasons that there are."""
    tables = [("$.ledger.failed", run.load.ledger.failed)] if run.load else []
    tables += [(f"{path}.failed", record.failed) for path, record in _recordings(run)]
    tables += [(f"{path}.classes", second.classes) for series in _series(run) for path, second in series]
    for path, failed in tables:
        for word in failed:
            if word not in FAILURE_CLASSES:
                yield path, f'"{clean(word, 60)}" is not a class of failure{nearest(word, FAILURE_CLASSES)}'


def ledger_is_balanced(run: Run) -> Broken:
    """Every planned request is ok, failed, in flight or dropped."""
    if run.load and not run.load.ledger.balanced:
        ledger = run.load.ledger
        ended = ledger.ok + sum(ledger.failed.values()) + ledger.in_flight + ledger.dropped
        yield "$.ledger", f"planned is {ledger.planned:,}, but ok + failed + in_flight + dropped is {ended:,}"


def endpoints_add_up_to_the_ledger(run: Run) -> Broken:
    """Every request that ended stands in the ledger and at an endpoint, in the same class."""
    if run.load is None:
        return
    ledger, phases = run.load.ledger, _phases(run.load)
    failed = _summed(phase.failed for phase in phases)
    counted = {"ok": (sum(phase.ok.total for phase in phases), ledger.ok)}
    counted |= {word: (failed[word], ledger.failed.get(word, 0)) for word in (*failed, *ledger.failed)}
    for word, (at_endpoints, in_ledger) in counted.items():
        if at_endpoints != in_ledger:
            yield "$.load", f"the endpoints count {at_endpoints:,} requests as {word}, the ledger {in_ledger:,}"


def what_is_in_flight_is_at_an_endpoint(run: Run) -> Broken:
    """A request in flight is one of an endpoint, unless the load generator was lost, which is a doubt."""
    if run.load is None:
        return
    waiting, in_ledger = sum(phase.in_flight for phase in _phases(run.load)), run.load.ledger.in_flight
    if waiting != in_ledger and not (run.doubts and waiting < in_ledger):
        yield "$", f"the endpoints count {waiting:,} requests in flight, the ledger {in_ledger:,}"


def endpoints_stand_once(run: Run) -> Broken:
    """An endpoint of a scenario stands once."""
    if run.load and (twice := _twice([(one.scenario, one.name) for one in run.load.endpoints])):
        yield (
            "$.load",
            f'the endpoint "{clean(twice[1], 60)}" of scenario "{clean(twice[0], 60)}" stands twice',
        )


def blocks_add_up_to_the_whole(run: Run) -> Broken:
    """The time blocks of a recording have the requests of the whole, latency by latency."""
    for path, record in _recordings(run):
        if problem := uneven_slices(record):
            yield path, problem


def blocks_come_in_order(run: Run) -> Broken:
    """Time blocks follow each other and do not overlap."""
    for path, record in _recordings(run):
        for index, (left, right) in enumerate(pairwise(record.slices), 1):
            if right.start_s < left.start_s + left.duration_s - ROUNDING_S:
                yield f"{path}.slices[{index}]", f"begins at {right.start_s:g} s, before the one before it ends"
                break


def judged_requests_have_blocks(run: Run) -> Broken:
    """What is judged has time blocks: without them no bound can be computed."""
    for path, endpoint in items(run, lambda load: load.endpoints, "endpoints"):
        if problem := missing_slices(endpoint.judged):
            yield path, f"judged: {problem}"
        for name in MOMENT_NAMES:
            record = getattr(endpoint, name)
            if record is not None and (problem := missing_slices(record)):
                yield path, f"{name}: {problem}"


def parts_of_a_recording_are_no_more_than_it(run: Run) -> Broken:
    """Latencies of failures are of failures, and service times of successes."""
    for path, record in _recordings(run):
        if record.failed_latency.total > record.failures:
            yield path, f"{record.failed_latency.total:,} latencies of {record.failures:,} failures"
        if record.service.total > record.ok.total:
            yield path, f"{record.service.total:,} service times of {record.ok.total:,} successes"


def first_bytes_are_those_of_the_requests(run: Run) -> Broken:
    """A first byte is of a judged request, and comes no later than its last one."""
    for path, one in items(run, lambda load: load.endpoints, "endpoints"):
        whole, part = one.judged, one.first_byte
        if part is None:
            continue
        if (dict(part.failed), part.in_flight) != (dict(whole.failed), whole.in_flight):
            yield f"{path}.first_byte", "its failed and unfinished requests are not those of the endpoint"
        if part.ok.total > whole.ok.total:
            yield f"{path}.first_byte", f"{part.ok.total:,} first bytes of {whole.ok.total:,} successes"
        elif part.ok.max_us > whole.ok.max_us or part.ok.sum_us > whole.ok.sum_us:
            yield f"{path}.first_byte", "first bytes come later than the whole answers"


def streams_are_some_of_the_requests(run: Run) -> Broken:
    """A stream is a judged request, its moments lie within it, and a gap is one of a stream that had a first event."""
    for path, one in items(run, lambda load: load.endpoints, "endpoints"):
        for name, part, whole in (
            ("first_event", one.first_event, one.judged),
            ("longest_gap", one.longest_gap, one.first_event or one.judged),
        ):
            if part is None:
                continue
            if part.requests > whole.requests or part.in_flight > whole.in_flight or part.ok.total > whole.ok.total:
                yield f"{path}.{name}", f"{part.requests:,} streams of {whole.requests:,} requests"
            if any(
                count > one.judged.failed.get(word, 0) for word, count in part.failed.items() if word != "assertion"
            ):
                yield f"{path}.{name}", "its failures are not those of the endpoint"
            if part.ok.max_us > one.judged.ok.max_us:
                yield f"{path}.{name}", "it is longer than the longest answer"


def series_adds_up_to_the_ledger(run: Run) -> Broken:
    """The time series counts the requests of the ledger, class by class."""
    if run.load is None or not run.load.series:
        return
    ledger, series = run.load.ledger, run.load.series
    for name, counted, known in (
        ("ok", sum(second.ok for second in series), ledger.ok),
        ("failed", sum(second.failed for second in series), sum(ledger.failed.values())),
    ):
        if counted != known:
            yield "$.load.series", f"counts {counted:,} requests as {name}, the ledger {known:,}"


def points_are_of_one_piece(run: Run) -> Broken:
    """In a point of a series the classes are its failures and the percentiles rise, and exist where one succeeded."""
    for path, second in chain.from_iterable(_series(run)):
        percentiles = (second.p50_ms, second.p95_ms, second.p99_ms)
        if second.classes and sum(second.classes.values()) != second.failed:
            yield path, f"{second.failed:,} failed, but the classes count {sum(second.classes.values()):,}"
        if any((value is None) != (second.ok == 0) for value in percentiles):
            yield path, f"{second.ok:,} succeeded, and the percentiles are {_shown(percentiles)}"
        elif not _rises(percentiles):
            yield path, f"the percentiles {_shown(percentiles)} ms fall"


def points_come_in_order(run: Run) -> Broken:
    """The points of a series follow each other and do not overlap."""
    for series in _series(run):
        for (_, left), (path, right) in pairwise(series):
            if right.at_s < left.at_s + left.duration_s - ROUNDING_S:
                yield path, f"begins at {right.at_s:g} s, before the one before it ends"
                break


def rates_are_shares(run: Run) -> Broken:
    """Hits are some of the events, in every time block and in the whole."""
    rates = [("$.load.header_rate", run.load.header_rate)] if run.load and run.load.header_rate else []
    rates += [
        (f"$.measurements[{index}].evidence", one.evidence)
        for index, one in enumerate(run.measurements)
        if isinstance(one.evidence, Rate)
    ]
    for path, rate in rates:
        if problem := uneven_rate(rate):
            yield path, problem


def uneven_rate(rate: Rate) -> str | None:
    """What is wrong with a rate."""
    if rate.hits > rate.total:
        return f"hits ({rate.hits:,}) are more than total ({rate.total:,})"
    if sum(total for _, total in rate.blocks) > rate.total or sum(hits for hits, _ in rate.blocks) > rate.hits:
        return "its blocks count more than the whole"
    if any(hits > total for hits, total in rate.blocks):
        return "a block has more hits than events"
    return None


def connections_are_those_of_the_requests(run: Run) -> Broken:
    """No more requests are sent twice than there are, and connections go to the target's addresses."""
    seen = run.load.connections if run.load else None
    if run.load is None or seen is None:
        return
    where = "$.load.connections"
    counts = [seen.resent_unread, seen.resent_unclear, seen.unasked]
    counts += [count for one in seen.addresses for count in (one.opened, *one.failed.values())]
    counts += seen.sent_by_locust.values()
    if min(counts) < 0:
        yield where, "a count is negative"
    if seen.resent > run.load.ledger.planned:
        yield where, f"{seen.resent:,} requests were sent twice, of {run.load.ledger.planned:,} planned"
    for one in seen.addresses:
        if one.address not in run.target.addresses:
            yield where, f"{clean(one.address, 60)} is no address of the target"
        for word in one.failed:
            if word not in (*FAILURE_CLASSES, NO_WAY):
                yield where, f'"{clean(word, 60)}" is not a class of failure'


RUN_REQUEST_LAWS: tuple[Law[Run], ...] = laws_of(globals())


def _phases(load: Load) -> list[Recording]:
    return [phase for endpoint in load.endpoints for phase in (endpoint.judged, endpoint.warm_up)]


def _recordings(run: Run) -> Iterator[tuple[str, Recording]]:
    for path, endpoint in items(run, lambda load: load.endpoints, "endpoints"):
        yield f"{path}.judged", endpoint.judged
        yield f"{path}.warm_up", endpoint.warm_up
        for name in MOMENT_NAMES:
            if (record := getattr(endpoint, name)) is not None:
                yield f"{path}.{name}", record
    for path, step in items(run, lambda load: load.steps, "steps"):
        for index, one in enumerate(step.endpoints):
            yield f"{path}.endpoints[{index}].record", one.record
    for index, measurement in enumerate(run.measurements):
        if isinstance(measurement.evidence, Recording):
            yield f"$.measurements[{index}].evidence", measurement.evidence


def _series(run: Run) -> list[list[tuple[str, Second]]]:
    """The points of the load and of each drill, with their paths."""
    drills = [
        [(f"$.drills[{index}].series[{at}]", second) for at, second in enumerate(one.series)]
        for index, one in enumerate(run.drills)
    ]
    return [list(items(run, lambda load: load.series, "series")), *drills]


def items(run: Run, part: Callable[[Load], Sequence[T]], name: str) -> Iterator[tuple[str, T]]:
    """The items of one list of the load, each with its path."""
    place = "$" if name == "endpoints" else "$.load"
    yield from ((f"{place}.{name}[{index}]", item) for index, item in enumerate(part(run.load) if run.load else ()))


def _summed(tables: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for table in tables:
        total.update(table)
    return total


def _twice(keys: Sequence[T]) -> T | None:
    return next((key for key, count in Counter(keys).items() if count > 1), None)


def _rises(values: Iterable[float | None]) -> bool:
    found = [value for value in values if value is not None]
    return all(left <= right for left, right in pairwise(found))


def _shown(values: Iterable[float | None]) -> str:
    return ", ".join("none" if value is None else f"{value:g}" for value in values)
