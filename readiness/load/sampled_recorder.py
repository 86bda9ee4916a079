"""The recorder of a run with `--samples`: as the other one, and it keeps a row of each request until it is taken.

A class of its own: a run without the flag has nothing of it, not even a question per request.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from readiness.load.engine_events import Cell
from readiness.load.recorder import Recorder
from readiness.load.request_rows import DROPPED, IN_FLIGHT, RequestRows
from readiness.load.ticket import Ticket

_MOST_ROWS = 500
"""Of one event: what is written at once is a pause of every user."""

_Kept = tuple[float, float, tuple[str, str], int, str]
"""Start and end in s (an end below 0 is none), identity, status, failure or nothing."""


class SampledRecorder(Recorder):
    """Counts as Recorder does."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[_Kept] = []
        self._began_s = time.time() - time.perf_counter()

    def end(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        """See CallRecorder."""
        if call in self._open_calls:
            self._kept.append((call.start_s, end_s, self.counted_as(call), call.status_code, failure or ""))
        elif call in self._answered:
            ended_s = self._answered[call][0]
            self._kept.append((call.start_s, ended_s, self.counted_as(call), call.status_code, failure or ""))
        super().end(call, end_s, failure, detail)

    def drop(self, due_s: float, *, unanswered: bool = False) -> None:
        """As Recorder.drop."""
        super().drop(due_s, unanswered=unanswered)
        self._kept.append((due_s, -1.0, ("", ""), 0, DROPPED))

    def close(self, end_s: float) -> dict[Cell, int]:
        """As Recorder.close."""
        self._settle(list(self._answered))
        self._kept += [(call.start_s, -1.0, self.counted_as(call), 0, IN_FLIGHT) for call in self._open_calls]
        return super().close(end_s)

    def take_rows(self) -> RequestRows | None:
        """At most _MOST_ROWS of the oldest rows that were not taken; None when there is none."""
        if not self._kept:
            return None
        taken, self._kept = self._kept[:_MOST_ROWS], self._kept[_MOST_ROWS:]
        names: dict[tuple[str, str], int] = {}
        failures: dict[str, int] = {}
        rows = []
        for start_s, end_s, identity, status, failure in taken:
            rows.append(
                (
                    round((start_s + self._began_s) * 1e6),
                    names.setdefault(identity, len(names)),
                    max(round((end_s - start_s) * 1e6), 0) if end_s >= 0 else -1,
                    min(max(status or 0, 0), 999),
                    failures.setdefault(failure, len(failures)) if failure else -1,
                    1 if self.judged_from_s <= start_s < self.judged_until_s else 0,
                )
            )
        return RequestRows(list(names), list(failures), rows)


def send_rows(recorder: Recorder, send: Callable[[RequestRows], None]) -> None:
    """Hand on what was kept, in pieces; nothing without `--samples`."""
    if isinstance(recorder, SampledRecorder):
        while rows := recorder.take_rows():
            send(rows)
