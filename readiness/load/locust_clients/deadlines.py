"""Total deadlines of stock requests: one clock for all, because a gevent Timeout each costs 5 % of a request."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import gevent
from greenlet import getcurrent

_TICK_S = 0.05
"""A request that hangs ends at most this much late."""
AGAIN_S = 1.0
"""Code that caught `Passed` and went on hears of it again after this long."""


class Passed(BaseException):
    """Thrown into a greenlet whose request took too long; no `except Exception` of a client takes it for its own."""


class Deadline:
    """Of one request under way."""

    __slots__ = ("at_s", "greenlet", "passed")

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s
        self.greenlet: Any = getcurrent()
        self.passed = False


class Deadlines:
    """All requests have the same time, so the first that began is the first whose time is over."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._waiting: dict[Deadline, None] = {}
        self._resumed: set[Deadline] = set()
        """Of those it is not known which is first."""
        self._overdue: set[Deadline] = set()
        self._timer: Any = None

    def begin(self) -> Deadline:
        """From now on the current greenlet's request is timed, until `end`."""
        if self._timer is None:
            self._timer = gevent.get_hub().loop.timer(_TICK_S, _TICK_S, ref=False)
            self._timer.start(self._check)
        deadline = Deadline(perf_counter() + self.timeout_s)
        self._waiting[deadline] = None
        return deadline

    def resume(self, start_s: float) -> Deadline:
        """As `begin`, for a request that began at `start_s`."""
        deadline = self.begin()
        deadline.at_s = start_s + self.timeout_s
        del self._waiting[deadline]
        self._resumed.add(deadline)
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Its request is over."""
        if deadline.passed:
            self._overdue.discard(deadline)
        elif deadline in self._resumed:
            self._resumed.discard(deadline)
        else:
            del self._waiting[deadline]

    def _check(self) -> None:
        """In the hub, where nothing else runs: whoever is timed waits for something."""
        now_s = perf_counter()
        for deadline in self._waiting:
            if deadline.at_s > now_s:
                break
            deadline.passed = True
            self._overdue.add(deadline)
        for deadline in [one for one in self._resumed if one.at_s <= now_s]:
            deadline.passed = True
            self._resumed.discard(deadline)
            self._overdue.add(deadline)
        for deadline in [one for one in self._overdue if one.at_s <= now_s]:
            self._waiting.pop(deadline, None)
            if deadline in self._overdue:  # what was thrown into another may have ended it
                deadline.at_s = now_s + AGAIN_S
                deadline.greenlet.throw(Passed)
