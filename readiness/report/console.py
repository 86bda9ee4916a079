"""The verdict on a terminal: evidence first and the answer last, because the last lines stay on the screen.

Readable without colour and in ASCII. Every line starts with a border of ours: a CI runner obeys lines that start with
`::`, and text from outside may wrap anywhere.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from functools import partial

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from readiness.judge.inconclusive import Cause
from readiness.judge.verdict import Verdict
from readiness.report.status import Status
from readiness.report.view import words
from readiness.report.view.page import Page, build
from readiness.report.view.problems import Shortfall
from readiness.report.workflow_commands import harmless
from readiness.text import clean
from readiness.text.numbers import count
from readiness.text.plain_ascii import plain_ascii

_WIDTH = 80
_MOST_ENDPOINTS, MOST_SHORTFALLS, _MOST_STEPS, MOST_DOUBTS = 5, 4, 3, 2
_MOST_REASON_LINES = 8
_LONGEST = 600
"""Characters of one line's text: six short lines say more than one that fills the screen."""
_SHORT = ("P50", "P95", "P99")


def summary(
    verdict: Verdict,
    *,
    ascii: bool = False,  # noqa: A002 - the word that says it
    width: int = _WIDTH,
    verbose: bool = False,
) -> RenderableType:
    """Endpoints, what did not pass, what to do, then the decision; `verbose` lists every check first."""
    page, in_ascii = build(verdict), ascii
    if verdict.inconclusive_cause == Cause.UNREACHABLE and not verbose:
        return _unreachable(page, in_ascii, width)
    parts: list[RenderableType] = []
    if verbose and page.checks:
        parts.append(_checks(page, in_ascii, width))
    details = [*_endpoints(page, in_ascii, every=verbose), *_details(page, in_ascii, every=verbose)]
    if details:
        parts.append(Panel(Group(*details), box=_box(in_ascii), width=width, border_style="bright_black"))
    return Group(*parts, _decision(page, in_ascii, width))


def quiet_line(verdict: Verdict) -> str:
    """One line with decision, score, tally and reason; it starts with our own name."""
    return (
        f"readiness: {verdict.decision}, run {harmless(clean(verdict.run_id))}, "
        f"score {words.score(verdict)} (coverage {words.coverage(verdict)}), {words.tally(verdict)}: "
        f"{harmless(clean(verdict.reason))}"
    )


def _plain(text: str, in_ascii: bool) -> str:
    text = harmless(text)
    return plain_ascii(text) if in_ascii else text


def _box(in_ascii: bool) -> box.Box:
    return box.ASCII if in_ascii else box.ROUNDED


def _mark(status: Status, in_ascii: bool, *, word: bool = True) -> Text:
    shape = status.ascii if in_ascii else status.shape
    return Text(f"{shape} {status.word}" if word else shape, style=f"bold {status.colour}")


def _decision(page: Page, in_ascii: bool, width: int) -> Panel:
    of = " of 100" if page.score_points else ""
    text = Text.assemble(
        _mark(page.decision, in_ascii),
        (_plain(f"  Score {page.score}{of}  exit {page.exit_code}", in_ascii), "bold"),
        "\n",
        _plain(" ".join(page.lead), in_ascii),
        "\n",
        _plain(page.meaning, in_ascii),
    )
    title = Text(_plain(f"readiness: {page.service[:50]}", in_ascii))
    return Panel(
        text, title=title, title_align="left", box=_box(in_ascii), width=width, border_style=page.decision.colour
    )


def _unreachable(page: Page, in_ascii: bool, width: int) -> Text:
    """Nothing was measured: what, why and what to do, in four lines of 80 columns where the reason has no way out."""
    why = next((text for text in (*page.doubts, *page.why_failed) if text), " ".join(page.lead))
    why = f"{why[:1].upper()}{why[1:]}"
    fold = partial(textwrap.wrap, width=max(width - 2, 20), placeholder=" …")
    said = fold(why, max_lines=_MOST_REASON_LINES)
    said += [line for step in page.first_steps[:1] for line in fold(step.text, max_lines=2)]
    border = "|" if in_ascii else "│"
    head = Text.assemble(
        (f"{border} ", page.decision.colour),
        _mark(page.decision, in_ascii),
        (_plain(f"  {page.service[:40]}  exit {page.exit_code}", in_ascii), "bold"),
    )
    for line in said:
        head.append(f"\n{border} ", style=page.decision.colour).append(_plain(line, in_ascii))
    return head


