"""comparison.md: GitHub-flavoured Markdown that also reads well as plain text."""

from __future__ import annotations

from readiness.judge.compare.comparison import Comparison
from readiness.report.comparison.sheet import ComparisonSheet, sheet
from readiness.report.markdown_text import cell_code, cell_prose, code, prose


def render(comparison: Comparison) -> str:
    """The comparison as Markdown; its first line is always ours."""
    page = sheet(comparison)
    lines = [
        f"# {page.outcome.shape} {page.outcome.word} – comparison of two runs",
        "",
        f"**{page.outcome.word}.** {prose(page.reason)}",
        "",
        f"{page.tally}.",
        "",
        *(f"- {name}: {code(file)}, run {code(run)}, {code(started)}" for name, file, run, started in page.sides),
        "",
    ]
    for title, sentences in page.statements:
        lines += [f"## {title}", "", *(f"- {prose(sentence)}" for sentence in sentences), ""]
    lines += [*_table(page), prose(page.method), "", f"Exit code {page.exit_code}."]
    return "\n".join(lines) + "\n"


def _table(page: ComparisonSheet) -> list[str]:
    if not page.rows:
        return []
    rows = [
        f"| {row.status.shape} {row.status.word} | {cell_prose(row.metric)} | {cell_code(row.scope)} | {row.base} "
        f"| {row.head} | **{row.change}** | {row.interval} | {cell_prose(row.message)} |"
        for row in page.rows
    ]
    head = "| Finding | Metric | Scope | Base | Head | Change | Interval | Why |"
    more = [f"{page.hidden:,} more are in comparison.json.", ""] if page.hidden else []
    return ["## Differences", "", head, "|---|---|---|---:|---:|---:|---:|---|", *rows, "", *more]
