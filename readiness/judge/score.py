"""The score: a summary of the checks that were declared, with its range. It never decides alone.

score = 100 · Σ weight·credit / Σ weight over declared checks (docs/contract.md §5). What was not measured stays in the
denominator, so losing a measurement can only widen the range downwards.
"""

from __future__ import annotations

from collections.abc import Sequence

from readiness.judge.check import Judged
from readiness.judge.verdict import Outcome, Score

UNMEASURED = frozenset({Outcome.ERROR, Outcome.SKIPPED})


def score(checks: Sequence[Judged]) -> Score:
    """The score over all checks that apply; 0 with a range to 100 when nothing that has weight was declared."""
    declared = [item for item in checks if item.result.outcome is not Outcome.NOT_APPLICABLE]
    weight = sum(item.result.weight for item in declared)
    if not weight:
        return Score(0.0, 0.0, 100.0, 0.0)

    def percent(parts: Sequence[float]) -> float:
        return round(
            100 * sum(item.result.weight * credit for item, credit in zip(declared, parts, strict=True)) / weight, 6
        )

    measured = sum(item.result.weight for item in declared if item.result.outcome not in UNMEASURED)
    return Score(
        percent([item.credit.point for item in declared]),
        percent([item.credit.low for item in declared]),
        percent([item.credit.high for item in declared]),
        round(measured / weight, 6),
    )
