"""The database's part of one run: during the load and after it. What fails becomes a reason, never a crash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from readiness import database
from readiness.config.model import Database
from readiness.database import under_load
from readiness.measurements.database import Activity
from readiness.measurements.run import Measurement
from readiness.measurements.writes import WriteBook

if TYPE_CHECKING:
    from readiness.database.activity import JudgedWindow

NO_DATABASE = "READINESS_DATABASE_URL is not set"
POLL_S = 0.1
GRACE_S = 25.0
"""How long after the load the activity may still take: time-outs, and the wait for the server's counters."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Where to look, and for what. `url` is None where there is no database to look at."""

    url: str | None
    section: Database
    wanted: AbstractSet[str]
    interrupted: Callable[[], str | None]
    """The name of the signal that came, asked all the time."""
    writer_allowed: bool = False

    def before(self) -> Mapping[str, Fraction | str]:
        """The numbers before the load whose change is judged."""
        if self.url is None:
            return {}
        return database.before_load(self.url, self.section, self.wanted, writer_allowed=self.writer_allowed)

    def start_watching(self, pool: ThreadPoolExecutor, window: JudgedWindow) -> Future[Activity | None]:
        """Begin to look at the sessions beside the load."""
        return pool.submit(self._watch, window)

    def under_load(self, activity: Activity | None) -> tuple[Measurement, ...]:
        """What the sessions and the counters say."""
        if activity is None:
            return under_load.unavailable(NO_DATABASE, self.wanted)
        return under_load.measurements(activity, self.wanted)

    def after(self, before: Mapping[str, Fraction | str], book: WriteBook | None) -> tuple[Measurement, ...]:
        """Counts, invariants, structure and the writes of the load, after it."""
        wanted = self.wanted - under_load.METRICS
        if not any(name.startswith(("data.", "database.")) for name in wanted):
            return ()
        if self.url is None:
            return database.unavailable(NO_DATABASE, self.section, wanted)
        url, section = self.url, self.section
        found: list[tuple[Measurement, ...]] = []
        # A daemon: when a signal comes, a query that takes long is left to its own deadline.

        def look() -> None:
            found.append(
                database.measure(
                    url,
                    section,
                    wanted,
                    before=before,
                    book=book,
                    stop=lambda: self.interrupted() is not None,
                    writer_allowed=self.writer_allowed,
                )
            )

        looking = threading.Thread(target=look, daemon=True)
        if self.interrupted() is None:
            looking.start()
        while looking.is_alive() and self.interrupted() is None:
            looking.join(POLL_S)
        if found:
            return found[0]
        return database.unavailable(f"the run was ended by {self.interrupted() or 'a fault of ours'}", section, wanted)

    def _watch(self, window: JudgedWindow) -> Activity | None:
        if self.url is None:
            return None
        from readiness.database import activity

        wait = not self.wanted.isdisjoint(under_load.NEEDS_SETTLED)
        return activity.watch(self.url, window, wait_for_counters=wait, stop=lambda: self.interrupted() is not None)
