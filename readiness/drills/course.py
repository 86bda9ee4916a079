"""The course of the drills: one steady open load, in which each drill has a window before, during and after its fault.

```
lead-in | before | (fault begins) during | (fault ends) after | before | (fault begins) …
```
Between two windows is an edge in which a proxy's fault begins or ends: no request of a window is due while that
happens. Requests of the edges are requests of the drill all the same: what is lost in them is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

from readiness.config.drill_notes import USUAL_RATE_PER_S
from readiness.config.drills import Drill
from readiness.config.model import LoadSection
from readiness.load.engine_plan import EnginePlan
from readiness.load.phases import HOLD, RAMP, Phase, arrivals
from readiness.load.watch_plan import RETRY_AFTER_HEADER, WatchPlan
from readiness.measurements.run import Load

_EDGE_S = 0.5
_RAMP_S = 1.0
_LONGEST_START_S = 10.0
"""Users begin as gently as those of the load, but not longer: a storm of log-ins would itself be a drill."""
_LEAD_IN_S = 3.0
_MOST_USERS = 5_000
_SPARE_USERS = 20


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """One drill in seconds of the load, and the steps of its three windows."""

    name: str
    drill: Drill
    rate_per_s: float
    before: int
    during: int
    after: int
    edges: tuple[int, ...]
    """Steps of half a second in which a proxy's fault begins, and ends; a command and a rush have none."""
    begin_s: float
    """When the fault begins."""
    end_s: float
    """When it ends."""
    over_s: float
    """When the window after it ends."""


def course(drills: Mapping[str, Drill], load: LoadSection) -> tuple[tuple[Phase, ...], tuple[DrillPlan, ...]]:
    """The phases of the load, and where each drill lies in them."""
    usual = load.rate_per_s or USUAL_RATE_PER_S
    first = next(iter(drills.values())).rate_per_s or usual
    start_s = max(_RAMP_S, min(load.ramp_up_s, _LONGEST_START_S))
    phases = [Phase(RAMP, first, start_s, 0), Phase(HOLD, first, _LEAD_IN_S, 0)]
    plans: list[DrillPlan] = []
    at_s, height, step = start_s + _LEAD_IN_S, first, 1
    for name, drill in drills.items():
        rate = drill.rate_per_s or usual
        if rate != height:
            phases.append(Phase(RAMP, rate, _RAMP_S, step))
            at_s, height = at_s + _RAMP_S, rate
        # A command takes its own time to act, and what it cuts off at once counts too.
        edge_s = [_EDGE_S] if drill.fault else []
        begin_s = at_s + drill.before_s
        end_s = begin_s + sum(edge_s) + drill.for_s
        over_s = end_s + sum(edge_s) + drill.after_s
        lasting_s = [drill.before_s, *edge_s, drill.for_s, *edge_s, drill.after_s]
        before, *edges, after = range(step, step + len(lasting_s))
        during = edges.pop(len(edge_s))
        phases += [
            Phase(HOLD, rate * (drill.times if number == during else 1.0), length_s, number)
            for number, length_s in enumerate(lasting_s, step)
        ]
        plans.append(DrillPlan(name, drill, rate, before, during, after, tuple(edges), begin_s, end_s, over_s))
        at_s, step = over_s, after + 1
    return tuple(phases), tuple(plans)


def engine_plan(engine: EnginePlan, phases: tuple[Phase, ...], plans: tuple[DrillPlan, ...]) -> EnginePlan:
    """The load of the drills, by the same scenarios as `engine`.

    Users enough for everybody who may have to wait: until the fault is over, or until the request's own deadline.
    """
    waiting = max(one.rate_per_s * one.drill.times * min(one.drill.for_s + _EDGE_S, engine.timeout_s) for one in plans)
    highest = max(one.rate_per_s * one.drill.times for one in plans)
    users = min(round(waiting + 2 * highest) + _SPARE_USERS, _MOST_USERS)
    return replace(
        engine,
        run_id=f"{engine.run_id}-drills",
        users=users,
        reserve=max(users - round(2 * highest) - _SPARE_USERS, 0) / users,
        rate_per_s=plans[0].rate_per_s,
        ramp_up_s=phases[0].duration_s,
        warm_up_s=0.0,
        duration_s=_LEAD_IN_S,
        phases=phases,
        until_decided=False,
        poisson=False,
        judged_step=0,
        calibration_s=0.0,
        samples=False,
        watch=WatchPlan(cache_header=RETRY_AFTER_HEADER, everywhere=True),
    )


def due(phases: Sequence[Phase], from_s: float, until_s: float) -> int:
    """How many arrivals are due between two seconds of the load."""
    return sum(from_s <= at_s < until_s for at_s in arrivals(phases, repeat(1.0)))


def is_over(load: Load, plan: DrillPlan) -> bool:
    """Whether the load went on until the drill's last window was over."""
    ends = [step.end_s for step in load.steps[plan.after : plan.after + 1]]
    return bool(ends) and ends[0] >= plan.over_s - 0.05
