"""Many runs on a terminal: 80 columns, without colour, in ASCII where it must be."""

from __future__ import annotations

import textwrap

from readiness.report.history.sheet import HistoryRow, HistorySheet
from readiness.report.workflow_commands import harmless
from readiness.text.plain_ascii import plain_ascii

_WIDTH = 80
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
    lines.append(f"{page.status.ascii if ascii else page.status.shape} {page.status.word}: {page.reason}")
    text = "\n".join(piece for line in lines for piece in _wrapped(line))
    return plain_ascii(text) if ascii else text


def last_line(page: HistorySheet) -> str:
    """The line that machines read."""
    drifting = ",".join(drift.name.replace(" ", "_") for drift in page.drifts if drift.worse) or "none"
    runs = len(page.rows) + page.hidden
    return f"readiness: history={runs} latest={page.status.word.replace(' ', '_')} drift={drifting}"


def _lines(row: HistoryRow, *, ascii: bool) -> list[str]:  # noqa: A002
    mark = row.status.ascii if ascii else row.status.shape
    word = f"{mark} {row.status.word}"
    line = f"{row.when[:16]:<17}{word:<16}{row.score:>6}{row.p95:>12}{row.failed:>9}  {row.commit:<12}".rstrip()
    return [line, f"  {row.run_id}: {row.problem}"] if row.problem else [line]


def _wrapped(line: str) -> list[str]:
    """At most 80 columns; a continued line is indented below its own text."""
    line = harmless(line)
    if len(line) <= _WIDTH:
        return [line]
    return textwrap.wrap(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