def _checks(page: Page, in_ascii: bool, width: int) -> Table:
    table = Table(box=_box(in_ascii), width=width, show_lines=False, border_style="bright_black", header_style="bold")
    table.add_column("Status", width=16, no_wrap=True)
    table.add_column("Metric", ratio=1, overflow="fold")
    table.add_column("Target", justify="right", max_width=12, overflow="fold")
    table.add_column("Current", justify="right", max_width=14, overflow="fold")
    for row in page.checks:
        title = Text(_plain(row.title, in_ascii))
        if "@" in row.key:
            title.append(_plain(f" {row.key[row.key.index('@') :]}", in_ascii), style="bright_black")
        table.add_row(
            _mark(row.status, in_ascii),
            title,
            Text(_plain(row.target, in_ascii)),
            Text(_plain(row.current, in_ascii), style="bold"),
        )
    return table


def _endpoints(page: Page, in_ascii: bool, *, every: bool) -> list[RenderableType]:
    """Those with failures and the longest P99 first; a row each, so that ten users of a path are one line."""
    if not page.endpoints:
        return []
    at = [page.latencies.index(name) for name in _SHORT]
    rows = page.slowest if not every else page.endpoints
    shown = rows if every else rows[:_MOST_ENDPOINTS]
    names = Counter(row.name for row in shown)
    table = Table(box=None, show_edge=False, pad_edge=False, header_style="bold", expand=True, padding=(0, 1, 0, 0))
    table.add_column("Endpoint", ratio=1, no_wrap=True, overflow="crop" if in_ascii else "ellipsis")
    for name in ("n", "failed", *(f"{name} ms" for name in _SHORT)):
        table.add_column(name, justify="right", no_wrap=True)
    for row in shown:
        cells = (row.requests, row.failures, *(row.latencies[i] for i in at))
        name = row.name if names[row.name] == 1 else f"{row.name} ({row.scenario})"
        table.add_row(*(Text(_plain(cell, in_ascii)) for cell in (name, *cells)))
    left = len(rows) - len(shown)
    more = [Text(f"and {count(left, 'more endpoint')} (--verbose)", style="bright_black")] if left > 0 else []
    return [table, *more, Text("")]


def _details(page: Page, in_ascii: bool, *, every: bool) -> list[RenderableType]:
    """What did not pass, one line each; then what to do."""
    parts: list[RenderableType] = []
    wrong = [check for problem in page.problems for check in problem.checks if every or not problem.minor]
    wrong = [check for check in wrong if check.together]
    lines = [(_mark(check.status, in_ascii, word=False), _against(check)) for check in wrong]
    left = 0 if every else max(len(lines) - MOST_SHORTFALLS, 0)
    lines = lines[: len(lines) - left]
    if left:
        lines.append((Text(""), f"and {left:,} more"))
    if lines:
        parts.append(_list(lines, in_ascii))
    hint = "" if every else " (--verbose lists all)"
    parts.append(Text(_plain(f"{page.tally}{hint}", in_ascii), style="bold"))
    most = None if every else MOST_DOUBTS
    doubts = [(Text("-"), doubt) for doubt in page.doubts[:most]]
    why_failed = tuple(dict.fromkeys((*page.why_failed, *page.failed_outside)))
    failed = [(Text("-"), text) for text in why_failed[:_MOST_STEPS]]
    if len(why_failed) > _MOST_STEPS:
        failed.append((Text("-"), f"and {len(why_failed) - _MOST_STEPS:,} more in the report"))
    steps = [(Text(f"{i}."), step.text) for i, step in enumerate(page.first_steps[:_MOST_STEPS], 1)]
    causes = [(Text("-"), cause) for cause in page.causes if cause not in why_failed]
    sections = (
        ("Doubts about this run", doubts),
        ("Why requests failed", failed),
        ("Other causes" if failed else "Cause", causes),
        ("Do first", steps),
    )
    for title, told in sections:
        if told:
            parts += [Text(title, style="bold"), _list(told, in_ascii)]
    return parts


def _against(check: Shortfall) -> str:
    return f"{check.together}  {check.against} ({check.effect})"


def _list(lines: list[tuple[Text, str]], in_ascii: bool) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=2)
    grid.add_column(overflow="fold")
    for mark, text in lines:
        short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        grid.add_row(mark, Text(_plain(short, in_ascii)))
    return grid
