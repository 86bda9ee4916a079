"""What a person sees while a run goes on: live on a terminal, a line every ten seconds when piped, nothing if quiet."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from readiness.load.phases import HOLD, RAMP, WARM_UP, phase_at
from readiness.measurements.histogram import merge
from readiness.text import clean
from readiness.text.redaction import for_terminal

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from readiness.load.assembly import Assembly
    from readiness.load.engine_plan import EnginePlan

LINE_EVERY_S = 10.0
_MAX_ROWS = 12


class Progress(Protocol):
    """Told of steps and of the load's state; must never raise."""

    def step(self, text: str) -> None:
        """A step that may take over a second begins."""
        ...

    def note(self, text: str) -> None:
        """Something that the user should read, and that stays."""
        ...

    def load(self, plan: EnginePlan, assembly: Assembly) -> None:
        """The load has new numbers."""
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class Silent:
    """For --quiet."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing: it is in the report's notes."""

    def load(self, plan: EnginePlan, assembly: Assembly) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Nothing to end."""


class Lines:
    """For logs: a line a step, and one every ten seconds of load, on standard error."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets
        self._last_s = time.monotonic()

    def step(self, text: str) -> None:
        """One line."""
        self._say(text)

    def note(self, text: str) -> None:
        """One line."""
        self._say(text)

    def load(self, plan: EnginePlan, assembly: Assembly) -> None:
        """One line every ten seconds."""
        now_s = time.monotonic()
        if now_s - self._last_s < LINE_EVERY_S or assembly.last is None:
            return
        self._last_s = now_s
        self._say(headline(plan, assembly))

    def close(self) -> None:
        """Nothing to end."""

    def _say(self, text: str) -> None:
        try:
            sys.stderr.write(for_terminal(f"readiness: {text}", self._secrets) + "\n")
            sys.stderr.flush()
        except OSError:
            pass  # nobody reads it any more; the run goes on


class Screen:
    """For a terminal: a table of endpoints, redrawn in place."""

    def __init__(self, secrets: Sequence[str]) -> None:
        from rich.console import Console
        from rich.live import Live

        self._secrets = secrets
        self._console = Console(stderr=True)
        self._live: Live = Live(console=self._console, transient=True, refresh_per_second=4)
        self._live.start()

    def step(self, text: str) -> None:
        """Show what is being done."""
        from rich.spinner import Spinner
        from rich.text import Text

        self._live.update(Spinner("dots", Text(f" {for_terminal(text, self._secrets)}")))

    def note(self, text: str) -> None:
        """A line above what moves."""
        from rich.text import Text

        self._console.print(Text(for_terminal(text, self._secrets)))

    def load(self, plan: EnginePlan, assembly: Assembly) -> None:
        """Draw the table anew."""
        self._live.update(_table(plan, assembly, self._secrets))

    def close(self) -> None:
        """Take the table away; the verdict comes next."""
        self._live.stop()


def choose(*, quiet: bool, secrets: Sequence[str] = ()) -> Progress:
    """The progress that fits where standard error goes; it never shows `secrets`."""
    if quiet:
        return Silent()
    return Screen(secrets) if sys.stderr.isatty() else Lines(secrets)


def headline(plan: EnginePlan, assembly: Assembly) -> str:
    """Users, rate, P95, errors and time left on one line."""
    last = assembly.last
    if last is None:
        return "waiting for the load generator"
    rows = assembly.totals_by_endpoint()
    ok = merge(*(row[2] for row in rows))
    failed = sum(row[3] for row in rows)
    p95_ms = ok.quantile_ms(0.95)
    p95 = "no answer yet" if p95_ms is None else f"P95 {p95_ms:,.1f} ms"
    rate = last.ended / last.at_s if last.at_s else 0.0
    left_s = max(plan.total_s - last.at_s, 0.0)
    parts = (f"{last.users} users", f"{rate:,.0f} requests/s", p95, f"{failed:,} failed", f"{left_s:.0f} s left")
    return f"{phase(plan, last.at_s)}: {', '.join(parts)}"


def phase(plan: EnginePlan, at_s: float) -> str:
    """The part of the load at `at_s`."""
    now = phase_at(plan.course, at_s)
    if now is None:
        return "draining"
    if now.kind == HOLD and now.step == plan.judged_step:
        return "judged"
    word = {RAMP: "ramp-up", WARM_UP: "warm-up", HOLD: "step"}[now.kind]
    unit = "users" if plan.rate_per_s is None else "/s"
    return f"{word} of {now.height:g} {unit}" if plan.phases else word


def _table(plan: EnginePlan, assembly: Assembly, secrets: Sequence[str]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(headline(plan, assembly)), title_justify="left", width=min(100, 80), box=None)
    table.add_column("Endpoint", no_wrap=True, overflow="ellipsis", ratio=1)
    for name in ("requests", "P50 ms", "P95 ms", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = sorted(assembly.totals_by_endpoint(), key=lambda row: -row[2].total)
    for scenario, name, ok, failed in rows[:_MAX_ROWS]:
        p50, p95 = (_ms(ok.quantile_ms(q)) for q in (0.5, 0.95))
        cells = (_shown(scenario, name, secrets), f"{ok.total + failed:,}", p50, p95, f"{failed:,}")
        table.add_row(*(Text(cell, style="red" if failed and index == 4 else "") for index, cell in enumerate(cells)))
    if len(rows) > _MAX_ROWS:
        table.add_row(Text(f"… and {len(rows) - _MAX_ROWS} more"))
    return table


def _shown(scenario: str, name: str, secrets: Sequence[str]) -> str:
    text = for_terminal(name, secrets)  # before anything is cut
    return clean(f"{scenario}  {text}", 60)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
