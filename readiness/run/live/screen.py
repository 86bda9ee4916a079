"""A snapshot as the lines of a terminal, of any width and height; colour is never the only sign."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from readiness.run.live.live_snapshot import LiveCheck, Snapshot, Standing
from readiness.text import numbers

BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = "_.,-=+*#"
_MARKS = {Standing.KEPT: ("✔", "+", "green"), Standing.BROKEN: ("✖", "x", "red"), Standing.OPEN: ("?", "?", "magenta")}
_WORDS = {Standing.KEPT: "inside", Standing.BROKEN: "over", Standing.OPEN: "open"}
_LEAST_ENDPOINTS = 3
_MOST_SPARK = 60


class Screen:
    """One picture of the load, as tall and as wide as it is given room."""

    def __init__(self, snapshot: Snapshot, *, step: str = "", notes: Sequence[str] = (), foot: str = "") -> None:
        self._at = snapshot
        self._step = step
        self._notes = notes
        self._foot = foot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Exactly `options.height` lines or fewer: what matters least is left out first."""
        width, height = options.max_width, options.height or console.size.height
        ascii_only = options.ascii_only
        head = [*self._head(width, ascii_only), *self._figures(width, ascii_only)]
        foot = [Text(note, style="bright_black") for note in self._notes[-2:]]
        foot.append(Text(self._foot or "Ctrl-C ends the run; what was measured is reported.", style="bright_black"))
        room = height - len(head) - len(foot)
        checks = self._checks(max(1, min(room - _LEAST_ENDPOINTS - 3, room // 3)), ascii_only)
        endpoints = self._endpoints(max(room - len(checks) - 2, 0))
        parts: list[Text | Table] = [*head]
        if endpoints is not None:
            parts += [Text(""), endpoints]
        parts += [Text(""), *checks, *foot]
        lines: list[list[Segment]] = []
        for part in parts:
            lines += console.render_lines(part, options.update(width=width, height=None, no_wrap=True), pad=False)
        if len(lines) > height:
            lines = lines[:height]
        for i, line in enumerate(lines):
            yield from line
            if i + 1 < len(lines):
                yield Segment.line()

    def _head(self, width: int, ascii_only: bool) -> list[Text]:
        at = self._at
        # A step is told when the load is over, or another one will come: no time is left of this one then.
        left = "the load has ended" if self._step else f"{at.left_s:.0f} s left of {numbers.duration(at.total_s)}"
        name = Text.assemble(("readiness ", "bright_black"), (at.service, "bold"), f"  {self._step or at.phase}")
        name.truncate(max(width - len(left) - 2, 8), overflow="ellipsis", pad=True)
        share = min(at.at_s / at.total_s, 1.0) if at.total_s else 1.0
        done = round(share * width)
        full, rest = ("#", ".") if ascii_only else ("━", "─")
        return [name.append(f"  {left}"), Text.assemble((full * done, "cyan"), (rest * (width - done), "bright_black"))]

    def _figures(self, width: int, ascii_only: bool) -> list[Text]:
        at = self._at
        of = "measured" if at.measured else "so far, not measured yet"
        lines = [
            _line("users", f"{at.users:,}", f"{at.requests:,} requests {of}, {at.in_flight:,} in flight", "", width)
        ]
        rate = at.history[-1].per_s if at.history else 0.0
        spark = sparkline([one.per_s for one in at.history], min(max(width - 26, 8), _MOST_SPARK), ascii_only)
        lines.append(_line("requests/s", numbers.number(rate, "/s"), spark, "cyan", width))
        for one in at.numbers:
            note = self._failures() if one.label == "failed" else ""
            if one.limit:
                mark, plain, colour = _MARKS[one.standing]
                word = f"{plain if ascii_only else mark} limit {one.limit}"
                lines.append(_line(one.label, one.value, word, colour, width, note))
            else:
                lines.append(_line(one.label, one.value, "no limit", "bright_black", width, note))
        return lines

    def _failures(self) -> str:
        return "  ".join(f"{name} {count:,}" for name, count in self._at.failures[:6])

    def _endpoints(self, room: int) -> Table | None:
        at = self._at
        if room < 2 or not at.endpoints:
            return None
        hidden = at.left_out + max(len(at.endpoints) - (room - 1), 0)
        shown = at.endpoints[: room - 1 - (1 if hidden else 0)]
        table = Table(box=None, show_edge=False, pad_edge=False, expand=True, padding=(0, 1, 0, 0), header_style="bold")
        table.add_column("endpoint", ratio=1, no_wrap=True, overflow="ellipsis")
        for name in ("requests", "failed", "P50 ms", "P95 ms", "P99 ms"):
            table.add_column(name, justify="right", no_wrap=True)
        for row in shown:
            cells = (f"{row.requests:,}", f"{row.failed:,}")
            latencies = ("-" if ms is None else numbers.number(ms, "ms") for ms in (row.p50_ms, row.p95_ms, row.p99_ms))
            style = "red" if row.failed else ""
            both = Text.assemble(row.name, (f"  {row.scenario}", "bright_black"))
            table.add_row(both, Text(cells[0]), Text(cells[1], style), *latencies)
        if hidden:
            table.add_row(Text(f"and {at.left_out + len(at.endpoints) - len(shown):,} more", style="bright_black"))
        return table

    def _checks(self, room: int, ascii_only: bool) -> list[Text]:
        at = self._at
        words = Text("checks so far ", style="bold")
        if not at.checks:
            when = "when the measurement window has begun" if not at.measured else "none of the load"
            return [words.append(f" {when}", style="not bold")]
        tally = {Standing.KEPT: "proven", Standing.BROKEN: "broken", Standing.OPEN: "open"}
        for standing, word in tally.items():
            mark, plain, colour = _MARKS[standing]
            words.append(f"  {plain if ascii_only else mark} {at.count(standing)} {word}", style=f"not bold {colour}")
        if at.judged_later:
            words.append(f"  {at.judged_later} more after the load", style="not bold bright_black")
        return [words, *(_check(one, ascii_only) for one in at.checks[: max(room - 1, 0)])]


def sparkline(values: Sequence[float], width: int, ascii_only: bool = False) -> str:
    """The last `width` values as bars from 0 to their largest."""
    bars = _ASCII_BARS if ascii_only else BARS
    shown = values[-width:]
    most = max(shown, default=0.0)
    return "".join(bars[round(value / most * (len(bars) - 1)) if most > 0 else 0] for value in shown)


def _check(check: LiveCheck, ascii_only: bool) -> Text:
    mark, plain, colour = _MARKS[check.standing]
    line = Text.assemble((f"{plain if ascii_only else mark} ", colour), f"{check.title}  {check.limit}")
    line.truncate(200, overflow="ellipsis")
    return line


def _line(label: str, value: str, words: str, style: str, width: int, note: str = "") -> Text:
    line = Text.assemble((f"{label:<11}", "bright_black"), (f"{value:>12}", "bold"), "  ", (words, style))
    if note:
        line.append(f"   {note}", style="red")
    line.truncate(width, overflow="ellipsis")
    return line
