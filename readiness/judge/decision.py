"""Results + score -> decision and its reason. The first rule that matches wins (docs/contract.md §6)."""

from __future__ import annotations

from collections.abc import Sequence

from readiness.config.model import DecisionRule, OnFail
from readiness.judge.verdict import CheckResult, Decision, Outcome, Score
from readiness.judge.wording import distance

_PASSED = frozenset({Outcome.PASS, Outcome.WARN})
_ASIDE = frozenset({Outcome.NOT_APPLICABLE})


def label(check: CheckResult) -> str:
    """How a sentence names a check."""
    return check.title if check.scope is None or check.scope in check.title else f"{check.title} ({check.scope})"


def decide(
    checks: Sequence[CheckResult], score: Score, rule: DecisionRule, doubts: Sequence[str], interrupted: str | None
) -> tuple[Decision, str]:
    """The decision and one sentence that says why."""
    if interrupted:
        return Decision.INCONCLUSIVE, f"The run was ended by {interrupted} before it was complete."
    blocking = [check for check in checks if check.effect == OnFail.BLOCK and check.outcome not in _ASIDE]
    failed = sorted((check for check in blocking if check.outcome is Outcome.FAIL), key=distance, reverse=True)
    if failed:
        first = f"{label(failed[0])}: " if len(failed) > 1 else ""
        return Decision.NOT_READY, f"Blocked by {_names(failed)}. {first}{failed[0].message}"
    if doubts:
        return Decision.INCONCLUSIVE, f"The run cannot be trusted: {doubts[0]}."
    unproven = sorted((check for check in blocking if check.outcome not in _PASSED), key=_certainty)
    if unproven:
        first = f"{label(unproven[0])}: " if len(unproven) > 1 else ""
        return Decision.INCONCLUSIVE, f"Not proven: {_names(unproven)}. {first}{unproven[0].message}"
    if score.coverage < rule.min_coverage:
        missing = [check for check in checks if check.outcome in (Outcome.ERROR, Outcome.SKIPPED)]
        return (
            Decision.INCONCLUSIVE,
            f"Only {100 * score.coverage:.0f} % of the checks' weight was measured, {100 * rule.min_coverage:.0f} % "
            f"is asked for; missing: {_names(missing)}.",
        )
    open_conditions = [
        check for check in checks if check.effect == OnFail.CONDITION and check.outcome not in _PASSED | _ASIDE
    ]
    if score.low >= rule.ready_score and not open_conditions:
        missed = [check for check in checks if check.outcome not in _PASSED | _ASIDE]
        aside = f"; noted only: {_shortfalls(missed)}" if missed else ""
        which = "Every check that counts" if missed else "Every check"
        return Decision.READY, f"{which} passed with enough evidence; score {score.value:.1f}{aside}."
    if score.value >= rule.floor_score:
        named = open_conditions or [check for check in checks if check.outcome not in {Outcome.PASS} | _ASIDE]
        excused = [check for check in named if check.waived]
        aside = f" ({_names(excused)}: waived)" if excused else ""
        of_score = "" if open_conditions else f"{score_words(score, rule)}: "
        return Decision.CONDITIONAL, f"Every blocking check passed, but {of_score}{_shortfalls(named)}{aside}."
    return Decision.NOT_READY, f"The score {score.value:.1f} is below the floor of {rule.floor_score:g}."


def score_words(score: Score, rule: DecisionRule) -> str:
    """Why the score keeps a run from READY: `the score may be as low as 87.5, READY needs 90`."""
    how = "is" if score.low == score.value else "may be as low as"
    return f"the score {how} {score.low:.1f}, READY needs {rule.ready_score:g}"


def _certainty(check: CheckResult) -> tuple[bool, float]:
    """What was measured first, the farthest off before the others."""
    return check.outcome is not Outcome.INCONCLUSIVE, -distance(check)


def _shortfalls(checks: Sequence[CheckResult]) -> str:
    """What is wrong with checks that did not pass, in one clause per kind, the farthest off first."""
    kinds = (
        (frozenset({Outcome.FAIL}), "failed", "failed"),
        (frozenset({Outcome.WARN}), "is only within its warning limit", "are only within their warning limits"),
        (frozenset({Outcome.INCONCLUSIVE}), "is not proven", "are not proven"),
        (frozenset({Outcome.ERROR, Outcome.SKIPPED}), "was not measured", "were not measured"),
    )
    clauses = []
    for outcomes, one, many in kinds:
        found = sorted((check for check in checks if check.outcome in outcomes), key=distance, reverse=True)
        if found:
            clauses.append(f"{_names(found)} {one if len(found) == 1 else many}")
    return ", and ".join(clauses)


def _names(checks: Sequence[CheckResult]) -> str:
    names = [label(check) for check in checks]
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
