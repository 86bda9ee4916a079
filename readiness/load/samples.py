"""The latencies of one cell since the last batch: plain lists while requests end, a histogram once a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from readiness.load.engine_events import Cell, CellCounts
from readiness.measurements.histogram import EMPTY, Histogram, merge

Seconds = npt.NDArray[np.float64]

PACKED = 500
"""So many samples are worth an array of their own."""


@dataclass(slots=True)
class Samples:
    """Durations in seconds; `ok_s` is appended to directly, since that happens with every request."""

    ok_s: list[float] = field(default_factory=list)
    failed_s: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    service_s: list[float] = field(default_factory=list)
    """Of an open load: successes from when they were really sent."""
    packed_ok_s: list[Seconds] = field(default_factory=list)
    """Those of `ok_s` that are arrays already."""
    parted_s: list[float] = field(default_factory=list)
    """Successes that are not in `ok_s`, because their first byte is told apart from the last one."""
    first_s: list[float] = field(default_factory=list)
    """Of those, until the first byte, where a client saw it."""
    packed_parted_s: list[Seconds] = field(default_factory=list)
    packed_first_s: list[Seconds] = field(default_factory=list)
    packed_service_s: list[Seconds] = field(default_factory=list)

    @property
    def ended(self) -> int:
        """Requests in here."""
        packed = sum(map(len, self.packed_ok_s)) + sum(map(len, self.packed_parted_s))
        return len(self.ok_s) + len(self.parted_s) + len(self.failed_s) + packed

    def add_parted(self, latency_s: float, first_s: float) -> None:
        """A success that came in parts; `first_s` until its first byte, below 0 where nobody saw that."""
        self.parted_s.append(latency_s)
        if first_s >= 0.0:
            self.first_s.append(first_s)

    def pack(self) -> None:
        """Make arrays of many samples now: a whole second's at once would let every user wait."""
        for samples_s, packed_s in (
            (self.ok_s, self.packed_ok_s),
            (self.service_s, self.packed_service_s),
            (self.parted_s, self.packed_parted_s),
            (self.first_s, self.packed_first_s),
        ):
            if len(samples_s) >= PACKED:
                packed_s.append(np.array(samples_s))
                samples_s.clear()

    def fold(self) -> CellCounts:
        """Everything as histograms."""
        return CellCounts(
            merge(_histogram(self.ok_s, self.packed_ok_s), _histogram(self.parted_s, self.packed_parted_s)),
            dict(self.failed),
            _histogram(self.failed_s),
            _histogram(self.service_s, self.packed_service_s),
        )


def first_bytes(
    cells: Mapping[tuple[str, str], Samples], folded: Mapping[Cell, CellCounts], step: int
) -> dict[Cell, CellCounts]:
    """The same by first byte; `folded` is what `fold` gave for each, as a cell of `step`."""
    found = {}
    for identity, samples in cells.items():
        cell = Cell(*identity, step)
        ok = folded[cell].ok
        if samples.parted_s or samples.packed_parted_s:  # else the first byte came with the last one
            at_once = _histogram(samples.ok_s, samples.packed_ok_s)
            ok = merge(at_once, _histogram(samples.first_s, samples.packed_first_s))
        found[cell] = CellCounts(ok, folded[cell].failed, EMPTY)
    return found


def _histogram(latencies_s: list[float], packed_s: Sequence[Seconds] = ()) -> Histogram:
    whole_s = np.concatenate([*packed_s, np.array(latencies_s)])
    return Histogram.of_us(np.maximum(np.rint(whole_s * 1e6), 0).astype(np.int64))
