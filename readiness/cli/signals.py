"""SIGINT, SIGTERM and SIGHUP end a run early and keep what was measured; a second SIGINT ends it at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from readiness.errors import ExitCode

_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Which signal came, if any. Called, it answers with its name."""

    def __init__(self) -> None:
        self._name: str | None = None
        self.before_exit: Callable[[], object] = lambda: None
        """What a second SIGINT does before it ends the process; must not take locks."""
        self._settled: ExitCode | None = None

    def __call__(self) -> str | None:
        return self._name

    def settle(self, code: ExitCode) -> None:
        """The reports say `code`: from now on no signal changes it, and none is obeyed up to the end of the process.

        A second SIGINT still ends the process at once, with `code`: nobody waits for a terminal that takes no line.
        """
        self._settled = code

    @property
    def settled(self) -> bool:
        """Whether the reports are written."""
        return self._settled is not None

    def note(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        if self._name is not None and number == signal.SIGINT:
            last, self.before_exit = self.before_exit, lambda: None  # a third one comes while this is not over
            last()
            # Children see their pipes close and end themselves; before the report the placeholder stays.
            os._exit(ExitCode.INTERRUPTED if self._settled is None else self._settled)
        self._name = self._name or signal.Signals(number).name


@contextmanager
def watched() -> Iterator[Interruption]:
    """Signals are noted instead of obeyed until the end of the block; where it settled, until that of the process."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption.note) for number in _WATCHED}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            if not interruption.settled:
                signal.signal(number, handler)


def ignore() -> None:
    """For the last steps of the process: Python takes its own handlers away before it ends."""
    for number in _WATCHED:
        signal.signal(number, signal.SIG_IGN)
