"""The moments of the judged requests (readiness.load.moments), added up over the batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.load.engine_events import Batch, Cell, Done
from readiness.load.timeline import Blocks
from readiness.measurements.histogram import EMPTY, Histogram, merge
from readiness.measurements.run import Recording


@dataclass(slots=True)
class _Sum:
    ok: Histogram = EMPTY
    failed: Counter[str] = field(default_factory=Counter)


class MomentBook:
    """Of one load."""

    def __init__(self, judged_step: int) -> None:
        self._step = judged_step
        self._sums: dict[str, dict[Cell, _Sum]] = {}
        """By moment; so are the time blocks."""
        self._blocks: dict[str, Blocks] = {}

    def add(self, batch: Batch, start_s: float, endpoints: int) -> None:
        """Take in the batch that began at `start_s`; `endpoints` are those of the whole load so far."""
        for moment, cells in batch.moments.items():
            sums = self._sums.setdefault(moment, {})
            for cell, counts in cells.items():
                found = sums.setdefault(cell, _Sum())
                found.ok = merge(found.ok, counts.ok)
                found.failed.update(counts.failed)
            self._blocks.setdefault(moment, Blocks(self._step)).add(batch, start_s, endpoints, moment)

    def recordings(self, cell: Cell, done: Done | None) -> dict[str, Recording]:
        """By moment, for those that a request of the cell counts for; none where nobody watched."""
        waiting = done.moments_in_flight if done else {}
        return {
            moment: self._recording(moment, cell, waiting.get(moment, {}))
            for moment in self._sums
            if cell in self._sums[moment] or waiting.get(moment, {}).get(cell)
        }

    def _recording(self, moment: str, cell: Cell, in_flight: Mapping[Cell, int]) -> Recording:
        found = self._sums[moment].get(cell, _Sum())
        slices = self._blocks[moment].slices(cell.scenario, cell.name)
        return Recording(found.ok, dict(sorted(found.failed.items())), in_flight=in_flight.get(cell, 0), slices=slices)
