"""What the drills showed -> measurements: each metric of each drill, or the reason why it is not known. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from readiness.config.drills import REFUSE
from readiness.config.model import Check, Config
from readiness.drills.conduct import Conducted, Happened
from readiness.drills.counted import (
    Counted,
    cut_off,
    goodput,
    refuse_own_limits,
    requests_lost,
    sessions_kept,
    told_to_wait,
)
from readiness.drills.course import is_over
from readiness.drills.proxies import ProxySecond
from readiness.drills.record import not_done, recorded
from readiness.drills.recovery import Wellness, recovery, wellness
from readiness.drills.told import DrillTimes, breaker, readiness
from readiness.errors import NotMeasured
from readiness.measurements.bounds import Bounds
from readiness.measurements.recordings import joined
from readiness.measurements.run import OWN_FAULTS, Detail, Drilled, Load, Measurement, Rate, Recording, Second, Slice
from readiness.metrics import drills as names
from readiness.metrics.catalogue import is_drill
from readiness.probes.self_reports import SelfReports
from readiness.text.numbers import count, duration, quantity

_SOURCE = "drill"
_SILENT = ("dns", "connect_refused", "connect_timeout", "tls", "timeout", "reset", "truncated", "protocol")
"""Failures without an HTTP answer."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """One drill that happened."""

    one: Happened
    before: Recording
    during: Recording
    after: Recording
    silent: int
    """Requests of the window during the fault that got no HTTP answer."""
    late: int
    """Those of them that were still without one at their deadline, or at the end of the load."""
    seconds: tuple[ProxySecond, ...]
    """What the proxy counted while the fault lasted."""
    end_s: float
    """When the fault really ended, in seconds of the load."""
    after_s: float
    """When the window after it began: a block of its requests may have begun before."""
    limits: Wellness
    confidence: float | None
    timeout_s: float
    reports: SelfReports
    times: DrillTimes
    height_s: tuple[float, float]
    """How long the windows before and during the fault really were."""
    points: tuple[Second, ...]
    """The seconds that ended while the fault lasted."""
    told: int
    """Answers of these seconds that said Retry-After."""
    sessions: bool
    """Whether a scenario begins with a session."""


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
            seen = _seen(conducted, one, counted, config, reports)
        except NotMeasured as error:
            found += [_missing(metric, one.plan.name, str(error)) for metric in wanted]
            courses.append(recorded(conducted, one, str(error)))
            continue
        courses.append(recorded(conducted, one))
        for metric, find in _METRICS.items():
            try:
                found.append(find(seen))
            except NotMeasured as error:
                if metric in wanted:
                    found.append(_missing(metric, one.plan.name, str(error)))
    return tuple(found), tuple(courses)


def unavailable(reason: str, config: Config) -> tuple[tuple[Measurement, ...], tuple[Drilled, ...]]:
    """No drill happened: what the checks ask for, and each drill, with the reason."""
    missing = (_missing(check.metric, check.scope or "", reason) for check in config.checks if is_drill(check.metric))
    return tuple(missing), tuple(not_done(name, drill, reason) for name, drill in config.drills.items())


def _wanted(checks: Collection[Check], drill: str) -> tuple[str, ...]:
    return tuple(check.metric for check in checks if is_drill(check.metric) and check.scope == drill)


def _missing(metric: str, drill: str, reason: str) -> Measurement:
    return Measurement(metric, drill, None, _SOURCE, reason=reason)


def _seen(
    conducted: Conducted,
    one: Happened,
    counted: Callable[[str], tuple[ProxySecond, ...]],
    config: Config,
    reports: SelfReports,
) -> _Seen:
    """The drill as it was. Raises NotMeasured when it did not happen, or when its load cannot be believed."""
    load, plan = conducted.load, one.plan
    if conducted.problem or one.problem:
        raise NotMeasured(conducted.problem or one.problem or "")
    if load is None or conducted.zero_s is None or one.began_s is None or one.ended_s is None:
        raise NotMeasured("the drill did not happen: the load did not come so far")
    if not is_over(load, plan):
        raise NotMeasured("the load ended before the drill was over")
    windows = [_window(load, step) for step in (plan.before, plan.during, plan.after)]
    before, during, after = windows
    limits = wellness(config.checks)
    if not before.requests or not during.requests:
        raise NotMeasured("the load sent no request in its windows")
    if not limits.answers(before):
        bad = before.failures + before.in_flight
        raise NotMeasured(f"the service was not well before the fault: {bad:,} of {before.requests:,} requests failed")
    if plan.drill.times > 1:
        refuse_own_limits(load.steps[plan.during])
    lasted = _lasted(one, counted) if plan.drill.proxy else ()
    steps = [load.steps[number] for number in (plan.before, plan.during)]
    from_s, until_s = steps[1].start_s, max(steps[1].end_s, one.ended_s - conducted.zero_s)
    late = during.failed.get("timeout", 0) + during.in_flight
    return _Seen(
        one,
        before,
        during,
        after,
        silent=sum(during.failed.get(name, 0) for name in _SILENT) + during.in_flight,
        late=late,
        seconds=lasted,
        end_s=one.ended_s - conducted.zero_s,
        after_s=load.steps[plan.after].start_s,
        limits=limits,
        confidence=config.confidence,
        timeout_s=config.load.timeout_s,
        reports=reports,
        times=DrillTimes(one.began_s, one.ended_s, conducted.zero_s + plan.over_s),
        height_s=(steps[0].end_s - steps[0].start_s, steps[1].end_s - steps[1].start_s),
        points=tuple(point for point in load.series if from_s < point.at_s + point.duration_s <= until_s),
        told=sum(number for at_s, number in conducted.told if from_s < at_s <= until_s),
        sessions=conducted.sessions,
    )


def _lasted(one: Happened, counted: Callable[[str], tuple[ProxySecond, ...]]) -> tuple[ProxySecond, ...]:
    """What the proxy counted while the fault lasted. Raises NotMeasured when the fault touched nothing."""
    plan, proxy = one.plan, one.plan.drill.proxy or ""
    assert one.began_s is not None
    assert one.ended_s is not None
    seconds = counted(proxy)
    least_s = one.began_s - plan.drill.before_s
    if not sum(second.up_bytes for second in seconds if least_s < second.at_s <= one.began_s + 1):
        raise NotMeasured(f"nothing went through the proxy {proxy} before the fault: does the service connect to it?")
    lasted = tuple(second for second in seconds if one.began_s < second.at_s <= one.ended_s + 1.1)
    assert plan.drill.fault is not None
    if plan.drill.fault.kind != REFUSE and not sum(second.faulted for second in lasted):
        raise NotMeasured(f"the fault never took effect: nothing went through the proxy {proxy} while it lasted")
    return lasted


def _window(load: Load, step: int) -> Recording:
    """The requests that were due in one window; arrivals that found no user free are requests without an answer."""
    window = load.steps[step]
    own = {name for part in window.endpoints for name in part.record.failed if name in OWN_FAULTS}
    if own:
        raise NotMeasured(f"requests failed on this side, not at the target ({', '.join(sorted(own))})")
    record = joined(part.record for part in window.endpoints)
    return Recording(record.ok, record.failed, record.failed_latency, record.in_flight + window.dropped, record.slices)


def _error_rate(seen: _Seen) -> Measurement:
    record = seen.during
    bad = record.failures + record.in_flight
    blocks = tuple((block.failed, block.ok.total + block.failed) for block in record.slices)
    return _of(
        seen,
        names.DRILL_ERRORS,
        100 * bad / record.requests,
        record.requests,
        Rate(bad, record.requests, blocks),
        tuple(Detail(name, f"{n:,}", False) for name, n in sorted(record.failed.items())),
    )


def _unanswered(seen: _Seen) -> Measurement:
    total = seen.during.requests
    return _of(seen, names.UNANSWERED, 100 * seen.silent / total, total, Rate(seen.silent, total))


def _latency(seen: _Seen) -> Measurement:
    record = seen.during
    value = record.ok.quantile_ms(0.95, infinite=record.failures + record.in_flight)
    return _of(seen, names.LATENCY_P95, value, record.requests, record)


def _longest(seen: _Seen) -> Measurement:
    record = seen.during
    if seen.late:
        waited = Detail("without any answer at its deadline", count(seen.late, "request"), False)
        lowest = Bounds(seen.timeout_s * 1000, None)
        return _of(seen, names.LONGEST_ANSWER, None, record.requests, lowest, (waited,))
    longest_us = max(record.ok.max_us, record.failed_latency.max_us)
    return _of(seen, names.LONGEST_ANSWER, longest_us / 1000, record.requests)


def _fails_fast(seen: _Seen) -> Measurement:
    record = seen.during
    told = record.failed_latency
    if not record.failures + record.in_flight:
        raise NotMeasured("no request failed in the fault, so no refusal could be timed")
    block = Slice(seen.one.plan.begin_s, seen.one.plan.drill.for_s, told, 0)
    refused = Recording(told, in_flight=record.in_flight, slices=(block,) if told.total else ())
    value = told.quantile_ms(0.95, infinite=record.in_flight)
    return _of(seen, names.FAILS_FAST, value, refused.requests, refused)


def _recovery(seen: _Seen) -> Measurement:
    after_s = seen.one.plan.drill.after_s
    if not seen.limits.holds(seen.before):
        raise NotMeasured(
            "the service was over the limits for latency before the fault already (median "
            f"{quantity(seen.before.ok.quantile_ms(0.5), 'ms')}), so nothing shows when it was back"
        )
    found = recovery(_since_the_end(seen), seen.limits, seen.confidence)
    if found.reason:
        raise NotMeasured(found.reason)
    if found.at_s is None:
        never = Detail("recovered", f"not within {duration(after_s)}", False, _metastable(seen))
        return _of(seen, names.RECOVERY, None, seen.after.requests, Bounds(after_s * 1000, None), (never,))
    value = found.at_s - seen.end_s if _ended_early(seen) else max(found.at_s, seen.after_s) - seen.end_s
    return _of(seen, names.RECOVERY, max(value, 0.0) * 1000, seen.after.requests)


def _metastable(seen: _Seen) -> str:
    """Overload that goes on after its cause: the one fault of which nothing is left that could be repaired."""
    if seen.one.plan.drill.times == 1:
        return ""
    return (
        f"metastable: the load is back to {seen.one.plan.rate_per_s:g} /s, and the service is not; "
        "what it has queued, or its callers' retries, keep it down"
    )


def _goodput(seen: _Seen) -> Measurement:
    return _counted(seen, names.GOODPUT, goodput(seen.before, seen.during, *seen.height_s))


def _retry_after(seen: _Seen) -> Measurement:
    return _counted(seen, names.RETRY_AFTER, told_to_wait(seen.points, seen.told))


def _requests_lost(seen: _Seen) -> Measurement:
    return _counted(seen, names.REQUESTS_LOST, requests_lost((seen.before, seen.during, seen.after), _SILENT))


def _drain(seen: _Seen) -> Measurement:
    return _counted(seen, names.DRAIN, cut_off((seen.before, seen.during, seen.after)))


def _sessions_kept(seen: _Seen) -> Measurement:
    return _counted(seen, names.SESSIONS_KEPT, sessions_kept(seen.before, seen.after, sessions=seen.sessions))


def _counted(seen: _Seen, metric: str, found: Counted) -> Measurement:
    return _of(seen, metric, found.value, found.samples, found.evidence, found.details)


def _ended_early(seen: _Seen) -> bool:
    return bool(seen.one.plan.drill.command) and not seen.one.plan.drill.undo and not seen.during.in_flight


def _since_the_end(seen: _Seen) -> Recording:
    """The requests after the fault: of a command that ended early also those due in its own window.

    Where a request of that window has no end, nobody knows on which side it was due: the window after it counts alone.
    """
    if not _ended_early(seen):
        return seen.after
    early = tuple(block for block in seen.during.slices if block.start_s >= seen.end_s)
    return replace(seen.after, slices=early + seen.after.slices)


def _connections(seen: _Seen) -> Measurement:
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


def _health(seen: _Seen) -> Measurement:
    found = readiness(seen.reports, seen.times, _bad_share(seen), seen.limits.errors)
    return _of(seen, names.DRILL_HEALTH, float(found.holds), found.samples, details=found.details)


def _breaker(seen: _Seen) -> Measurement:
    found = breaker(seen.reports, seen.times, _bad_share(seen))
    return _of(seen, names.DRILL_BREAKER, float(found.holds), found.samples, details=found.details)


def _bad_share(seen: _Seen) -> float:
    """Of the requests that were due in the fault: those that failed or were slower than the file allows."""
    record = seen.during
    slowest = max(seen.limits.over(record.slices), default=0)
    return (record.failures + record.in_flight + slowest) / record.requests


def _of(
    seen: _Seen,
    metric: str,
    value: float | None,
    samples: int,
    evidence: Rate | Recording | Bounds | None = None,
    details: Sequence[Detail] = (),
) -> Measurement:
    return Measurement(metric, seen.one.plan.name, value, _SOURCE, samples, None, evidence, tuple(details))


_METRICS: Mapping[str, Callable[[_Seen], Measurement]] = {
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
