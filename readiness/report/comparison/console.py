"""The comparison on a terminal: 80 columns, without colour, in ASCII where it must be."""

from __future__ import annotations

from readiness.judge.compare.comparison import Comparison, ComparisonFinding
from readiness.report.comparison.sheet import COMPARISON_FINDINGS, ComparisonRow, sheet
from readiness.report.plain_lines import marked, printed
from readiness.report.workflow_commands import harmless

_MOST = 20


def summary(comparison: Comparison, *, ascii: bool = False) -> str:  # noqa: A002 - the word that says it
    """Outcome, what speaks against it, and the differences that say something; every line starts with our own mark."""
    page = sheet(comparison)
    lines = [f"{marked(page.outcome, ascii=ascii)}: {page.reason}", f"  {page.tally}"]
    for title, sentences in page.statements:
        lines += [f"  {title}", *(f"  - {sentence}" for sentence in sentences[:_MOST])]
    telling = [
        row
        for row in page.rows
        if row.status
        in (COMPARISON_FINDINGS[ComparisonFinding.REGRESSION], COMPARISON_FINDINGS[ComparisonFinding.IMPROVEMENT])
    ]
    for row in telling[:_MOST]:
        lines += _difference(row, ascii=ascii)
    if len(telling) > _MOST:
        lines.append(f"  and {len(telling) - _MOST:,} more in the files (--out)")
    return printed(lines, ascii=ascii)


def quiet_line(comparison: Comparison) -> str:
    """One line for `--quiet`."""
    return f"readiness: {comparison.outcome}: {harmless(sheet(comparison).reason)}"


def _difference(row: ComparisonRow, *, ascii: bool) -> list[str]:  # noqa: A002
    return [
        f"  {marked(row.status, ascii=ascii)}: {row.metric}, {row.scope}",
        f"    {row.base} -> {row.head}, {row.change} ({row.interval})",
    ]
