"""Results as CI systems list them: a check that did not pass, at its line of thresholds.yaml."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from readiness.judge.verdict import CheckResult, Decision, Outcome, Verdict
from readiness.report.view.checks import key_of, row
from readiness.text import clean

DECISION_KEY = "decision"
_LONGEST = 1000


class Gravity(IntEnum):
    """How grave a result is, in five steps that every CI system can tell apart or merge."""

    INFO = 0
    MINOR = 1
    MAJOR = 2
    CRITICAL = 3
    BLOCKER = 4


@dataclass(frozen=True, slots=True)
class CheckPlace:
    """One result and where it stands."""

    key: str
    """The check as written, or `decision`."""
    title: str
    text: str
    gravity: Gravity
    file: str
    line: int
    fingerprint: str
    """The same for the same check of the same service, whatever its value."""


_DECISIONS = {
    Decision.NOT_READY: Gravity.BLOCKER,
    Decision.INCONCLUSIVE: Gravity.CRITICAL,
    Decision.CONDITIONAL: Gravity.MAJOR,
}
_QUIET = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})


def places(verdict: Verdict) -> tuple[CheckPlace, ...]:
    """The decision unless it is READY, then every check that did not pass, gravest first."""
    checks = sorted(
        (check for check in verdict.checks if check.outcome not in _QUIET), key=lambda check: -gravity(check)
    )
    return (*_decision(verdict), *(_check(verdict, check) for check in checks))


def gravity(check: CheckResult) -> Gravity:
    """By outcome and by what the check does to the decision; what is not known is never harmless."""
    blocks, notes = check.effect == "block", check.effect == "note"
    match check.outcome:
        case Outcome.FAIL:
            return Gravity.BLOCKER if blocks else Gravity.MINOR if notes else Gravity.MAJOR
        case Outcome.ERROR | Outcome.SKIPPED:
            return Gravity.CRITICAL if blocks else Gravity.MINOR if notes else Gravity.MAJOR
        case Outcome.INCONCLUSIVE:
            return Gravity.CRITICAL if blocks else Gravity.MINOR
        case Outcome.WARN:
            return Gravity.MINOR
        case _:
            return Gravity.INFO


def fingerprint(verdict: Verdict, key: str) -> str:
    """A stable name for one check of one service."""
    return hashlib.sha256(f"readiness\0{verdict.service}\0{key}".encode("utf-8", "replace")).hexdigest()


def _decision(verdict: Verdict) -> Iterator[CheckPlace]:
    if verdict.decision is not Decision.READY:
        text = clean(f"{verdict.decision}: {verdict.reason}", _LONGEST)
        grave = _DECISIONS[verdict.decision] if verdict.exit_code else Gravity.MINOR  # 0: --allow-conditional
        yield _place(verdict, DECISION_KEY, f"readiness: {verdict.decision}", text, grave, 1)


def _check(verdict: Verdict, check: CheckResult) -> CheckPlace:
    shown = row(check)
    waived = " Waived: it does not block." if check.waived else ""
    text = f"{shown.status.word}: {shown.title}: {shown.current}, target {shown.target}. {shown.message}{waived}"
    return _place(verdict, key_of(check), shown.title, clean(text, _LONGEST), gravity(check), max(check.line, 1))


def _place(verdict: Verdict, key: str, title: str, text: str, grave: Gravity, line: int) -> CheckPlace:
    file = clean(verdict.thresholds_file) or "thresholds.yaml"
    return CheckPlace(key, title, text, grave, file, line, fingerprint(verdict, key))
