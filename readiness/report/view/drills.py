"""Drills as rows: how each ended, what it showed, and what to fix."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from readiness.judge import wording
from readiness.judge.verdict import CheckResult, DrillResult, Outcome, Verdict
from readiness.metrics.catalogue import drill_of
from readiness.metrics.restore import RESTORE_FACT
from readiness.report.status import OUTCOMES, Status
from readiness.report.view.checks import key_of, value_of
from readiness.text import clean
from readiness.text.numbers import count

_LONGEST = 1000
_WORST_FIRST = (
    *(Outcome.FAIL, Outcome.ERROR, Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.WARN, Outcome.PASS),
    Outcome.NOT_APPLICABLE,
)
UNJUDGED = Status("Not judged", "–", "-", "quiet", "bright_black")
"""Of a drill that no check asks about."""


@dataclass(frozen=True, slots=True)
class DrillCheck:
    """One check of a drill."""

    key: str
    title: str
    current: str
    target: str
    """`needs under 5 s`."""
    status: Status


@dataclass(frozen=True, slots=True)
class DrillRow:
    """One drill."""

    name: str
    status: Status
    """Of its worst check."""
    sentence: str
    """`database hung for 10 s: 18 % of requests failed, …`"""
    fixes: tuple[str, ...]
    checks: tuple[DrillCheck, ...]


@dataclass(frozen=True, slots=True)
class DrillsView:
    """The section."""

    summary: str
    """`2 of 3 drills passed; failed: hangs.`"""
    rows: tuple[DrillRow, ...]
    about: str
    """What was done, in one or two sentences."""


def build(verdict: Verdict) -> DrillsView | None:
    """The section of a verdict; None where nothing was broken on purpose."""
    if not verdict.drills:
        return None
    rows = tuple(_row(drill, verdict) for drill in verdict.drills)
    return DrillsView(_summaries(rows), rows, _about({drill.name for drill in verdict.drills}))


def _about(names: Set[str]) -> str:
    restored = "A backup was restored into a scratch database, and compared with the service's."
    broken = "Each broke one thing on purpose under a steady load, after the load above."
    if RESTORE_FACT not in names:
        return broken
    return restored if len(names) == 1 else f"{broken} Last, {restored[0].lower()}{restored[1:]}"


def _row(drill: DrillResult, verdict: Verdict) -> DrillRow:
    checks = [check for check in verdict.checks if drill_of(check.name, check.scope) == drill.name]
    return DrillRow(
        clean(drill.name),
        OUTCOMES[min((check.outcome for check in checks), key=_WORST_FIRST.index)] if checks else UNJUDGED,
        clean(f"{drill.what}: {drill.showed}.", _LONGEST),
        tuple(clean(fix, _LONGEST) for fix in drill.fixes),
        tuple(_check(check, clean(drill.name)) for check in checks),
    )


def _check(check: CheckResult, drill: str) -> DrillCheck:
    """Under the drill's own heading its name is not said again."""
    title = clean(check.title).removesuffix(f" ({drill})") or key_of(check)
    target = clean(wording.demand(check.name, check.pass_limit))
    return DrillCheck(key_of(check), title, value_of(check), target, OUTCOMES[check.outcome])


def _summaries(rows: tuple[DrillRow, ...]) -> str:
    """A restore is no drill: it breaks nothing."""
    restored = [row for row in rows if row.name == RESTORE_FACT]
    drilled = [row for row in rows if row.name != RESTORE_FACT]
    return " ".join(_summary(kind, found) for kind, found in (("drill", drilled), ("restore", restored)) if found)


def _summary(kind: str, rows: Sequence[DrillRow]) -> str:
    judged = [row for row in rows if row.status is not UNJUDGED]
    if not judged:
        return f"{count(len(rows), kind)}, and no check asks what it showed."
    bad = [row.name for row in judged if row.status not in (OUTCOMES[Outcome.PASS], OUTCOMES[Outcome.NOT_APPLICABLE])]
    text = f"{len(judged) - len(bad):,} of {count(len(judged), kind)} passed"
    return f"{text}; not passed: {', '.join(bad)}." if bad else f"{text}."
