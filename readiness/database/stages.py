"""The database's part of one run: during the load and after it. What fails becomes a reason, never a crash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from readiness import database
from readiness.config.model import Database
from readiness.database import under_load
from readiness.database.before_load import BeforeLoad
from readiness.errors import NotMeasured
from readiness.measurements.database import Activity
from readiness.measurements.run import Measurement
from readiness.measurements.writes import WriteBook, WritePart, WritesFound

if TYPE_CHECKING:
    from readiness.database.activity import JudgedWindow
    from readiness.database.restored_rows import BeforeRestore, Restored

T = TypeVar("T")
NO_DATABASE = "READINESS_DATABASE_URL is not set"
_POLL_S = 0.1
_GRACE_S = 25.0
"""How long after the load the activity may still take: time-outs, and the wait for the server's counters."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Which database is read, and for what. `url` is None where there is none."""

    url: str | None
    section: Database
    wanted: AbstractSet[str]
    interrupted: Callable[[], str | None]
    """The name of the signal that came, asked all the time."""
    writer_allowed: bool = False

    def before(self) -> BeforeLoad:
        """The numbers before the load whose change is judged."""
        if self.url is None:
            return BeforeLoad()
        url = self.url
        asked = self._aside(
            lambda: database.before_load(url, self.section, self.wanted, writer_allowed=self.writer_allowed)
        )
        return BeforeLoad() if asked is None else asked

    def local_port(self) -> int | None:
        """Where the server listens, if it is on this machine. Raises ConfigError."""
        if self.url is None:
            return None
        from readiness.database.address import local_port

        return local_port(self.url)

    def start_watching(self, window: JudgedWindow) -> Callable[[], Activity | None]:
        """Begin to sample the sessions beside the load; the answer gives what was seen, once the load is over."""
        if self.url is None:
            return lambda: None
        from readiness.database import activity

        url, seen, ended = self.url, activity.ActivitySeen(), SimpleQueue[Activity | Exception]()

        def watch() -> None:
            wait = not self.wanted.isdisjoint(under_load.NEEDS_SETTLED)
            stop = lambda: self.interrupted() is not None  # noqa: E731
            try:
                ended.put(activity.watch(url, window, wait_for_counters=wait, stop=stop, seen=seen))
            except Exception as error:  # raised again below, where somebody waits for it
                ended.put(error)

        threading.Thread(target=watch, daemon=True).start()

        def result() -> Activity:
            try:
                found = ended.get(timeout=_GRACE_S)
            except Empty:
                return seen.result(f"sampling the database did not end within {_GRACE_S:g} s after the load")
            if isinstance(found, Exception):
                raise found
            return found

        return result

    def under_load(self, activity: Activity | None) -> tuple[Measurement, ...]:
        """What the sessions and the counters say."""
        if activity is None:
            return under_load.unavailable(NO_DATABASE, self.wanted)
        return under_load.measurements(activity, self.wanted)

    def after(self, before: BeforeLoad, book: WriteBook | None) -> tuple[Measurement, ...]:
        """Counts, invariants, structure and the writes of the load, after it."""
        wanted = self.wanted - under_load.UNDER_LOAD_METRICS
        if not any(name.startswith(("data.", "database.")) for name in wanted):
            return ()
        if self.url is None:
            return database.unavailable(NO_DATABASE, self.section, wanted)
        url, section = self.url, self.section
        found = self._aside(
            lambda: database.measure(
                url,
                section,
                wanted,
                before=before,
                book=book,
                stop=lambda: self.interrupted() is not None,
                writer_allowed=self.writer_allowed,
            )
        )
        if found is not None:
            return found
        return database.unavailable(f"the run was ended by {self.interrupted() or 'a fault of ours'}", section, wanted)

    def of_drills(self, book: WriteBook, parts: Mapping[str, WritePart]) -> Mapping[str, WritesFound]:
        """The rows against the writes of each drill. Raises NotMeasured."""
        if self.url is None:
            raise NotMeasured(NO_DATABASE)
        if self.section.writes is None:
            raise NotMeasured("the file does not say where the writes are; give it database.writes")
        url, section = self.url, self.section

        def ask() -> Mapping[str, WritesFound]:
            from readiness.database.writes import reconcile_parts

            return reconcile_parts(url, section, book, parts, lambda: self.interrupted() is not None)

        return self._known(ask)

    def before_restore(self, scratch_url: str) -> BeforeRestore:
        """The service's rows and schema, before a backup is restored into the scratch database. Raises NotMeasured."""
        from readiness.database.restored_rows import before
        from readiness.metrics.restore import ROWS_CHANGED

        if self.url is None:
            raise NotMeasured(NO_DATABASE)
        url = self.url
        return self._known(lambda: before(url, scratch_url, self.section, contents=ROWS_CHANGED in self.wanted))

    def after_restore(self, scratch_url: str, known: BeforeRestore, wanted: AbstractSet[str]) -> Restored:
        """What was restored, with the metrics in `wanted`. Raises NotMeasured."""
        from readiness.database.restored_rows import after

        if self.url is None:
            raise NotMeasured(NO_DATABASE)
        url = self.url
        return self._known(lambda: after(url, scratch_url, self.section, known, wanted))

    def _known(self, ask: Callable[[], T]) -> T:
        """The answer. Raises NotMeasured, also when a signal comes first."""
        failed: list[NotMeasured] = []

        def asked() -> T | None:
            try:
                return ask()
            except NotMeasured as error:
                failed.append(error)
                return None

        found = self._aside(asked)
        if found is None:
            raise (
                failed[0] if failed else NotMeasured(f"the run was ended by {self.interrupted() or 'a fault of ours'}")
            )
        return found

    def _aside(self, ask: Callable[[], T]) -> T | None:
        """The answer; None when a signal came first or on a fault of ours. What is under way ends by its limits."""
        found: list[T] = []
        asking = threading.Thread(target=lambda: found.append(ask()), daemon=True)
        if self.interrupted() is None:
            asking.start()
        while asking.is_alive() and self.interrupted() is None:
            asking.join(_POLL_S)
        return found[0] if found else None
