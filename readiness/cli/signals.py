"""SIGINT, SIGTERM and SIGHUP end a run early and keep what was measured; a second SIGINT ends it at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Which signal came, if any. Called, it answers with its name."""

    def __init__(self) -> None:
        self._name: str | None = None
        self.before_exit: Callable[[], object] = lambda: None
        """What a second SIGINT does before it ends the process; must not take locks."""

    def __call__(self) -> str | None:
        return self._name

    def note(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        if self._name is not None and number == signal.SIGINT:
            last, self.before_exit = self.before_exit, lambda: None  # a third one comes while this is not over
            last()
            os._exit(130)  # children see their pipes close and end themselves; the placeholder stays
        self._name = self._name or signal.Signals(number).name


@contextmanager
def watched() -> Iterator[Interruption]:
    """Signals are noted instead of obeyed until the end of the block."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption.note) for number in _WATCHED}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
