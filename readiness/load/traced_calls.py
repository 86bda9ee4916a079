"""Calls of a traced load: the `traceparent` line of each, and which of them are worth reading.

Kept are the slowest and some failed calls of each endpoint, of the measurement window: as many as there are endpoints,
whatever the number of requests. A client asks for a line and tells the end of each call that got one; the others cost
it a step of a counter.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from readiness.load.response_watch import MAX_ENDPOINTS
from readiness.load.ticket import Ticket
from readiness.load.traceparent import trace_id, trace_lines
from readiness.measurements.response_facts import ResponseFacts
from readiness.measurements.traced import MOST_FAILED, MOST_OF_CLASS, MOST_SLOW, STILL_OPEN, TracedRequest


@dataclass(slots=True)
class _Told:
    """Of one endpoint."""

    slow_s: list[float] = field(default_factory=list)
    """The longest latencies so far, the shortest of them first."""
    failed: Counter[str] = field(default_factory=Counter)
    fresh: list[TracedRequest] = field(default_factory=list)
    """Since the last take."""


class JudgedTime(Protocol):
    """The recorder's measurement window."""

    judged_from_s: float
    judged_until_s: float


class TracedCalls:
    """Of one engine."""

    def __init__(self, share: float | None, window: JudgedTime) -> None:
        """`share` of the calls get a line; None: the load is not traced."""
        self.on = share is not None
        self._share = share or 0.0
        self._left = 0
        """Calls until the next one that gets a line; below 0 for ever where none does."""
        self._given = 0
        """Calls that got a line."""
        self._lines = trace_lines() if self.on else iter(())
        if self.on:
            self._plan_next()
        self._window = window
        self._began_s = time.time() - time.perf_counter()
        self._told: dict[tuple[str, str], _Told] = {}

    def line(self) -> bytes:
        """Of the next call, empty where it is not its turn."""
        self._left -= 1
        if self._left:
            return b""
        self._plan_next()
        return next(self._lines)

    def _plan_next(self) -> None:
        before, self._given = self._given, self._given + 1
        self._left = math.ceil(self._given / self._share) - math.ceil(before / self._share)

    def ended(self, call: Ticket, line: bytes, end_s: float, failure: str | None) -> None:
        """A call that was sent with `line` ended; `failure` is None or a class of FAILURE_CLASSES."""
        if not self._window.judged_from_s <= call.start_s < self._window.judged_until_s:
            return
        told = self._told.get(call.identity)
        if told is None:
            if len(self._told) >= MAX_ENDPOINTS:
                return
            told = self._told[call.identity] = _Told()
        latency_s = end_s - call.start_s
        if failure is None:
            if len(told.slow_s) == MOST_SLOW and latency_s <= told.slow_s[0]:
                return
            told.slow_s = sorted((*told.slow_s, latency_s))[-MOST_SLOW:]
        elif told.failed[failure] >= MOST_OF_CLASS or told.failed.total() >= MOST_FAILED:
            return
        else:
            told.failed[failure] += 1
        start_us = round(1e6 * (self._began_s + call.start_s))
        told.fresh.append(TracedRequest(trace_id(line), latency_s * 1000, call.status_code, failure, start_us))

    def leave(self, calls: Iterable[Ticket], end_s: float) -> None:
        """The load ended, and these calls still wait."""
        for call in calls:
            if line := getattr(call, "trace", b""):  # a call that a scenario tells of has none
                self.ended(call, line, end_s, STILL_OPEN)

    def take(self) -> tuple[ResponseFacts, ...]:
        """What is worth reading since the last take, by endpoint."""
        found = []
        for identity, told in self._told.items():
            if told.fresh:
                found.append(ResponseFacts(*identity, traces=tuple(told.fresh)))
                told.fresh = []
        return tuple(found)


class _Never:
    judged_from_s = 0.0
    judged_until_s = 0.0


UNTRACED = TracedCalls(None, _Never())
"""Gives no lines."""
