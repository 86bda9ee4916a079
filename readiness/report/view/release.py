"""What follows for a release, as rows and sentences: waivers first, what people say apart from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.judge.outcome import Outcome
from readiness.judge.release import Horizon, Issue
from readiness.judge.verdict import Verdict
from readiness.metrics.catalogue import find
from readiness.report.status import OUTCOMES, Status
from readiness.report.view.checks import CheckRow, row
from readiness.text import clean

LONGEST = 1500
MOST_LINES = 100
MOST_HEADLINES = 3


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
class IssueView:
    """One issue."""

    title: str
    why: str
    """Why it matters, from the catalogue."""
    problems: tuple[str, ...]
    causes: tuple[str, ...]
    solutions: tuple[str, ...]


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
    watch: tuple[str, ...]
    until: str
    critical: tuple[CheckRow, ...]
    """Critical success metrics: what blocks, then what is a condition and did not pass."""
    waivers: tuple[WaiverRow, ...]
    attested: tuple[AttestedRow, ...]
    issues: tuple[IssueView, ...]
    steps: tuple[StepGroup, ...]


TITLES = {Horizon.IMMEDIATE: "Immediate", Horizon.SHORT_TERM: "Short term", Horizon.LONG_TERM: "Long term"}


def build(verdict: Verdict) -> ReleaseView:
    """Everything that follows for a release."""
    release, terms = verdict.release, verdict.release.deployment
    return ReleaseView(
        max_load=clean(terms.max_load, LONGEST) if terms else "No load is on record.",
        watch=_lines(terms.watch if terms else ()),
        until=clean(terms.until, LONGEST) if terms else "Not recorded.",
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
        issues=tuple(
            IssueView(
                clean(issue.title), _why(issue), _lines(issue.problems), _lines(issue.causes), _lines(issue.solutions)
            )
            for issue in release.issues[:MOST_LINES]
        ),
        steps=tuple(StepGroup(TITLES[horizon], rows) for horizon in Horizon if (rows := _steps(verdict, horizon))),
    )


def headlines(verdict: Verdict) -> tuple[str, ...]:
    """The first steps in a line each; their whole text stands in the section."""
    steps = [step.headline or step.text for step in verdict.release.steps] or list(verdict.next_steps)
    return tuple(clean(text, LONGEST) for text in steps[:MOST_HEADLINES])


def _why(issue: Issue) -> str:
    metric = find(issue.checks[0].partition("@")[0]) if issue.checks else None
    return metric.why if metric else ""


def _critical(verdict: Verdict) -> tuple[CheckRow, ...]:
    blocking = [check for check in verdict.checks if check.on_fail == "block"]
    missed = [
        check
        for check in verdict.checks
        if check.on_fail == "condition" and check.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)
    ]
    return tuple(row(check) for check in (*blocking, *missed)[:MOST_LINES])


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
    return tuple(StepRow(clean(step.text, LONGEST), clean(step.effect)) for step in found[:MOST_LINES])


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean(text, LONGEST) for text in texts[:MOST_LINES])
