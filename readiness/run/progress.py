"""What a person sees while a run goes on: live on a terminal, a line every ten seconds when piped, nothing if quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from readiness.measurements.histogram import merge
from readiness.run.live.observer import Observer, phase
from readiness.text.numbers import count
from readiness.text.redaction import for_terminal

if TYPE_CHECKING:
    from rich.live import Live

    from readiness.load.assembly import Assembly
    from readiness.run.live.live_snapshot import Snapshot
    from readiness.run.plan import Plan

LINE_EVERY_S = 10.0


class Progress:
    """Told of steps and of the load's state; must never raise. This one, for --quiet, says nothing."""

    def step(self, text: str) -> None:
        """A step that may take over a second begins."""

    def note(self, text: str) -> None:
        """Something that the user should read, and that stays; it is in the report's notes too."""

    def load(self, plan: Plan, assembly: Assembly) -> None:
        """The load has new numbers."""

    def close(self) -> None:
        """Nothing more will come."""


class Lines(Progress):
    """For logs: a line a step, and one every ten seconds of load, on standard error."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets
        self._last_s = time.monotonic()

    def step(self, text: str) -> None:
        """One line."""
        try:
            sys.stderr.write(for_terminal(f"readiness: {text}", self._secrets) + "\n")
            sys.stderr.flush()
        except OSError:
            pass  # nobody reads it any more; the run goes on

    note = step

    def load(self, plan: Plan, assembly: Assembly) -> None:
        """One line every ten seconds."""
        now_s = time.monotonic()
        if now_s - self._last_s < LINE_EVERY_S or assembly.last is None:
            return
        self._last_s = now_s
        self.step(headline(plan, assembly))


class FullScreen(Progress):
    """For a terminal: the whole screen from the first numbers of the load to the end, drawn anew with each of them.

    It is drawn by whoever brings the numbers, about once a second, at the size that the terminal then has: no thread,
    and nothing is left over when the window was resized. Notes stay when the screen is given back.
    """

    def __init__(self, secrets: Sequence[str], observer: Observer, foot: str) -> None:
        from rich.console import Console

        self._secrets = secrets
        self._foot = foot
        self._observer = observer
        self._console = Console(stderr=True)
        self._spinner: Live | None = None
        self._shown: Snapshot | None = None
        self._step = ""
        self._notes: list[str] = []

    def step(self, text: str) -> None:
        """Show what is being done."""
        self._step = for_terminal(text, self._secrets)
        if self._shown is not None:
            self._draw()
            return
        from rich.live import Live
        from rich.spinner import Spinner
        from rich.text import Text

        spinner = Spinner("dots", Text(f" {self._step}"))
        if self._spinner is None:
            self._spinner = Live(console=self._console, transient=True, refresh_per_second=4)
            self._spinner.start()
        self._spinner.update(spinner)

    def note(self, text: str) -> None:
        """A line that stays above what moves; while the whole screen is ours, it is kept for afterwards."""
        from rich.text import Text

        line = for_terminal(text, self._secrets)
        if self._shown is None:
            self._console.print(Text(line))
        else:
            self._notes.append(line)
            self._draw()

    def load(self, plan: Plan, assembly: Assembly) -> None:
        """Draw the new numbers."""
        snapshot = self._observer.see(plan, assembly)
        if snapshot is None:
            return
        if self._shown is None:
            self._stop_spinner()
            self._console.set_alt_screen(True)
            self._console.show_cursor(False)
        self._shown, self._step = snapshot, ""
        self._draw()

    def close(self) -> None:
        """Give the screen back, with the notes; the verdict comes next."""
        from rich.text import Text

        self._stop_spinner()
        if self._shown is None:
            return
        self._shown = None
        try:
            self._console.show_cursor(True)
            self._console.set_alt_screen(False)
            for line in self._notes:
                self._console.print(Text(line))
        except OSError:
            pass
        self._notes = []

    def _draw(self) -> None:
        from readiness.run.live.screen import Screen

        if self._shown is None:
            return
        screen = Screen(self._shown, step=self._step, notes=self._notes, foot=self._foot)
        with suppress(OSError):  # the terminal is gone; the run goes on
            self._console.update_screen(screen)

    def _stop_spinner(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None


class Both(Progress):
    """Tells two."""

    def __init__(self, *both: Progress) -> None:
        self._all = both

    def step(self, text: str) -> None:
        """Tell both."""
        for each in self._all:
            each.step(text)

    def note(self, text: str) -> None:
        """Tell both."""
        for each in self._all:
            each.note(text)

    def load(self, plan: Plan, assembly: Assembly) -> None:
        """Tell both."""
        for each in self._all:
            each.load(plan, assembly)

    def close(self) -> None:
        """Tell both."""
        for each in self._all:
            each.close()


def headline(plan: Plan, assembly: Assembly) -> str:
    """Users, rate, P95, errors and time left on one line."""
    last, engine = assembly.last, plan.engine
    if last is None:
        return "waiting for the load generator"
    rows = assembly.totals_by_endpoint()
    ok = merge(*(row[2] for row in rows))
    failed = sum(sum(row[3].values()) for row in rows)
    p95_ms = ok.quantile_ms(0.95)
    p95 = "no answer yet" if p95_ms is None else f"P95 {p95_ms:,.1f} ms"
    rate = last.ended / last.at_s if last.at_s else 0.0
    left_s = max(engine.total_s - last.at_s, 0.0)
    parts = (count(last.users, "user"), f"{rate:,.0f} requests/s", p95, f"{failed:,} failed", f"{left_s:.0f} s left")
    return f"{phase(engine, last.at_s)}: {', '.join(parts)}"
