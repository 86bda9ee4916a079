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

COMPLETE = 0.9
"""Share of its planned time that a step must have lasted to say anything."""
_NOT_OF_A_HEIGHT = frozenset({"throughput"})
"""How much comes through follows from the height itself."""


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


def largest_inside(steps: Sequence[StepResult]) -> str | None:
    """One sentence: up to which height every step kept the limits; None without steps."""
    if not steps:
        return None
    rising = sorted(steps, key=lambda step: step.height)
    broken = next((step for step in rising if step.outcome is not Outcome.PASS), None)
    inside = [step for step in rising if broken is None or step.height < broken.height]
    if not inside:
        first = rising[0]
        return f"No step kept the limits: {shown(first)} already did not. {first.message}".strip()
    text = f"Largest step inside the limits: {shown(inside[-1])}"
    if broken is None:
        return f"{text}, the largest that was measured."
    return f"{text}; {shown(broken)} {'broke them' if broken.outcome is Outcome.FAIL else 'is not proven'}."


def shown(step: StepResult) -> str:
    """`50 users` or `20 arrivals per second`."""
    return f"{step.height:,g} {'users' if step.unit == 'users' else 'arrivals per second'}"


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
