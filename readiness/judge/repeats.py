"""Several whole runs of one plan: the worst of them is the answer, and their spread is told. Never the best of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from readiness.judge.decision import label
from readiness.judge.verdict import Decision, Verdict
from readiness.metrics.catalogue import is_load
from readiness.text.numbers import quantity

_WORST_LAST = (Decision.READY, Decision.CONDITIONAL, Decision.INCONCLUSIVE, Decision.NOT_READY)
"""A failure that was measured weighs more than a run that could not tell (docs/contract.md §3)."""
_INTERRUPTED_FROM = 128


def worst(verdicts: Sequence[Verdict]) -> int:
    """Index of the run that decides: one that a signal ended, else the first of the worst decision."""
    return max(
        range(len(verdicts)),
        key=lambda i: (
            verdicts[i].exit_code > _INTERRUPTED_FROM,
            _WORST_LAST.index(verdicts[i].decision),
            -verdicts[i].score.low,
            -i,
        ),
    )


def sentences(verdicts: Sequence[Verdict], planned: int) -> tuple[str, ...]:
    """What the runs said one after the other, and how far the load's figures lay apart."""
    number = worst(verdicts) + 1
    decisions = ", ".join(verdict.decision for verdict in verdicts)
    head = f"{len(verdicts)} of {planned} runs in a row: {decisions}. This is the report of run {number}, the worst."
    return (head, *(_spread(column) for column in _columns(verdicts)))


def _columns(verdicts: Sequence[Verdict]) -> list[list[tuple[str, str, float]]]:
    """(label, unit, value) of each of the load's checks that every run measured."""
    found = []
    for checks in zip(*(verdict.checks for verdict in verdicts), strict=True):
        values = [(label(one), one.unit, one.value) for one in checks if one.value is not None and is_load(one.name)]
        if len(values) == len(verdicts) > 1:
            found.append(values)
    return found


def _spread(column: Sequence[tuple[str, str, float]]) -> str:
    name, unit, _ = column[0]
    values = [value for _, _, value in column]
    low, high, mean = min(values), max(values), statistics.fmean(values)
    apart = f", standard deviation {100 * statistics.stdev(values) / mean:.1f} % of the mean" if mean else ""
    ends = f"{quantity(low, unit, apart_from=high)} to {quantity(high, unit, apart_from=low)}"
    return f"{name} over {len(values)} runs: {ends if low != high else quantity(low, unit)}{apart}."
