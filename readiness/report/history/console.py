"""Many runs on a terminal: 80 columns, without colour, in ASCII where it must be."""

from __future__ import annotations

from readiness.report.history.sheet import HistoryRow, HistorySheet
from readiness.report.plain_lines import marked, printed

_MOST = 20


def summary(page: HistorySheet, *, ascii: bool = False) -> str:  # noqa: A002 - the word that says it
    """The newest runs oldest first, notes, trend, and last the newest decision: that stays on the screen."""
    lines = [f"{'Ended (UTC)':<17}{'Decision':<16}{'Score':>6}{'P95':>12}{'Failed':>9}  {'Commit':<12}"]
    for row in reversed(page.rows[:_MOST]):
        lines += _lines(row, ascii=ascii)
    older = len(page.rows) + page.hidden - _MOST
    if older > 0:
        lines.append(f"and {older:,} older, in the page")
    lines += ["", *page.notes]
    lines += [f"{status.ascii if ascii else status.shape} {text}" for status, text in page.trend]
    lines.append(f"{marked(page.status, ascii=ascii)}: {page.reason}")
    return printed(lines, ascii=ascii)


def last_line(page: HistorySheet) -> str:
    """The line that machines read."""
    drifting = ",".join(drift.name.replace(" ", "_") for drift in page.drifts if drift.worse) or "none"
    runs = len(page.rows) + page.hidden
    return f"readiness: history={runs} latest={page.status.word.replace(' ', '_')} drift={drifting}"


def _lines(row: HistoryRow, *, ascii: bool) -> list[str]:  # noqa: A002
    word = marked(row.status, ascii=ascii)
    line = f"{row.when[:16]:<17}{word:<16}{row.score:>6}{row.p95:>12}{row.failed:>9}  {row.commit:<12}".rstrip()
    return [line, f"  {row.run_id}: {row.problem}"] if row.problem else [line]
