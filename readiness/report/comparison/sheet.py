"""Every string of a comparison, cleaned and formatted once; the formats only place them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.judge.change import POINTS, Change
from readiness.judge.compare.comparison import Comparison, ComparisonFinding, ComparisonOutcome, Difference
from readiness.report.status import Status
from readiness.text import clean, numbers

COMPARISON_FINDINGS: Mapping[ComparisonFinding, Status] = {
    ComparisonFinding.REGRESSION: Status("Regression", "✖", "x", "bad", "red"),
    ComparisonFinding.TOO_LITTLE: Status("Too little data", "?", "?", "unsure", "magenta"),
    ComparisonFinding.IMPROVEMENT: Status("Improvement", "✔", "+", "good", "green"),
    ComparisonFinding.NO_EVIDENCE: Status("No evidence", "–", "-", "quiet", "bright_black"),
}
_UNCHANGED = Status("Unchanged", "–", "-", "quiet", "bright_black")
_TALLY: Mapping[ComparisonFinding, tuple[str, str]] = {
    ComparisonFinding.REGRESSION: ("regression", "regressions"),
    ComparisonFinding.TOO_LITTLE: ("with too little data", "with too little data"),
    ComparisonFinding.IMPROVEMENT: ("improvement", "improvements"),
    ComparisonFinding.NO_EVIDENCE: ("without evidence of a change", "without evidence of a change"),
}
"""(of one, of several)."""
_OUTCOMES: Mapping[ComparisonOutcome, Status] = {
    ComparisonOutcome.REGRESSION: Status("REGRESSION", "✖", "x", "bad", "red"),
    ComparisonOutcome.NO_REGRESSION: Status("NO REGRESSION", "✔", "+", "good", "green"),
    ComparisonOutcome.TOO_LITTLE: Status("TOO LITTLE DATA", "?", "?", "unsure", "magenta"),
    ComparisonOutcome.NOT_COMPARABLE: Status("NOT COMPARABLE", "?", "?", "unsure", "magenta"),
}
_MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One difference, ready to print."""

    key: str
    metric: str
    scope: str
    base: str
    head: str
    change: str
    interval: str
    status: Status
    message: str


@dataclass(frozen=True, slots=True)
class ComparisonSheet:
    """One comparison."""

    outcome: Status
    reason: str
    tally: str
    sides: tuple[tuple[str, str, str, str], ...]
    """(base or head, file, run id, started)."""
    statements: tuple[tuple[str, tuple[str, ...]], ...]
    """(heading, sentences), empty ones left out."""
    rows: tuple[ComparisonRow, ...]
    hidden: int
    """Rows beyond _MOST_ROWS; comparison.json has all."""
    method: str
    exit_code: str


def sheet(comparison: Comparison) -> ComparisonSheet:
    """The text of a comparison."""
    counted = ((len(comparison.found(finding)), words) for finding, words in _TALLY.items())
    headed = (
        ("Not comparable", comparison.obstacles),
        ("Limits loosened since the base", comparison.loosened),
        ("Not the same in both", comparison.cautions),
        ("Notes", comparison.notes),
    )
    return ComparisonSheet(
        outcome=_OUTCOMES[comparison.outcome],
        reason=clean(comparison.reason, 1000),
        tally=", ".join(numbers.count(n, *words) for n, words in counted if n) or "nothing was compared",
        sides=tuple(
            (name, side.file, side.run_id, numbers.utc(side.started_at))
            for name, side in (("base", comparison.base), ("head", comparison.head))
        ),
        statements=tuple((title, tuple(clean(line, 1000) for line in lines)) for title, lines in headed if lines),
        rows=tuple(_row(one) for one in comparison.differences[:_MOST_ROWS]),
        hidden=max(len(comparison.differences) - _MOST_ROWS, 0),
        method=_method(comparison),
        exit_code=str(int(comparison.exit_code)),
    )


def _method(comparison: Comparison) -> str:
    return (
        f"Change of head against base, with intervals that hold all at once at "
        f"{numbers.quantity(100 * comparison.confidence, '%')} (each at "
        f"{numbers.quantity(100 * comparison.each_confidence, '%')}, Holm): order statistics for percentiles, "
        f"Clopper-Pearson for shares, time blocks for means, all corrected for correlated requests, put together by "
        f"MOVER. Worse or better counts when it is proven to be more than "
        f"{numbers.quantity(100 * comparison.worse_by, '%')} of the base."
    )


def _row(one: Difference) -> ComparisonRow:
    scope = clean(one.scope) if one.scope else "whole service"
    return ComparisonRow(
        clean(one.key),
        one.title,
        scope,
        numbers.quantity(one.base, one.unit, absent="not bounded" if one.base_samples else numbers.NOT_MEASURED),
        numbers.quantity(one.head, one.unit, absent="not bounded" if one.head_samples else numbers.NOT_MEASURED),
        _signed(one.change.value, one.change.unit),
        _interval(one.change),
        _UNCHANGED if _interval(one.change) == "exact" and not one.change.value else COMPARISON_FINDINGS[one.finding],
        clean(one.message, 1000),
    )


def _signed(value: float | None, unit: str) -> str:
    """`+12.3 %`, `-0.4 points`."""
    if value is None:
        return "–"
    digits = 0 if unit in ("%", POINTS) and abs(value) >= 1000 else 2 if unit == POINTS else 1
    if unit not in ("%", POINTS) and value == int(value):
        digits = 0
    text = f"{value:+,.{digits}f}"
    if not text.strip("+-0.,"):
        text = f"{value:+.2g}" if value else "0"
    return numbers.with_unit(text, unit)


def _interval(change: Change) -> str:
    if change.low is None and change.high is None:
        return "–"
    if change.low is not None and change.low == change.high:
        return "exact"
    low = "open" if change.low is None else _signed(change.low, change.unit)
    high = "open" if change.high is None else _signed(change.high, change.unit)
    return f"{low} … {high}"
