"""What it would take, as rows and sentences."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.judge.outcome import Decision, Outcome
from readiness.judge.robustness import Detectable
from readiness.judge.verdict import CheckResult, Verdict
from readiness.report.status import OUTCOMES, Status
from readiness.report.view import words
from readiness.report.view.checks import key_of, value_of
from readiness.text import clean, numbers

_LONGEST = 1000
_HELD = frozenset({Outcome.PASS, Outcome.WARN})
"""What fails already needs no worsening."""


@dataclass(frozen=True, slots=True)
class NeedRow:
    """One check that did not pass, and the least that makes it pass."""

    title: str
    key: str
    status: Status
    text: str


@dataclass(frozen=True, slots=True)
class OutlookView:
    """The section."""

    change: tuple[str, ...]
    """What would change the decision, for the first screen."""
    needs: tuple[NeedRow, ...]
    flips: tuple[str, ...]
    what_ifs: tuple[str, ...]
    sure: str
    """How sure the decision is; "" where it could not be resampled."""
    detectable: tuple[str, ...]
    """What this run could have seen."""


def build(verdict: Verdict) -> OutlookView:
    """The section of a verdict."""
    outlook = verdict.outlook
    by_key = {(check.name, check.scope): check for check in verdict.checks}
    needs = tuple(
        NeedRow(clean(check.title) or key_of(check), key_of(check), OUTCOMES[check.outcome], clean(need.text, _LONGEST))
        for need in outlook.needs
        if (check := by_key.get((need.name, need.scope))) is not None
    )
    return OutlookView(
        change=_change(verdict),
        needs=needs,
        flips=tuple(clean(flip.text, _LONGEST) for flip in outlook.flips),
        what_ifs=tuple(clean(one.text, _LONGEST) for one in outlook.what_ifs),
        sure=words.confidence(verdict),
        detectable=tuple(
            _seen(check, one)
            for one in verdict.sensitivity.detectable
            if (check := by_key.get((one.name, one.scope))) is not None and check.outcome in _HELD
        ),
    )


def _seen(check: CheckResult, one: Detectable) -> str:
    value = numbers.quantity(one.value, one.unit, apart_from=check.value)
    slower = "" if one.times is None else f" (every request {numbers.times(one.times, 1.0)} as slow)"
    return f"{clean(check.title) or key_of(check)}: {value} instead of {value_of(check)}{slower}"


def _change(verdict: Verdict) -> tuple[str, ...]:
    """At most two sentences: the nearest flip, and the endpoint whose speed alone would do it."""
    outlook = verdict.outlook
    if verdict.doubts and verdict.decision is Decision.NOT_READY:
        blocked = [c for c in verdict.checks if c.effect == "block" and c.outcome is Outcome.FAIL]
        names = ", ".join(clean(check.title) or key_of(check) for check in blocked[:5]) or "the score"
        return (f"Only a new run without the doubts above, in which what blocks now passes: {names}.",)
    if verdict.doubts:
        return ("Only a new run without the doubts above.",)
    if verdict.decision is Decision.INCONCLUSIVE and not outlook.flips:
        return ("Only a new run that is complete.",)
    lines = [clean(flip.text, _LONGEST) for flip in outlook.flips[:1]]
    helps = [one for one in outlook.what_ifs if one.decision is not verdict.decision]
    return (*lines, *(clean(one.text, _LONGEST) for one in helps[:1]))
