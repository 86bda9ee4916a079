"""What did not pass, worst first: each check once, with its cause and its fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from readiness.judge.decision import label
from readiness.judge.inconclusive import TO_DO
from readiness.judge.outcome import Decision
from readiness.judge.release import Issue
from readiness.judge.verdict import CheckResult, Outcome, Verdict
from readiness.judge.wording import demand, distance
from readiness.report.status import OUTCOMES, Status
from readiness.report.view.anchors import anchors
from readiness.report.view.checks import key_of, row, same_reason, titles, worst
from readiness.text import clean

_LONGEST = 1500
_MOST = 100
_SETTLED = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})
_OPEN = frozenset({Outcome.INCONCLUSIVE, Outcome.ERROR, Outcome.SKIPPED})
_RANK = {Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 1, Outcome.ERROR: 1, Outcome.SKIPPED: 2, Outcome.WARN: 3}
_EFFECT = {"block": "blocks the release", "condition": "a condition", "note": "noted only"}


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One check that did not pass."""

    title: str
    key: str
    anchor: str
    status: Status
    current: str
    target: str
    """What it needs, in words."""
    against: str
    """Value, limit and how far off, in one line."""
    together: str
    """Its title, with those of the checks that the same dead endpoint decides; "" for these others."""
    effect: str
    evidence: str
    """One sentence; "" where the group says it for all."""


@dataclass(frozen=True, slots=True)
class ReportedProblem:
    """Checks that are wrong for one reason."""

    title: str
    """"" for a single check, which is its own title."""
    checks: tuple[Shortfall, ...]
    causes: tuple[str, ...]
    fixes: tuple[str, ...]
    minor: bool
    """Whether nothing in it failed or is why the run decides nothing, in a run that decides nothing: shown folded."""


def problems(verdict: Verdict) -> tuple[ReportedProblem, ...]:
    """One for each issue of the verdict, and one for each check that no issue names."""
    where = anchors(key_of(check) for check in verdict.checks)
    deciding = {check.key for check in undecided(verdict)}
    return tuple(
        _problem(issue, checks, where, minor=_is_minor(verdict, checks, deciding))
        for issue, checks in worst_first(verdict)
    )


def _is_minor(verdict: Verdict, checks: Sequence[CheckResult], deciding: set[str]) -> bool:
    if verdict.decision is not Decision.INCONCLUSIVE:
        return False
    return not any(check.outcome is Outcome.FAIL or check.key in deciding for check in checks)


def worst_first(verdict: Verdict) -> list[tuple[Issue, list[CheckResult]]]:
    """The issues of the verdict with the checks that they name first, and an issue for each check that none names."""
    left = {check.key: check for check in verdict.checks if check.outcome not in _SETTLED}
    found: list[tuple[Issue, list[CheckResult]]] = []
    for issue in verdict.release.issues[:_MOST]:
        checks = [left.pop(key) for key in dict.fromkeys(issue.checks) if key in left]
        if checks:
            found.append((issue, checks))
    found += [(Issue("", (key,), (), (), ()), [check]) for key, check in list(left.items())[:_MOST]]
    return sorted(found, key=lambda pair: _order(pair[1]))


def undecided(verdict: Verdict) -> list[CheckResult]:
    """The checks for which a run decides nothing, worst first; none where the run itself is the reason."""
    if verdict.decision is not Decision.INCONCLUSIVE or verdict.doubts or verdict.inconclusive_cause in TO_DO:
        return []
    open_ = [check for check in verdict.checks if check.outcome in _OPEN]
    blocking = [check for check in open_ if check.effect == "block"]
    unmeasured = [check for check in open_ if check.outcome is not Outcome.INCONCLUSIVE]  # the coverage is too low
    return sorted(blocking or unmeasured, key=lambda check: _order([check]))


def _order(checks: Sequence[CheckResult]) -> tuple[int, bool, float]:
    """Failed before unsure before warned, blocking ones first, then the farthest off."""
    return min((_RANK[check.outcome], check.on_fail != "block", -distance(check)) for check in checks)


def _problem(issue: Issue, checks: list[CheckResult], where: Mapping[str, str], *, minor: bool) -> ReportedProblem:
    checks.sort(key=lambda check: _order([check]))
    messages = {check.message for check in checks}
    shared = clean(messages.pop(), _LONGEST) if len(checks) > 1 and len(messages) == 1 else ""
    groups: dict[object, list[CheckResult]] = {}
    for check in checks:
        groups.setdefault(same_reason(check), []).append(check)
    causes = tuple(clean(text, _LONGEST) for text in issue.causes)
    together = {same[0].key: titles(same) for same in groups.values()}
    return ReportedProblem(
        title=clean(issue.title) if len(checks) > 1 else "",
        checks=tuple(
            _shortfall(check, where, together.get(check.key, ""), silent=bool(shared) or _is_in(check.message, causes))
            for check in checks[:_MOST]
        ),
        causes=causes if _is_in(shared, causes) or not shared else (shared, *causes),
        fixes=tuple(_unnamed(clean(text, _LONGEST), checks) for text in issue.solutions),
        minor=minor,
    )


def _shortfall(check: CheckResult, where: Mapping[str, str], together: str, *, silent: bool) -> Shortfall:
    shown = row(check)
    target = clean(demand(check.name, check.pass_limit))
    beside = shown.beside if together else "for the same reason"
    current = f"{shown.current} ({beside})" if beside else shown.current
    dead = check.failures is not None and bool(check.failures.dead)
    return Shortfall(
        shown.title,
        shown.key,
        where[shown.key],
        OUTCOMES[check.outcome],
        current,
        target,
        worst((check,), 1)[0].against,
        together,
        "waived" if check.waived else _EFFECT.get(check.on_fail, clean(check.on_fail)),
        "" if silent or dead else _evidence(shown.message, f"{shown.current}, {target}"),
    )


def _evidence(message: str, said: str) -> str:
    """The message without the value and the limit that stand before it."""
    rest = message.removeprefix(said).lstrip(" ;:,.-")
    return f"{rest[:1].upper()}{rest[1:]}"


def _is_in(message: str, causes: Sequence[str]) -> bool:
    """Whether one of the causes says the same."""
    return any(text and text in message for text in causes)


def _unnamed(text: str, checks: Sequence[CheckResult]) -> str:
    """A step without the names and the message of the checks under which it stands."""
    for check in checks:
        name = clean(label(check))
        if (message := clean(check.message, _LONGEST)) and text.endswith(f"; {message[:1].lower()}{message[1:]}"):
            text = f"{text.removesuffix(message[1:])[:-3]}."
        if text.startswith((f"{name}: ", f"{name} (also ")):
            rest = text.partition(": ")[2]
            return f"{rest[:1].upper()}{rest[1:]}"
    return text
