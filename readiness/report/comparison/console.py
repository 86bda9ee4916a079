"""The comparison on a terminal: 80 columns, without colour, in ASCII where it must be."""

from __future__ import annotations

import textwrap

from readiness.compare.comparison import Comparison, ComparisonFinding
from readiness.report.comparison.sheet import COMPARISON_FINDINGS, ComparisonRow, sheet
from readiness.report.workflow_commands import harmless
from readiness.text.plain_ascii import plain_ascii

_WIDTH = 80
_MOST = 20


def summary(comparison: Comparison, *, ascii: bool = False) -> str:  # noqa: A002 - the word that says it
    """Outcome, what speaks against it, and the differences that say something; every line starts with our own mark."""
    page = sheet(comparison)
    mark = page.outcome.ascii if ascii else page.outcome.shape
    lines = [f"{mark} {page.outcome.word}: {page.reason}", f"  {page.tally}"]
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
    text = "\n".join(piece for line in lines for piece in _wrapped(line))
    return plain_ascii(text) if ascii else text


def quiet_line(comparison: Comparison) -> str:
    """One line for `--quiet`."""
    return f"readiness: {comparison.outcome}: {harmless(sheet(comparison).reason)}"


def _difference(row: ComparisonRow, *, ascii: bool) -> list[str]:  # noqa: A002
    mark = row.status.ascii if ascii else row.status.shape
    return [
        f"  {mark} {row.status.word}: {row.metric}, {row.scope}",
        f"    {row.base} -> {row.head}, {row.change} ({row.interval})",
    ]


def _wrapped(line: str) -> list[str]:
    """At most 80 columns; a continued line is indented below its own text."""
    line = harmless(line)
    indent = line[: len(line) - len(line.lstrip(" -"))]
    wrapped = textwrap.wrap(line, _WIDTH, subsequent_indent=" " * max(len(indent), 2), break_on_hyphens=False)
    return wrapped or [line]
