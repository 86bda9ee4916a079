"""Risks by rule: what failed or was not measured, how far it is off, and how critical it is.

| outcome | blocks | condition | note |
|---|---|---|---|
| fail | high | high from 1.5 times the limit on, else medium | medium from 1.5 times the limit on, else low |
| inconclusive, not measured, skipped | high | medium | medium |
| warning | medium | medium | low |
| pass | low | low | low |

A doubt about the run and a waived check that did not pass are high. A load beyond the measured one is unknown: medium.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from readiness.config.model import OnFail
from readiness.judge.check import Judged
from readiness.judge.decision import label
from readiness.judge.outcome import Outcome
from readiness.judge.verdict import Risks, Waived
from readiness.judge.wording import against, distance, held
from readiness.measurements.run import Load
from readiness.text.numbers import number, times

FAR = 1.5
"""From so many times its limit on a value is far off."""
_WHAT = {OnFail.BLOCK: "blocks", OnFail.CONDITION: "is a condition", OnFail.NOTE: "is only noted"}


def risks(judged: Sequence[Judged], doubts: Sequence[str], waivers: Mapping[str, Waived], load: Load | None) -> Risks:
    """Sentences by level, as the table above says; `waivers` are by the key of their check."""
    levels: dict[str, list[str]] = {"high": [], "medium": [], "low": []}
    for item in judged:
        check = item.result
        if check.waived and check.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE):
            levels["high"].append(f"{waived_by(waivers[check.key])} {label(check)}: {check.message}")
    levels["high"] += [f"The run itself: {doubt}" for doubt in doubts]
    for item in sorted(judged, key=lambda item: item.result.outcome is Outcome.PASS or -distance(item.result)):
        check = item.result
        if check.outcome is Outcome.NOT_APPLICABLE or (check.waived and check.outcome is not Outcome.PASS):
            continue
        if check.outcome is Outcome.PASS:
            levels["low"].append(f"{label(check)}: {held(check)}")
        else:
            levels[_level(item)].append(f"{label(check)}: {_stake(item)}; {_why(item)}")
    if load is not None and load.ledger.planned:
        levels["medium"].append(f"Load beyond {height(load)} was not measured.")
    return Risks(tuple(levels["low"]), tuple(levels["medium"]), tuple(levels["high"]))


def height(load: Load) -> str:
    """The load at its greatest height: `50 users`, `200 arrivals per second`."""
    if load.steps:
        most = max(step.height for step in load.steps)
        return f"{most:,g} {'users' if load.rate_per_s is None else 'arrivals per second'}"
    if load.rate_per_s is not None:
        return f"{load.rate_per_s:g} arrivals per second"
    return f"{load.users:,} {'user' if load.users == 1 else 'users'}"


def waived_by(waiver: Waived) -> str:
    """Who answers for a check, until when, and why."""
    return f"Waived by {waiver.owner} until {waiver.expires} ({waiver.reason.rstrip('.')}):"


def off_by(item: Judged) -> float | None:
    """How many times the limit a value is off, at least 1; None where that cannot be said.

    A share that must be high is compared by what is missing: 98 % of needed 99 % misses twice what may be missing.
    """
    value, limit = item.result.value, item.limit
    if item.result.because_failed or value is None or limit is None:
        return None
    if item.result.unit == "%" and item.result.pass_limit.startswith(">"):
        value, limit = 100 - value, 100 - limit
    small, large = sorted((abs(value), abs(limit)))
    return large / small if small > 0 else None


def _level(item: Judged) -> str:
    check = item.result
    effect = OnFail(check.effect)
    if check.outcome is Outcome.FAIL:
        distance = off_by(item)
        far = distance is None or distance >= FAR
        return {
            OnFail.BLOCK: "high",
            OnFail.CONDITION: "high" if far else "medium",
            OnFail.NOTE: "medium" if far else "low",
        }[effect]
    if check.outcome is Outcome.WARN:
        return "low" if effect is OnFail.NOTE else "medium"
    return "high" if effect is OnFail.BLOCK else "medium"


def _stake(item: Judged) -> str:
    """What is wrong, in a few words; the whole message stands with the check."""
    check = item.result
    match check.outcome:
        case Outcome.ERROR | Outcome.SKIPPED:
            return "not measured"
        case Outcome.INCONCLUSIVE:
            return f"{against(check)}; not proven"
        case Outcome.WARN:
            return f"{against(check)}; within the warning limit"
        case _:
            return against(check)


def _why(item: Judged) -> str:
    check = item.result
    what = _WHAT[OnFail(check.effect)]
    distance = off_by(item)
    if check.outcome is not Outcome.FAIL or distance is None or distance <= 1:
        return what
    return f"{what}{_times(item, distance)}"


def _times(item: Judged, distance: float) -> str:
    """How far off, where that says something: nothing where exactly one value will do."""
    check = item.result
    if check.pass_limit.startswith("=="):
        return ""
    if check.pass_limit.startswith("<"):
        return f", {times(distance, 1.0)} the limit"
    if check.unit == "%":
        return f", {number(abs((item.limit or 0.0) - (check.value or 0.0)), '%')} points below target"
    return f", {times(distance, 1.0)} below the limit"
