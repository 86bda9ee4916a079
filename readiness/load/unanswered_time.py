"""How much of the measurement window went to requests that were never answered: see measurements/lost_time.py."""

from __future__ import annotations

from readiness.load.ticket import Ticket
from readiness.measurements.lost_time import HALF, LostTime
from readiness.measurements.run import OWN_FAULTS


class UnansweredTime:
    """Of one engine; times are `perf_counter` seconds."""

    def __init__(self) -> None:
        self._requests = 0
        self._time_s = 0.0
        self._before_s: list[float] = []
        """Time in the window of those that began before it: at most one of each user at a time."""

    def note(self, call: Ticket, end_s: float, window_s: tuple[float, float], failure: str | None = None) -> None:
        """`call` ended at `end_s` without a complete answer; it is of no concern outside the window.

        A stream that told something was answered, however it ended.
        """
        inside_s = min(end_s, window_s[1]) - max(call.start_s, window_s[0])
        if inside_s <= 0 or failure in OWN_FAULTS or (call.stream is not None and call.stream.events):
            return
        self._requests += 1
        self._time_s += inside_s
        if call.start_s < window_s[0]:
            self._before_s.append(inside_s)

    def total(self, window_s: float) -> LostTime:
        """Over a window that lasted `window_s`."""
        long = sum(inside_s >= HALF * window_s for inside_s in self._before_s)
        return LostTime(self._requests, self._time_s, long)
