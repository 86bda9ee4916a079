"""Every step of a load against the limits of the file: at which heights do they hold?

Only the judged step decides; the others are measured the same way, and held against the same checks of the load.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from readiness.config.model import Check, Config, OnFail
from readiness.judge.check import judge_check
from readiness.judge.readings import recording_of
from readiness.judge.verdict import Outcome, StepResult, latency
from readiness.measurements.run import Endpoint, Load, Recording, Run, Step
from readiness.metrics.catalogue import is_load
from readiness.metrics.moments import moment_of
from readiness.text.numbers import count

COMPLETE = 0.9
"""Share of its planned time that a step must have lasted to say anything."""
_NOT_OF_A_HEIGHT = frozenset({"throughput"})
"""How much comes through follows from the height itself."""
_KEPT = frozenset({Outcome.PASS, Outcome.WARN})
_SAYS = _KEPT | {Outcome.FAIL}
"""A step with another outcome is not proven: it neither kept nor broke the limits."""


def checks_of_a_height(config: Config) -> tuple[Check, ...]:
    """The limits of the file that a load of any height must keep."""
    return tuple(
        check
        for check in config.checks
        if is_load(check.metric)
        and check.metric not in _NOT_OF_A_HEIGHT
        and check.on_fail is not OnFail.NOTE
        and check.not_applicable is None
    )


def judge_steps(run: Run, config: Config) -> tuple[StepResult, ...]:
    """Each step with its figures and the worst outcome of the load's checks in it; empty for a load of one height."""
    if run.load is None:
        return ()
    # Moments are noted in the judged step alone.
    wanted = [check for check in checks_of_a_height(config) if moment_of(check.metric) is None]
    return tuple(_judge(run, run.load, step, wanted, config.confidence) for step in run.load.steps)


def step_load(load: Load, step: Step) -> Load:
    """The load as if `step` had been the measurement window."""
    if step.judged:
        return replace(load, steps=())
    endpoints = tuple(Endpoint(one.scenario, one.name, one.record, Recording()) for one in step.endpoints)
    return replace(
        load,
        users=load.users if load.rate_per_s is not None else int(step.height),
        rate_per_s=None if load.rate_per_s is None else step.height,
        judged_start_s=step.start_s,
        judged_end_s=step.end_s,
        planned_s=step.planned_s,
        endpoints=endpoints,
        dropped_judged=step.dropped,
        intended_judged=step.intended,
        unanswered_judged=step.unanswered,
        instrument=step.instrument,
        steps=(),
    )


def first_broken(steps: Sequence[StepResult]) -> StepResult | None:
    """The lowest step that is proven to break the limits; one that proves nothing broke none."""
    return min((step for step in steps if step.outcome is Outcome.FAIL), key=lambda step: step.height, default=None)


def largest_inside(steps: Sequence[StepResult]) -> str | None:
    """The largest height that kept the limits, below any that broke them, in words; None without steps."""
    if not steps:
        return None
    rising = sorted(steps, key=lambda step: step.height)
    broken = first_broken(rising)
    kept = [step for step in rising if step.outcome in _KEPT]
    inside = [step for step in kept if broken is None or step.height < broken.height]
    unproven = [step for step in rising if step.outcome not in _SAYS]
    left = ", ".join(f"{shown(step)} ({count(step.requests, 'request')} in {step.lasted_s:.0f} s)" for step in unproven)
    aside = f"; not proven: {left}" if unproven else ""
    if inside:
        end = ", the largest that was measured" if inside[-1] is rising[-1] else ""
        if broken is not None:
            own = next((f", {shown(step)} did not" for step in kept if step.judged and step not in inside), "")
            end = f"; {shown(broken)} broke them{own}"
        return f"{shown(inside[-1])}{end}{aside}."
    if broken is not None:
        return f"none: {shown(broken)} broke them{aside}. {broken.message}".strip()
    return f"none is proven: {left}. {unproven[0].message}".strip()


def shown(step: StepResult) -> str:
    """`50 users (judged)` or `20 arrivals per second`."""
    unit = "users" if step.unit == "users" else "arrivals per second"
    return f"{step.height:,g} {unit}{' (judged)' if step.judged else ''}"


def _judge(run: Run, load: Load, step: Step, checks: Sequence[Check], confidence: float | None) -> StepResult:
    seen = step_load(load, step)
    record = recording_of(seen.endpoints)
    lasted_s = max(step.end_s - step.start_s, 0.0)
    if lasted_s < COMPLETE * step.planned_s:
        outcome, message = Outcome.INCONCLUSIVE, f"It lasted {lasted_s:.1f} s of {step.planned_s:g} s."
    else:
        judged = [judge_check(replace(run, load=seen), check, confidence).result for check in checks]
        by_outcome = {result.outcome: f"{result.title}: {result.message}" for result in reversed(judged)}
        worst = (Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.WARN)
        outcome = next((one for one in worst if one in by_outcome), Outcome.PASS if judged else Outcome.ERROR)
        message = by_outcome.get(outcome, "") if outcome is not Outcome.PASS else ""
    return StepResult(
        height=step.height,
        unit="users" if load.rate_per_s is None else "/s",
        judged=step.judged,
        lasted_s=lasted_s,
        requests=record.requests + step.dropped,
        failures=record.failures + record.in_flight + step.dropped,
        throughput_per_s=record.ok.total / lasted_s if lasted_s else None,
        latency_ms=latency(record.ok),
        outcome=outcome,
        message=message,
    )
