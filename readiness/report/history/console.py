"""Many runs on a terminal: 80 columns, without colour, in ASCII where it must be."""

from __future__ import annotations

from readiness.report.history.sheet import HistoryRow, HistorySheet
from readiness.report.plain_lines import marked, printed

_MOST = 20
_TARGET = 18
"""Columns of a target."""


def summary(page: HistorySheet, *, ascii: bool = False) -> str:  # noqa: A002 - the word that says it
    """The newest runs oldest first, notes, trend, and last the newest decision: that stays on the screen."""
    several = page.targets > 1
    last = "Target" if several else "Commit"
    lines = [f"{'Ended (UTC)':<17}{'Decision':<16}{'Score':>6}{'P95':>12}{'Failed':>9}  {last}"]
    for row in reversed(page.rows[:_MOST]):
        lines += _lines(row, _target(row.target) if several else row.commit, ascii=ascii)
    older = len(page.rows) + page.hidden - _MOST
    if older > 0:
        lines.append(f"and {older:,} older, in the page")
    lines += ["", *page.notes]
    lines += [f"{status.ascii if ascii else status.shape} {text}" for status, text in page.trend]
    lines.append(f"{marked(page.status, ascii=ascii)}: {page.reason}")
    return printed(lines, ascii=ascii)


def last_line(page: HistorySheet) -> str:
    """The line that machines read."""
    known = all(drift.course is not None for drift in page.drifts)
    drifting = ",".join(drift.name.replace(" ", "_") for drift in page.drifts if drift.worse)
    drifting = drifting or ("none" if known else "unknown")
    runs = len(page.rows) + page.hidden
    return f"readiness: history={runs} latest={page.status.word.replace(' ', '_')} drift={drifting}"


def _target(target: str) -> str:
    """What fits of it: without its scheme, the end of it, in which neighbours on one machine differ."""
    shown = target.partition("://")[2] or target
    return shown if len(shown) <= _TARGET else f"~{shown[1 - _TARGET :]}"


def _lines(row: HistoryRow, last: str, *, ascii: bool) -> list[str]:  # noqa: A002
    word = marked(row.status, ascii=ascii)
    line = f"{row.when[:16]:<17}{word:<16}{row.score:>6}{row.p95:>12}{row.failed:>9}  {last}".rstrip()
    return [line, f"  {row.run_id}: {row.problem}"] if row.problem else [line]
