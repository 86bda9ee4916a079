"""The verdict on a terminal: 80 columns, readable without colour and in ASCII.

Every line starts with a border of ours: a CI runner obeys lines that start with `::`, and text from outside may wrap
anywhere.
"""

from __future__ import annotations

import re

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from readiness.judge.verdict import Verdict
from readiness.report.status import Status
from readiness.report.view import words
from readiness.report.view.page import Page, build
from readiness.text import clean, obeyed_by_nobody

WIDTH = 80
MANY = 4
_COUNTED = re.compile(r" \([\d,]+×\)$")
"""How a note ends that counts failures of one kind (readiness/run.py)."""
_ASCII = str.maketrans({"…": "...", "–": "-", "—": "-", "×": "x", "≥": ">=", "≤": "<=", "·": "-", "’": "'", "µ": "u"})


def summary(verdict: Verdict, *, ascii: bool = False) -> RenderableType:  # noqa: A002 - the word that says it
    """Decision, checks, what is worst and what comes next."""
    page, in_ascii = build(verdict), ascii
    parts: list[RenderableType] = [_decision(page, in_ascii)]
    if page.checks:
        parts.append(_checks(page, in_ascii))
    details = _details(page, in_ascii)
    if details:
        parts.append(Panel(Group(*details), box=_box(in_ascii), width=WIDTH, border_style="bright_black"))
    return Group(*parts)


def quiet_line(verdict: Verdict) -> str:
    """One line; it starts with our own name."""
    return f"readiness: {verdict.decision}, run {obeyed_by_nobody(clean(verdict.run_id))}, {quiet_words(verdict)}"


def quiet_words(verdict: Verdict) -> str:
    """Score, tally and reason: what follows the machines' words on the one line of `--quiet`."""
    return (
        f"score {words.score(verdict)} (coverage {words.coverage(verdict)}), {words.tally(verdict)}: "
        f"{obeyed_by_nobody(clean(verdict.reason))}"
    )


def _plain(text: str, in_ascii: bool) -> str:
    text = obeyed_by_nobody(text)
    return text.translate(_ASCII).encode("ascii", "replace").decode() if in_ascii else text


def _box(in_ascii: bool) -> box.Box:
    return box.ASCII if in_ascii else box.ROUNDED


def _mark(status: Status, in_ascii: bool) -> Text:
    return Text(f"{status.ascii if in_ascii else status.shape} {status.word}", style=f"bold {status.colour}")


def _decision(page: Page, in_ascii: bool) -> Panel:
    of = " of 100" if page.score_points else ""
    text = Text.assemble(
        _mark(page.decision, in_ascii),
        "\n",
        _plain(page.meaning, in_ascii),
        "\n",
        _plain(f"{page.reason} {page.cause}".strip(), in_ascii),
        "\n",
        (
            _plain(f"Score {page.score}{of} ({page.score_range}), coverage {page.coverage}; {page.tally}", in_ascii),
            "bold",
        ),
    )
    title = Text(_plain(f"readiness: {page.service[:50]}", in_ascii))
    return Panel(
        text, title=title, title_align="left", box=_box(in_ascii), width=WIDTH, border_style=page.decision.colour
    )


def _checks(page: Page, in_ascii: bool) -> Table:
    table = Table(box=_box(in_ascii), width=WIDTH, show_lines=False, border_style="bright_black", header_style="bold")
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


def _details(page: Page, in_ascii: bool) -> list[RenderableType]:
    against = tuple(f"{item.title}: {item.against}" for item in page.worst)
    missing = _by_reason(page)
    waivers = tuple(f"{w.title}: by {w.owner} until {w.expires}: {w.reason}" for w in page.release.waivers)
    parts: list[RenderableType] = []
    for heading, lines, most in (
        ("Waivers", waivers, 5),
        ("Doubts about this run", page.doubts, 5),
        ("What failed requests told", tuple(note for note in page.notes if _COUNTED.search(note)), 3),
        ("Farthest from target", against, 3),
        ("Not measured", missing, 5),
        ("Conditions", page.conditions, 10),
        ("What would change the decision", page.outlook.change, 2),
        ("Next: what blocks, then by points", page.next_short, 3),
    ):
        if lines:
            parts += [Text(heading, style="bold"), _list(lines, most, in_ascii)]
    return parts


def _by_reason(page: Page) -> tuple[str, ...]:
    """What was not measured, one line for each reason; a reason that is a doubt stands above already."""
    titles: dict[str, list[str]] = {}
    for item in page.unmeasured:
        titles.setdefault(item.reason, []).append(item.title)
    told = [doubt.rstrip(".") for doubt in page.doubts]
    return tuple(
        f"{', '.join(names)}{': ' if len(names) < MANY else f' ({len(names)} checks): '}"
        f"{'for the reason above' if reason.rstrip('.') in told else reason}"
        for reason, names in titles.items()
    )


def _list(lines: tuple[str, ...], most: int, in_ascii: bool) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column(overflow="fold")
    for line in lines[:most]:
        grid.add_row("-", Text(_plain(line, in_ascii)))
    if len(lines) > most:
        grid.add_row("-", f"and {len(lines) - most:,} more in the report")
    return grid
