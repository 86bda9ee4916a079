"""What follows for a release, as rows and sentences: waivers first, what people say apart from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.judge.outcome import Outcome
from readiness.judge.release import Horizon
from readiness.judge.verdict import Verdict
from readiness.report.status import OUTCOMES, Status
from readiness.text import clean
from readiness.text.numbers import count

_LONGEST = 1500
_MOST_LINES = 100
_ASIDE = Outcome.NOT_APPLICABLE


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step."""

    text: str
    effect: str


@dataclass(frozen=True, slots=True)
class StepGroup:
    """The steps of one horizon."""

    title: str
    steps: tuple[StepRow, ...]


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """One waiver and what became of its check."""

    title: str
    key: str
    status: Status
    owner: str
    reason: str
    expires: str


@dataclass(frozen=True, slots=True)
class AttestedRow:
    """What somebody says was done."""

    title: str
    who: str
    when: str
    expires: str


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """Terms, issues and steps."""

    max_load: str
    until: str
    critical: str
    """Critical success metrics, the blocking checks, in one sentence."""
    waivers: tuple[WaiverRow, ...]
    attested: tuple[AttestedRow, ...]
    steps: tuple[StepGroup, ...]


TITLES = {Horizon.IMMEDIATE: "Immediate", Horizon.SHORT_TERM: "Short term", Horizon.LONG_TERM: "Long term"}


def build(verdict: Verdict) -> ReleaseView:
    """Everything that follows for a release."""
    terms = verdict.release.deployment
    return ReleaseView(
        max_load=clean(terms.max_load, _LONGEST) if terms else "No load is on record.",
        until=clean(terms.until, _LONGEST) if terms else "Not recorded.",
        critical=_critical(verdict),
        waivers=_waivers(verdict),
        attested=tuple(
            AttestedRow(
                clean(item.title),
                clean(item.who),
                clean(item.when),
                f"{clean(item.expires)} (expired)" if item.expired else clean(item.expires),
            )
            for item in verdict.attested
        ),
        steps=tuple(StepGroup(TITLES[horizon], rows) for horizon in Horizon if (rows := _steps(verdict, horizon))),
    )


def _critical(verdict: Verdict) -> str:
    blocking = [check for check in verdict.checks if check.on_fail == "block" and check.outcome is not _ASIDE]
    passed = sum(check.outcome is Outcome.PASS for check in blocking)
    if not blocking:
        return "No check was declared as blocking."
    return (
        f"{passed:,} of {count(len(blocking), 'blocking check')} passed. A blocking check stops the release by itself."
    )


def _waivers(verdict: Verdict) -> tuple[WaiverRow, ...]:
    by_key = {check.key: check for check in verdict.checks}
    return tuple(
        WaiverRow(
            clean(check.title),
            clean(waiver.check),
            OUTCOMES[check.outcome],
            clean(waiver.owner),
            clean(waiver.reason),
            clean(waiver.expires),
        )
        for waiver in verdict.waivers
        if (check := by_key.get(waiver.check)) is not None
    )


def _steps(verdict: Verdict, horizon: Horizon) -> tuple[StepRow, ...]:
    found = [step for step in verdict.release.steps if step.horizon is horizon]
    return tuple(StepRow(clean(step.text, _LONGEST), clean(step.effect)) for step in found[:_MOST_LINES])
