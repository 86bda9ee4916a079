"""What follows from the results, by rule: conditions, risks and next steps."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.config.model import OnFail
from readiness.judge.check import Judged
from readiness.judge.decision import label
from readiness.judge.verdict import CheckResult, Decision, Outcome, Risks, Waived
from readiness.metrics.catalogue import find
from readiness.numbers import quantity

_SETTLED = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})


def conditions(decision: Decision, checks: Sequence[CheckResult], waivers: Sequence[Waived] = ()) -> tuple[str, ...]:
    """One per check that did not pass, waived ones first; only a CONDITIONAL decision has any."""
    if decision is not Decision.CONDITIONAL:
        return ()
    excused = {waiver.check: waiver for waiver in waivers}
    open_checks = [check for check in checks if check.outcome not in _SETTLED and check.effect != OnFail.NOTE]
    open_checks.sort(key=lambda check: not check.waived)
    return tuple(
        f"{_waived(excused[check.key])} {_condition(check)}" if check.waived else _condition(check)
        for check in open_checks
    )


def risks(checks: Sequence[CheckResult], doubts: Sequence[str], waivers: Sequence[Waived] = ()) -> Risks:
    """Sort the results by what they put at stake.

    High: a waived check that did not pass (first), a failure that blocks or is a condition, a blocking check without
    proof, and doubts about the whole run.
    Medium: a warning, a check without proof, a failed note. Low: what passed.
    """
    low: list[str] = []
    medium: list[str] = []
    excused = {waiver.check: waiver for waiver in waivers}
    high: list[str] = [
        f"{_waived(excused[check.key])} {label(check)}: {check.message}"
        for check in checks
        if check.waived and check.outcome not in _SETTLED
    ]
    high += [f"The run itself: {doubt}" for doubt in doubts]
    for check in checks:
        if check.waived and check.outcome not in _SETTLED:
            continue
        line = f"{label(check)}: {check.message}"
        match check.outcome:
            case Outcome.PASS:
                low.append(f"{label(check)}: {_value(check)} against {check.pass_limit}")
            case Outcome.NOT_APPLICABLE:
                continue
            case Outcome.FAIL:
                (medium if check.effect == OnFail.NOTE else high).append(line)
            case Outcome.WARN:
                medium.append(line)
            case _:
                (high if check.effect == OnFail.BLOCK else medium).append(line)
    return Risks(tuple(low), tuple(medium), tuple(high))


def next_steps(judged: Sequence[Judged], doubts: Sequence[str]) -> tuple[str, ...]:
    """What to do, most effective first: doubts, then blocking checks, then the weight that each check still lacks."""
    steps = [f"Mend the run first: {doubt}." for doubt in doubts]
    behind = [item for item in judged if item.result.outcome not in _SETTLED]
    behind.sort(key=lambda item: (item.result.effect != OnFail.BLOCK, -item.result.weight * (1 - item.credit.point)))
    seen: set[str] = set()
    for item in behind:
        check = item.result
        metric = find(check.name)
        if check.outcome is Outcome.ERROR:
            steps.append(f"{label(check)}: make it measurable; {check.message[0].lower()}{check.message[1:]}")
        elif item.remedy:
            if item.remedy not in seen:
                seen.add(item.remedy)
                steps.append(f"Measure latency again: {item.remedy}.")
        elif check.outcome is Outcome.INCONCLUSIVE and item.credit.point == 1:
            steps.append(f"{label(check)}: run longer or with more load; the value is good, the proof is missing.")
        elif metric is not None and metric.fix not in seen:
            seen.add(metric.fix)
            steps.append(f"{label(check)}: {metric.fix}")
    return tuple(steps)


def needless(checks: Sequence[CheckResult], waivers: Sequence[Waived]) -> tuple[str, ...]:
    """A note for each waiver of a check that passed."""
    passed = {check.key: check for check in checks if check.waived and check.outcome is Outcome.PASS}
    return tuple(
        f"{label(passed[waiver.check])} passed: its waiver by {waiver.owner} is not needed any more; remove it"
        for waiver in waivers
        if waiver.check in passed
    )


def _waived(waiver: Waived) -> str:
    return f"Waived by {waiver.owner} until {waiver.expires} ({waiver.reason.rstrip('.')}):"


def _condition(check: CheckResult) -> str:
    name = label(check)
    if check.outcome is Outcome.ERROR:
        return f"{name} was not measured: measure it and meet {check.pass_limit}."
    if check.outcome is Outcome.INCONCLUSIVE:
        return f"{name} is not proven ({_value(check)}): prove {check.pass_limit}, and watch it until then."
    return f"{name} is {_value(check)}: bring it to {check.pass_limit}, and watch it until then."


def _value(check: CheckResult) -> str:
    return quantity(check.value, check.unit, absent="not bounded")
