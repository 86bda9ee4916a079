"""One drill as it was: its windows, the counts of its proxy, or the reason why it proves nothing. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from readiness.config.drills import REFUSE
from readiness.config.model import Config
from readiness.drills.conduct import Conducted, Happened
from readiness.drills.course import due, is_over
from readiness.drills.proxies import ProxySecond
from readiness.drills.recovery import Wellness, wellness
from readiness.drills.self_reports import DrillTimes
from readiness.drills.signs import Scene, missed, more_failed, unseen
from readiness.drills.window_counts import refuse_own_limits
from readiness.errors import NotMeasured
from readiness.measurements.recordings import joined, totals
from readiness.measurements.run import OWN_FAULTS, Load, Recording, Second, Step
from readiness.probes.self_reports import SelfReports

SILENT = ("dns", "connect_refused", "connect_timeout", "tls", "timeout", "reset", "truncated", "protocol")
"""Failures without an HTTP answer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One drill that happened."""

    one: Happened
    before: Recording
    calm: Recording
    """The same without the requests that the fault met under way."""
    during: Recording
    after: Recording
    edges: tuple[Recording, ...]
    """The half seconds in which a proxy's fault began, and ended."""
    silent: int
    """Requests of the window during the fault that got no HTTP answer."""
    late: int
    """Those of the fault and its beginning that were still without one at their deadline, or at the end of the load."""
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
    told: tuple[int, int]
    """Of these seconds: refusals that said Retry-After, and all refusals whose headers were seen."""
    sessions: bool
    """Whether a scenario begins with a session."""
    unseen: str | None
    """Why nobody can say that its command did anything."""
    missed: str | None
    """Why its requests say nothing of an outage that it had."""

    @property
    def windows(self) -> tuple[Recording, ...]:
        """Every request of the drill."""
        return (self.before, self.during, self.after, *self.edges)


def seen_of(
    conducted: Conducted,
    one: Happened,
    counted: Callable[[str], tuple[ProxySecond, ...]],
    config: Config,
    reports: SelfReports,
) -> Seen:
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
    calm = _calm(load, load.steps[plan.before], before, one.began_s - conducted.zero_s)
    if not limits.answers(calm):
        bad = before.failures + before.in_flight
        raise NotMeasured(f"the service was not well before the fault: {bad:,} of {before.requests:,} requests failed")
    if plan.drill.times > 1:
        refuse_own_limits(load.steps[plan.during])
    edges = tuple(_window(load, step) for step in plan.edges)
    lasted = _lasted(one, counted, calm, totals((during, *edges[:1]))) if plan.drill.proxy else ()
    steps = [load.steps[number] for number in (plan.before, plan.during)]
    from_s, until_s = steps[1].start_s, max(steps[1].end_s, one.ended_s - conducted.zero_s)
    waited = totals((during, *edges[:1]))
    late = waited.failed.get("timeout", 0) + waited.in_flight
    times = DrillTimes(one.began_s, one.ended_s, conducted.zero_s + plan.over_s)
    since = totals((during, after, *edges))
    scene = Scene(load, conducted.zero_s, times, calm, during, since, conducted.port, reports)
    command, met = bool(plan.drill.command), before.requests > calm.requests  # it met requests that were under way
    unnoticed = command and not met and not silent_of(since)
    told = [(hits, refused) for at_s, hits, refused in conducted.told if from_s < at_s <= until_s]
    return Seen(
        one,
        before,
        calm,
        during,
        after,
        edges=edges,
        silent=silent_of(during),
        late=late,
        seconds=lasted,
        end_s=one.ended_s - conducted.zero_s,
        after_s=load.steps[plan.after].start_s,
        limits=limits,
        confidence=config.confidence,
        timeout_s=config.load.timeout_s,
        reports=reports,
        times=times,
        height_s=(steps[0].end_s - steps[0].start_s, steps[1].end_s - steps[1].start_s),
        points=tuple(point for point in load.series if from_s < point.at_s + point.duration_s <= until_s),
        told=(sum(hits for hits, _ in told), sum(refused for _, refused in told)),
        sessions=conducted.sessions,
        unseen=unseen(scene) if command and not met else None,
        missed=missed(scene, lambda begin_s, end_s: due(conducted.phases, begin_s, end_s)) if unnoticed else None,
    )


def silent_of(record: Recording) -> int:
    """Requests that got no HTTP answer."""
    return sum(record.failed.get(name, 0) for name in SILENT) + record.in_flight


def _lasted(
    one: Happened, counted: Callable[[str], tuple[ProxySecond, ...]], before: Recording, during: Recording
) -> tuple[ProxySecond, ...]:
    """What the proxy counted while the fault lasted. Raises NotMeasured when the fault touched nothing."""
    plan, proxy = one.plan, one.plan.drill.proxy or ""
    assert one.began_s is not None
    assert one.ended_s is not None
    seconds = counted(proxy)
    least_s = one.began_s - plan.drill.before_s
    earlier = [second for second in seconds if least_s < second.at_s <= one.began_s + 1]
    if not sum(second.up_bytes for second in earlier):
        raise NotMeasured(f"nothing went through the proxy {proxy} before the fault: does the service connect to it?")
    lasted = tuple(second for second in seconds if one.began_s < second.at_s <= one.ended_s + 1.1)
    assert plan.drill.fault is not None
    if sum(second.faulted for second in lasted):
        return lasted
    if plan.drill.fault.kind != REFUSE:
        raise NotMeasured(f"the fault never took effect: nothing went through the proxy {proxy} while it lasted")
    later = [second for second in seconds if one.ended_s < second.at_s <= one.ended_s + plan.drill.after_s]
    # What the kernel refuses nobody counts. Who came every second before it, and again after it, came meanwhile too.
    whole = earlier[:-1]
    came = bool(whole) and all(second.opened for second in whole) and any(second.opened for second in later)
    if not came and not more_failed(before, during):
        raise NotMeasured(
            f"nobody saw the fault: no connection through the proxy {proxy} was open when it began, no more requests "
            "failed than before it, and none was opened again after it; use reset, which the proxy counts"
        )
    return lasted


def _calm(load: Load, window: Step, before: Recording, began_s: float) -> Recording:
    """The window before the fault without the requests that were under way when it began, where no other one failed.

    They are no more than were due in the time of the longest good answer: a service that hung before has more of them.
    """
    ended = [point for point in load.series if window.start_s <= point.at_s < began_s - point.duration_s / 2]
    under_way = before.requests * before.ok.max_us / 1e6 / max(window.end_s - window.start_s, 0.001)
    if not ended or any(point.failed for point in ended):
        return before
    bad = before.failures + before.in_flight
    return before if bad > math.ceil(under_way) else replace(before, failed={}, in_flight=0)


def _window(load: Load, step: int) -> Recording:
    """The requests that were due in one window; arrivals that found no user free are requests without an answer."""
    window = load.steps[step]
    own = {name for part in window.endpoints for name in part.record.failed if name in OWN_FAULTS}
    if own:
        raise NotMeasured(f"requests failed on this side, not at the target ({', '.join(sorted(own))})")
    record = joined(part.record for part in window.endpoints)
    return Recording(record.ok, record.failed, record.failed_latency, record.in_flight + window.dropped, record.slices)
