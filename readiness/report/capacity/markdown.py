"""capacity.md: GitHub-flavoured Markdown that also reads well as plain text."""

from __future__ import annotations

from readiness.judge.capacity.capacity import Capacity
from readiness.report.capacity.sheet import sheet
from readiness.report.markdown_text import cell_prose, prose


def render(capacity: Capacity) -> str:
    """The capacity as Markdown; its first line is always ours."""
    page = sheet(capacity)
    rows = [
        f"| {row.height} | {row.finding.shape} {row.finding.word}{', for proof' if row.proof else ''} | {row.held} "
        f"| {row.requests} | {row.failures} | {row.answered} | {row.p50} | {row.p95} | {row.p99} | {row.engine} "
        f"| {cell_prose(row.reason)} |"
        for row in page.rows
    ]
    lines = [
        f"# {page.status.shape} Capacity: {page.headline}",
        "",
        prose(page.reason),
        "",
        *(f"- {label}: {prose(value)}" for label, value in page.facts),
        "",
        *(("## Infrastructure", "", *(f"- {prose(line)}" for line in page.sizing), "") if page.sizing else ()),
        "## Limits",
        "",
        *(f"- {prose(title)}: {prose(limit)}" for title, limit in page.bounds),
        "",
        "## Attempts",
        "",
        "| Load | Limits | Held | Requests | Failed | Answered | P50 | P95 | P99 | Generator CPU | Why |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
        *rows,
        "",
        "## Scalability",
        "",
        *(f"- {prose(line)}" for line in page.law),
        "",
        *(f"- {prose(note)}" for note in page.notes),
        prose(page.method),
        "",
        f"Exit code {page.exit_code}.",
    ]
    return "\n".join(lines) + "\n"
