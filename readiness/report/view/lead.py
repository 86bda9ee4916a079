"""The first screen in words: at most two short sentences of reason, and what to do first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from readiness.judge.decision import label, score_words
from readiness.judge.inconclusive import TO_DO, Cause
from readiness.judge.needs import without_state
from readiness.judge.next_steps import FAILED, SLOW
from readiness.judge.outlook import DiagnosisKind
from readiness.judge.verdict import CheckResult, Decision, Outcome, Verdict
from readiness.judge.wording import distance
from readiness.metrics.service import STARTER_METRIC
from readiness.report.view import words
from readiness.report.view.anchors import anchors
from readiness.report.view.checks import key_of, titles, worst
from readiness.report.view.problems import undecided, worst_first
from readiness.text import clean, shortened
from readiness.text.numbers import count

_SETTLED = frozenset({Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE, Outcome.ERROR, Outcome.SKIPPED})
"""Outcomes that no failed request has to do with."""
_MOST_STEPS = 3
_MOST_NAMED = 2
_LONGEST = 300
_MOST_CAUSES = 2
_LONGEST_CAUSE = 500
_ALONE = frozenset({*TO_DO, Cause.DOUBTED})
_SAID: Mapping[str, str] = {
    Cause.UNREACHABLE: "The service could not be reached.",
    Cause.GENERATOR: "The load generator was overloaded, so its figures are not the service's.",
    Cause.DOUBTED: "The measurement itself is in doubt.",
    Cause.MISSING: "Evidence that the decision needs was not measured.",
    Cause.TOO_SHORT: "The run was too short to prove what the decision needs.",
    Cause.BEYOND: "A value is beyond its limit, but not by enough to be proven.",
}

_SHORT_OF = (
    ((Outcome.FAIL,), "failed", "failed"),
    ((Outcome.INCONCLUSIVE,), "is not proven", "are not proven"),
    ((Outcome.ERROR, Outcome.SKIPPED), "was not measured", "were not measured"),
    ((Outcome.WARN,), "is within its warning limit", "are within their warning limits"),
)
"""What kept checks from passing: outcomes, and the words for one and for many."""


@dataclass(frozen=True, slots=True)
class First:
    """A step in one line, and the anchor of what it is for."""

    text: str
    anchor: str


def lead(verdict: Verdict) -> tuple[str, ...]:
    """Why, in two or three short sentences; only what was counted."""
    match verdict.decision:
        case Decision.READY:
            return (_ready(verdict),)
        case Decision.CONDITIONAL:
            return (_conditional(verdict), *_worst(verdict))
        case Decision.NOT_READY:
            return (_not_ready(verdict), *_worst(verdict))
        case Decision.INCONCLUSIVE:
            interrupted = verdict.inconclusive_cause == Cause.INTERRUPTED  # its reason names the signal
            said = "" if interrupted else _not_loaded(verdict) or _SAID.get(verdict.inconclusive_cause or "", "")
            told = _undecided(verdict) or (said or clean(verdict.reason, _LONGEST),)
            return (*told, *_cannot(verdict))


def first_steps(verdict: Verdict) -> tuple[First, ...]:
    """The most effective steps, or the one thing without which no other counts."""
    most = 1 if verdict.inconclusive_cause in _ALONE else _MOST_STEPS
    run = "doubts" if verdict.doubts else "steps"
    where = anchors(key_of(check) for check in verdict.checks)
    by_key = {check.key: key_of(check) for check in verdict.checks}
    found = []
    for step in verdict.release.steps[:most]:
        key = next((by_key[key] for key in step.checks if key in by_key), None)
        found.append(First(shortened(step.headline or step.text, _LONGEST), where[key] if key else run))
    return tuple(found) or tuple(First(shortened(text, _LONGEST), "steps") for text in verdict.next_steps[:most])


def causes(verdict: Verdict) -> tuple[str, ...]:
    """Which requests failed, why others were slow, then what other failed checks counted.

    "Not identified" is one of the answers. Checks that are only noted are no cause of a decision; memory that grew is
    named beside them all the same.
    """
    slow = [f"{one.named}: {one.text}" for one in verdict.diagnoses if one.kind is not DiagnosisKind.MEMORY]
    memory = [f"{one.named}: {one.text}" for one in verdict.diagnoses if one.kind is DiagnosisKind.MEMORY]
    failed = {check.key for check in verdict.checks if _counts(check)}
    unsettled = {check.key for check in verdict.checks if check.outcome not in _SETTLED and check.effect != "note"}
    requests: Sequence[str] = ()
    titles: dict[str, list[str]] = {}
    for issue, _ in worst_first(verdict):
        if issue.title == FAILED and unsettled & set(issue.checks):
            requests = issue.causes  # they failed, whether or not that proves a rate beyond its limit
        elif not issue.causes or not failed & set(issue.checks):
            continue
        elif issue.title != SLOW:
            titles.setdefault(issue.causes[0], []).append(issue.title)
    grown = any(text.startswith(tuple(memory)) for text in titles)  # by a check that counts: worst first
    counted = [
        text if text.startswith(tuple(memory)) else f"{' and '.join(names)}: {text}" for text, names in titles.items()
    ]
    said = (
        *requests[:_MOST_CAUSES],
        *slow[:_MOST_CAUSES],
        *counted[:_MOST_CAUSES],
        *(() if grown else memory),
    )
    return tuple(shortened(text, _LONGEST_CAUSE) for text in said)


def _counts(check: CheckResult) -> bool:
    """Whether it failed, the decision has to do with it, and "do first" does not say it all."""
    return check.outcome is Outcome.FAIL and check.effect != "note" and check.name != STARTER_METRIC


def _ready(verdict: Verdict) -> str:
    missed = [c for c in verdict.checks if c.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    n = sum(check.outcome is Outcome.PASS for check in verdict.checks)
    if missed:
        return f"{n:,} checks passed with enough evidence; {len(missed):,} more only noted or within a warning limit."
    return f"All {n:,} checks passed with enough evidence." if n > 1 else "The check passed with enough evidence."


def _conditional(verdict: Verdict) -> str:
    said: list[str] = []
    for outcomes, one, many in _SHORT_OF:
        if n := sum(check.outcome in outcomes for check in verdict.checks):
            of = "" if said else f" of {count(len(verdict.checks), 'check')}"
            said.append(f"{n:,}{of} {one if n == 1 else many}")
    waived = sum(check.waived for check in verdict.checks)
    aside = f"; {count(waived, 'waiver')} in force" if waived else ""
    told = " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said) or "The score is under the bar"
    rule = verdict.rule
    if rule is not None and not verdict.conditions and verdict.score.low < rule.ready_score:
        because = score_words(verdict.score, rule)
        return f"{because[:1].upper()}{because[1:]}: {told}{aside}."
    return f"{told}; none of them blocks{aside}."


def _not_ready(verdict: Verdict) -> str:
    blocked = [c for c in verdict.checks if c.effect == "block" and c.outcome is Outcome.FAIL]
    if not blocked:
        return clean(verdict.reason, _LONGEST)
    blocked.sort(key=distance, reverse=True)
    names = " and ".join(clean(label(check), 60) for check in blocked[:_MOST_NAMED])
    more = f" and {len(blocked) - _MOST_NAMED:,} more" if len(blocked) > _MOST_NAMED else ""
    return f"{count(len(blocked), 'blocking check')} failed: {names}{more}."


def _not_loaded(verdict: Verdict) -> str:
    """Why no load was sent; "" where one was, or nobody doubts it."""
    if verdict.ledger is not None or verdict.inconclusive_cause != Cause.DOUBTED or not verdict.doubts:
        return ""
    doubt = clean(verdict.doubts[0], _LONGEST).rstrip(".")
    return f"{doubt[:1].upper()}{doubt[1:]}."


def _worst(verdict: Verdict) -> tuple[str, ...]:
    bad = words.failed_words(verdict)
    return (f"{bad[0][:1].upper()}{bad[0][1:]}{f'; {bad[1]}' if len(bad) > 1 else ''}.",) if bad else ()


def _undecided(verdict: Verdict) -> tuple[str, ...]:
    """The checks for which it decides nothing, each with its value, and what is missing."""
    found = undecided(verdict)
    if not found:
        return ()
    open_ = [check for check in found if check.outcome is Outcome.INCONCLUSIVE]
    open_ = [check for check in open_ if not check.because_failed] or open_  # the rate says that
    if not open_:
        names = titles(found[:_MOST_NAMED]) if len(found) <= _MOST_NAMED else f"{count(len(found), 'check')}"
        return (f"{names} {'was' if len(found) == 1 else 'were'} not measured, and the decision needs it.",)
    said = [f"{clean(label(check), 60)} is {worst((check,))[0].against}" for check in open_[:_MOST_NAMED]]
    more = f"; {len(found) - len(said):,} more" if len(found) > len(said) else ""
    return (f"Not proven: {'; '.join(said)}{more}.", *_missing(verdict, open_))


def _missing(verdict: Verdict, open_: Sequence[CheckResult]) -> tuple[str, ...]:
    """What would decide the first of them that a longer run does not, or the longest run that one asks for."""
    by_key = {(need.name, need.scope): need for need in verdict.outlook.needs}
    needs = [by_key[check.name, check.scope] for check in open_ if (check.name, check.scope) in by_key]
    if not needs:
        return ()
    need = next((need for need in needs if not need.window_s), max(needs, key=lambda need: need.window_s or 0))
    return (clean(without_state(need.text), _LONGEST),)


def _cannot(verdict: Verdict) -> tuple[str, ...]:
    failed = [check for check in verdict.checks if _counts(check)]
    if not failed:
        return ()
    what = "NOT READY" if any(check.effect == "block" for check in failed) else "NOT READY or CONDITIONAL"
    return (f"It cannot be READY: {count(len(failed), 'check')} failed; a complete run decides {what}.",)
