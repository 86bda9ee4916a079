"""What the drills showed -> measurements: each metric of each drill, or the reason why it is not known. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from readiness.config.drills import REFUSE
from readiness.config.model import Check, Config
from readiness.drills.conduct import Conducted
from readiness.drills.drill_windows import SILENT, Seen, seen_of, silent_of
from readiness.drills.proxies import ProxySecond
from readiness.drills.record import not_done, recorded
from readiness.drills.recovery import recovery
from readiness.drills.self_reports import Fared, breaker, readiness
from readiness.drills.window_counts import (
    DrillCount,
    cut_off,
    goodput,
    refusals,
    requests_lost,
    sessions_kept,
    told_to_wait,
)
from readiness.errors import NotMeasured
from readiness.measurements.bounds import Bounds
from readiness.measurements.recordings import totals
from readiness.measurements.run import Detail, Drilled, Measurement, Rate, Recording, Slice
from readiness.metrics import drills as names
from readiness.metrics.catalogue import is_drill
from readiness.probes.self_reports import SelfReports
from readiness.text.numbers import count, duration

_SOURCE = "drill"


def measure(
    conducted: Conducted, counted: Callable[[str], tuple[ProxySecond, ...]], config: Config, reports: SelfReports
) -> tuple[tuple[Measurement, ...], tuple[Drilled, ...]]:
    """Metrics of every drill, and its course.

    Metrics have a value, or the reason why not where a check asks for them.
    `counted` gives what the proxy of that name counted; `reports` are what the service said meanwhile.
    """
    found: list[Measurement] = []
    courses: list[Drilled] = []
    for one in conducted.drills:
        wanted = _wanted(config.checks, one.plan.name)
        try:
            seen = seen_of(conducted, one, counted, config, reports)
        except NotMeasured as error:
            found += [_missing(metric, one.plan.name, str(error)) for metric in wanted]
            courses.append(recorded(conducted, one, str(error)))
            continue
        courses.append(replace(recorded(conducted, one), unseen=seen.unseen))
        for metric, find in _METRICS.items():
            try:
                _refuse_unseen(seen, metric)
                found.append(find(seen))
            except NotMeasured as error:
                if metric in wanted:
                    found.append(_missing(metric, one.plan.name, str(error)))
    return tuple(found), tuple(courses)


def _refuse_unseen(seen: Seen, metric: str) -> None:
    """Raises NotMeasured where the metric would speak of an outage that nobody saw."""
    if seen.missed is not None and metric in _OF_ITS_REQUESTS:
        raise NotMeasured(seen.missed)
    if seen.unseen is not None and metric in _OF_THE_FAULT:
        raise NotMeasured(seen.unseen)


def unavailable(reason: str, config: Config) -> tuple[tuple[Measurement, ...], tuple[Drilled, ...]]:
    """No drill happened: what the checks ask for, and each drill, with the reason."""
    missing = (_missing(check.metric, check.scope or "", reason) for check in config.checks if is_drill(check.metric))
    return tuple(missing), tuple(not_done(name, drill, reason) for name, drill in config.drills.items())


def _wanted(checks: Collection[Check], drill: str) -> tuple[str, ...]:
    return tuple(check.metric for check in checks if is_drill(check.metric) and check.scope == drill)


def _missing(metric: str, drill: str, reason: str) -> Measurement:
    return Measurement(metric, drill, None, _SOURCE, reason=reason)


def _error_rate(seen: Seen) -> Measurement:
    record = seen.during
    bad = record.failures + record.in_flight
    return _of(
        seen,
        names.DRILL_ERRORS,
        100 * bad / record.requests,
        record.requests,
        Rate(bad, record.requests),
        tuple(Detail(name, f"{n:,}", False) for name, n in sorted(record.failed.items())),
    )


def _unanswered(seen: Seen) -> Measurement:
    total = seen.during.requests
    return _of(seen, names.UNANSWERED, 100 * seen.silent / total, total, Rate(seen.silent, total))


def _latency(seen: Seen) -> Measurement:
    record = seen.during
    value = record.ok.quantile_ms(0.95, infinite=record.failures + record.in_flight)
    return _of(seen, names.LATENCY_P95, value, record.requests, _one_block(seen, record))


def _longest(seen: Seen) -> Measurement:
    record = totals((seen.during, *seen.edges[:1]))
    if seen.late:
        waited = Detail("without any answer at its deadline", count(seen.late, "request"), False)
        lowest = Bounds(seen.timeout_s * 1000, None)
        return _of(seen, names.LONGEST_ANSWER, None, record.requests, lowest, (waited,))
    if lost := silent_of(record):
        never = Detail("without any answer", count(lost, "request"), False)
        return _of(seen, names.LONGEST_ANSWER, None, record.requests, Bounds(None, None), (never,))
    longest_us = max(record.ok.max_us, record.failed_latency.max_us)
    return _of(seen, names.LONGEST_ANSWER, longest_us / 1000, record.requests)


def _fails_fast(seen: Seen) -> Measurement:
    record = seen.during
    if not record.failures + record.in_flight:
        raise NotMeasured("no request failed in the fault, so no refusal could be timed")
    refused = _one_block(seen, refusals(record, seen.silent))
    value = refused.ok.quantile_ms(0.95, infinite=refused.in_flight)
    never = (Detail("without any answer", count(seen.silent, "request"), False),) if seen.silent else ()
    return _of(seen, names.FAILS_FAST, value, refused.requests, refused, never)


def _one_block(seen: Seen, record: Recording) -> Recording:
    """The requests of the fault as one block of time.

    What is claimed is the share of the requests of this fault, and all of it was seen. They fail together because the
    fault makes them: that is no sign of longer bursts that the window missed.
    """
    block = Slice(seen.one.plan.begin_s, seen.one.plan.drill.for_s, record.ok, record.failures)
    return replace(record, slices=(block,) if record.ok.total + record.failures else ())


def _recovery(seen: Seen) -> Measurement:
    after_s = seen.one.plan.drill.after_s
    if not seen.limits.holds(seen.calm):
        raise NotMeasured(
            f"before the fault already {seen.limits.missed(seen.calm)}, so nothing shows when the service was back"
        )
    found = recovery(_since_the_end(seen), seen.limits, seen.confidence)
    if found.reason:
        raise NotMeasured(found.reason)
    if found.at_s is None:
        never = Detail("recovered", f"not within {duration(after_s)}", False, _metastable(seen))
        return _of(seen, names.RECOVERY, None, seen.after.requests, Bounds(after_s * 1000, None), (never,))
    value = found.at_s - seen.end_s if _ended_early(seen) else max(found.at_s, seen.after_s) - seen.end_s
    return _of(seen, names.RECOVERY, max(value, 0.0) * 1000, seen.after.requests)


def _metastable(seen: Seen) -> str:
    """Overload that goes on after its cause: the one fault of which nothing is left that could be repaired."""
    if seen.one.plan.drill.times == 1:
        return ""
    return (
        f"metastable: the load is back to {seen.one.plan.rate_per_s:g} /s, and the service is not; "
        "what it has queued, or its callers' retries, keep it down"
    )


def _goodput(seen: Seen) -> Measurement:
    return _counted(seen, names.GOODPUT, goodput(seen.before, seen.during, *seen.height_s))


def _retry_after(seen: Seen) -> Measurement:
    return _counted(seen, names.RETRY_AFTER, told_to_wait(seen.points, *seen.told))


def _requests_lost(seen: Seen) -> Measurement:
    return _counted(seen, names.REQUESTS_LOST, requests_lost(seen.windows, SILENT))


def _drain(seen: Seen) -> Measurement:
    return _counted(seen, names.DRAIN, cut_off(seen.windows))


def _sessions_kept(seen: Seen) -> Measurement:
    return _counted(seen, names.SESSIONS_KEPT, sessions_kept(seen.before, seen.after, sessions=seen.sessions))


def _counted(seen: Seen, metric: str, found: DrillCount) -> Measurement:
    return _of(seen, metric, found.value, found.samples, found.evidence, found.details)


def _ended_early(seen: Seen) -> bool:
    return bool(seen.one.plan.drill.command) and not seen.one.plan.drill.undo and not seen.during.in_flight


def _since_the_end(seen: Seen) -> Recording:
    """The requests after the fault: of a command that ended early also those due in its own window.

    Where a request of that window has no end, nobody knows on which side it was due: the window after it counts alone.
    """
    if not _ended_early(seen):
        return seen.after
    early = tuple(block for block in seen.during.slices if block.start_s >= seen.end_s)
    return replace(seen.after, slices=early + seen.after.slices)


def _connections(seen: Seen) -> Measurement:
    drill, one = seen.one.plan.drill, seen.one
    if drill.proxy is None:
        raise NotMeasured("this drill has no proxy that could count connections")
    if drill.fault is not None and drill.fault.kind == REFUSE:
        raise NotMeasured("refused connections never reach the proxy, so nobody counts them; use reset or hang")
    assert one.began_s is not None
    assert one.ended_s is not None
    opened = sum(second.opened for second in seen.seconds)
    due = seen.during.requests * (one.ended_s - one.began_s) / drill.for_s
    counted = Detail("connections at the proxy", f"{opened:,}", None)
    return _of(seen, names.CONNECTIONS_PER_REQUEST, opened / due, seen.during.requests, details=(counted,))


def _health(seen: Seen) -> Measurement:
    fared = Fared(_served_share(seen), _bad_share(seen), seen.limits.errors)
    found = readiness(seen.reports, seen.times, fared)
    return _of(seen, names.DRILL_HEALTH, float(found.holds), found.samples, details=found.details)


def _breaker(seen: Seen) -> Measurement:
    found = breaker(seen.reports, seen.times, _bad_share(seen))
    return _of(seen, names.DRILL_BREAKER, float(found.holds), found.samples, details=found.details)


def _bad_share(seen: Seen) -> float:
    """Of the requests that were due in the fault: those that failed or were slower than the file allows."""
    record = seen.during
    slowest = max(seen.limits.over(record.slices), default=0)
    return (record.failures + record.in_flight + slowest) / record.requests


def _served_share(seen: Seen) -> float:
    """Right answers per second while the fault lasted, as a share of those per second before it.

    Answers count when they come: one that was held until the fault was over did not serve in it.
    """
    before_s, during_s = seen.height_s
    until_s = min(seen.one.plan.end_s, seen.end_s)
    points = [point for point in seen.points if point.at_s + point.duration_s < until_s]
    lasted_s = sum(point.duration_s for point in points)
    answered = sum(point.ok for point in points)
    if lasted_s < during_s / 2:  # so short a fault has hardly a second of its own
        answered, lasted_s = seen.during.ok.total, during_s
    return answered / lasted_s / (max(seen.before.ok.total, 1) / before_s)


def _of(
    seen: Seen,
    metric: str,
    value: float | None,
    samples: int,
    evidence: Rate | Recording | Bounds | None = None,
    details: Sequence[Detail] = (),
) -> Measurement:
    return Measurement(metric, seen.one.plan.name, value, _SOURCE, samples, None, evidence, tuple(details))


_METRICS: Mapping[str, Callable[[Seen], Measurement]] = {
    names.DRILL_ERRORS: _error_rate,
    names.UNANSWERED: _unanswered,
    names.LATENCY_P95: _latency,
    names.LONGEST_ANSWER: _longest,
    names.FAILS_FAST: _fails_fast,
    names.RECOVERY: _recovery,
    names.CONNECTIONS_PER_REQUEST: _connections,
    names.DRILL_HEALTH: _health,
    names.DRILL_BREAKER: _breaker,
    names.GOODPUT: _goodput,
    names.RETRY_AFTER: _retry_after,
    names.REQUESTS_LOST: _requests_lost,
    names.DRAIN: _drain,
    names.SESSIONS_KEPT: _sessions_kept,
}
_OF_ITS_REQUESTS = frozenset(
    {
        *(names.DRILL_ERRORS, names.UNANSWERED, names.LATENCY_P95, names.LONGEST_ANSWER),
        *(names.GOODPUT, names.REQUESTS_LOST, names.DRAIN),
    }
)
"""They say how requests fared in the outage; without any there is nothing to say."""
_OF_THE_FAULT = frozenset(
    {
        *(names.LONGEST_ANSWER, names.RECOVERY, names.REQUESTS_LOST, names.DRAIN, names.SESSIONS_KEPT),
        names.DRILL_HEALTH,
    }
)
"""They say how something was survived. The others say what callers saw meanwhile, and that may be nothing at all."""
