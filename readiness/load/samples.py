"""The latencies of one cell since the last batch: plain lists while requests end, a histogram once a second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from readiness.load.engine_events import CellCounts
from readiness.measurements.histogram import Histogram

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
    packed_service_s: list[Seconds] = field(default_factory=list)

    @property
    def ended(self) -> int:
        """Requests in here."""
        return len(self.ok_s) + len(self.failed_s) + sum(map(len, self.packed_ok_s))

    def pack(self) -> None:
        """Make arrays of many samples now: a whole second's at once would let every user wait."""
        if len(self.ok_s) < PACKED:
            return
        self.packed_ok_s.append(np.array(self.ok_s))
        self.packed_service_s.append(np.array(self.service_s))
        self.ok_s.clear()
        self.service_s.clear()

    def fold(self) -> CellCounts:
        """Everything as histograms."""
        return CellCounts(
            _histogram(self.ok_s, self.packed_ok_s),
            dict(self.failed),
            _histogram(self.failed_s),
            _histogram(self.service_s, self.packed_service_s),
        )


def _histogram(latencies_s: list[float], packed_s: Sequence[Seconds] = ()) -> Histogram:
    whole_s = np.concatenate([*packed_s, np.array(latencies_s)])
    return Histogram.of_us(np.maximum(np.rint(whole_s * 1e6), 0).astype(np.int64))
