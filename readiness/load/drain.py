"""How long requests in flight may still finish after the load; what is left then is `in_flight`, and counts as failed.

An answer that takes its time is no failure: a stream of 20 s that began 10 s before the end is waited for. So the drain
is as long as a good answer took in this run, and a fifth longer, but never longer than the time-out of a request. A
service that stands still gets no more than the plan says.
"""

from __future__ import annotations

from collections.abc import Mapping

from readiness.load.engine_events import Cell, CellCounts
from readiness.load.engine_plan import EnginePlan

_HURRIED_S = 0.5
"""After a `stop` the parent wants its numbers soon."""
_MARGIN = 1.2


class Drain:
    """Of one engine."""

    def __init__(self, plan: EnginePlan) -> None:
        self._plan = plan
        self._longest_us = 0

    def hear(self, cells: Mapping[Cell, CellCounts]) -> None:
        """Take in a batch of answers."""
        self._longest_us = max(self._longest_us, *(counts.ok.max_us for counts in cells.values()), 0)

    def seconds(self, *, hurried: bool) -> float:
        """From the end of the load on."""
        if hurried:
            return _HURRIED_S
        return max(self._plan.drain_s, min(_MARGIN * self._longest_us / 1e6, self._plan.timeout_s))
