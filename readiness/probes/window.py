"""The measurement window as probes see it: a signal across threads, told by whoever drives the load."""

from __future__ import annotations

import time
from threading import Condition


class Window:
    """Begins at most once and ends once; it may end without having begun (the load stopped early)."""

    def __init__(self) -> None:
        self._changed = Condition()
        self.begin_s: float | None = None
        """Monotonic seconds at which the window began."""
        self.end_s: float | None = None
        """Monotonic seconds at which the window ended or the load stopped."""

    def begin(self) -> None:
        """The measurement window began; ignored the second time and after the end."""
        with self._changed:
            if self.begin_s is None and self.end_s is None:
                self.begin_s = time.monotonic()
                self._changed.notify_all()

    def end(self) -> None:
        """The measurement window ended, or the load stopped; ignored the second time."""
        with self._changed:
            if self.end_s is None:
                self.end_s = time.monotonic()
                self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to sample."""
        return self.end_s is not None

    def ended_before(self, seconds: float) -> bool:
        """Whether the end lies more than so many seconds back."""
        return self.end_s is not None and time.monotonic() - self.end_s > seconds

    @property
    def judging(self) -> bool:
        """Whether the measurement window is open now."""
        return self.begin_s is not None and self.end_s is None

    def wait_begin(self, timeout_s: float | None = None) -> bool:
        """Wait until the window begins; False when the time is over, and at once when the window has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.begin_s is not None or self.ended, timeout_s)
            return self.judging

    def wait_end(self, timeout_s: float | None = None) -> bool:
        """Wait until the window ends; False when the time is over first."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ended, timeout_s)
