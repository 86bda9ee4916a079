"""A circuit breaker: stop asking a server that fails, refuse at once, try again after a while.

closed     calls go through; `max_failures` failures in a row open the circuit
open       calls are refused at once with CircuitOpen, for `recovery_s`
half-open  one call goes through, the others are refused: when it succeeds the circuit closes, else it opens again

Stands on its own: standard library only, for one event loop.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

MAX_FAILURES = 5
RECOVERY_S = 60.0

T = TypeVar("T")


class State(StrEnum):
    """What a breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitOpen(Exception):
    """The call was refused without asking the server; trying again before `retry_after_s` is useless."""

    def __init__(self, name: str, retry_after_s: int) -> None:
        super().__init__(f"the circuit of {name} is open, try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class CircuitBreaker:
    """Guards calls to one server. `counted` are the exceptions that mean the server failed; others mean it answered."""

    def __init__(
        self,
        name: str,
        counted: tuple[type[Exception], ...],
        *,
        max_failures: int = MAX_FAILURES,
        recovery_s: float = RECOVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.state = State.CLOSED
        self.failures = 0
        self.opened = 0
        self.refused = 0
        self._counted = counted
        self._max_failures = max_failures
        self._recovery_s = recovery_s
        self._clock = clock
        self._opened_at_s = -math.inf

    async def call(self, operation: Callable[[], Awaitable[T]]) -> T:
        """What `operation` gives or raises; raises CircuitOpen instead of calling it while the circuit is open."""
        trial = self._admit()
        try:
            result = await operation()
        except self._counted:
            self._fail(trial=trial)
            raise
        except Exception:
            self._succeed(trial=trial)
            raise
        except BaseException:  # cancelled: nothing is known, and an unknown trial must not close the circuit
            if trial:
                self._open()
            raise
        self._succeed(trial=trial)
        return result

    @property
    def retry_after_s(self) -> int:
        """Whole seconds until a call may go through, at least 1 while the circuit is not closed."""
        if self.state is State.CLOSED:
            return 0
        return max(1, math.ceil(self._opened_at_s + self._recovery_s - self._clock()))

    def statistics(self) -> dict[str, object]:
        """State and counters since the start."""
        return {
            "state": self.state.value,
            "failures": self.failures,
            "max_failures": self._max_failures,
            "recovery_s": self._recovery_s,
            "retry_after_s": self.retry_after_s,
            "opened": self.opened,
            "refused": self.refused,
        }

    def _admit(self) -> bool:
        """Whether this call is the trial of a half-open circuit; raises CircuitOpen."""
        if self.state is State.CLOSED:
            return False
        if self.state is State.OPEN and self._clock() >= self._opened_at_s + self._recovery_s:
            self.state = State.HALF_OPEN
            return True
        self.refused += 1
        raise CircuitOpen(self.name, self.retry_after_s)

    def _fail(self, *, trial: bool) -> None:
        self.failures += 1
        if trial or (self.state is State.CLOSED and self.failures >= self._max_failures):
            self._open()

    def _succeed(self, *, trial: bool) -> None:
        # A call that began before the circuit opened says nothing about the server now.
        if trial or self.state is State.CLOSED:
            self.state = State.CLOSED
            self.failures = 0

    def _open(self) -> None:
        self.state = State.OPEN
        self.opened += 1
        self._opened_at_s = self._clock()
