"""The course of each drill, kept in run.json: what happened when, and the points of its three windows. Pure."""

from __future__ import annotations

from dataclasses import replace

from readiness.config.drills import BANDWIDTH, CUT_OFF, HANG, LATENCY, REFUSE, RESET, Drill
from readiness.drills.commands import shown
from readiness.drills.conduct import Conducted, Happened
from readiness.measurements.run import Drilled
from readiness.text.numbers import duration, quantity

_VERBS = {REFUSE: "refused connections", RESET: "reset connections", HANG: "hung", CUT_OFF: "cut its answers off"}


def recorded(conducted: Conducted, one: Happened, problem: str | None = None) -> Drilled:
    """One drill as it was; `problem` says why it proves nothing."""
    plan, zero_s = one.plan, conducted.zero_s
    start_s = plan.begin_s - plan.drill.before_s
    begin_s, end_s = (
        None if at_s is None or zero_s is None else round(max(at_s - zero_s - start_s, 0.0), 3)
        for at_s in (one.began_s, one.ended_s)
    )
    points = conducted.load.series if conducted.load else ()
    series = tuple(replace(point, at_s=point.at_s - start_s) for point in points if start_s <= point.at_s < plan.over_s)
    return Drilled(plan.name, words(plan.drill), begin_s, end_s, series, problem)


def not_done(name: str, drill: Drill, problem: str) -> Drilled:
    """One drill that did not happen."""
    return Drilled(name, words(drill), problem=problem)


def words(drill: Drill) -> str:
    """What happens to whom, and for how long: `database hung for 10 s`."""
    if drill.command:
        undone = f", and was undone after {duration(drill.for_s)}" if drill.undo else ""
        return f"`{shown(drill.command)}` was run{undone}"
    if drill.times > 1:
        return f"{drill.times:g} times the load for {duration(drill.for_s)}"
    return f"{drill.proxy} {_fault(drill)} for {duration(drill.for_s)}"


def _fault(drill: Drill) -> str:
    fault = drill.fault
    assert fault is not None
    if fault.kind == LATENCY:
        jitter = f" ± {duration(fault.jitter_ms / 1000)}" if fault.jitter_ms else ""
        what = f"answered {duration(fault.latency_ms / 1000)}{jitter} later"
    elif fault.kind == BANDWIDTH:
        what = f"answered with {fault.bytes_per_s:,.0f} bytes per second"
    else:
        what = _VERBS[fault.kind]
    return what if drill.share >= 1 else f"{what}, on {quantity(100 * drill.share, '%')} of its connections,"
