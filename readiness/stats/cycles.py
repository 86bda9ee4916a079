"""What comes back at equal intervals: how far a sum over many cycles may lie from its expectation.

A service that pauses each ten seconds is slow for as many requests in each of its cycles. So the sum over a run varies
by what differs between whole cycles, and not by what happens within one: that can be far less than independent requests
would vary. The run is cut into sections of one cycle (sectioning: Asmussen and Glynn, Stochastic Simulation, 2007,
ch. IV), and their differences give a Student's t of one degree of freedom less than there are cycles.

Two errors do not show in them, and are added. A run that is no whole number of cycles has a part of one by chance.
And requests that come in step with the cycle meet each pause alike: one more or one fewer in all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from readiness.stats.long_run import Floats, student
from readiness.stats.share import NORMAL

MIN_CYCLES = 6
SHORTEST_CYCLE = 3
"""In blocks: of a shorter one the blocks do not show what is inside."""
_ALIKE = 0.9
"""The shortest lag at which the series is nearly as much like itself as at the best one is the cycle, no multiple."""


@dataclass(frozen=True, slots=True)
class Cycles:
    """What moves the sum over a run of `count` whole cycles, as variances."""

    count: int
    times: int
    """Stretches of blocks with hits: of what makes them, a cycle may hold more than one."""
    apart: float
    """By the differences between cycles."""
    part: float
    """By the part of a cycle that is left."""

    def reach(self, confidence: float) -> float:
        """The distance that the sum exceeds with probability 1 - `confidence`, to one side."""
        z = NORMAL.inv_cdf(confidence)
        part = z * math.sqrt(self.part)
        apart = student(self.count - 1, confidence) * math.sqrt(self.apart)
        in_step = z * self.times / 2  # one request more in each with probability f: a variance of f (1 - f) at most
        return max(math.hypot(apart, part), in_step + part)  # the latter takes two values, and is not normal


def cycles(hits: Floats, events: Floats) -> Cycles | None:
    """Of hits of events by time block; None where fewer than MIN_CYCLES show."""
    rare = hits if 2 * hits.sum() <= events.sum() else events - hits
    size = _length(rare)
    if size is None:
        return None
    count = rare.size // size
    differences = rare - rare.sum() / events.sum() * events
    sections = np.add.reduceat(differences[: count * size], np.arange(0, count * size, size))
    begins = np.flatnonzero(np.diff(rare > 0, prepend=False) & (rare > 0))
    if begins.size < MIN_CYCLES:
        return None
    apart_by = float(np.diff(begins).mean())
    left = rare.size / apart_by % 1
    in_one = float(rare.sum()) * apart_by / rare.size
    return Cycles(count, begins.size, float(sections.var(ddof=1)) * count, in_one**2 * left * (1 - left))


def _length(series: Floats) -> int | None:
    """Blocks after which the series is most like itself; None where it never is, or not for MIN_CYCLES times."""
    longest = series.size // MIN_CYCLES
    if longest < SHORTEST_CYCLE:
        return None
    spectrum = np.fft.rfft(series - series.mean(), 2 * series.size)
    alike = np.fft.irfft(spectrum * spectrum.conj())[: longest + 1] / (series.size - np.arange(longest + 1))
    best = float(alike[SHORTEST_CYCLE:].max())
    return SHORTEST_CYCLE + int(np.argmax(alike[SHORTEST_CYCLE:] >= _ALIKE * best)) if best > 0 else None
