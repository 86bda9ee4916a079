"""Scales and round ticks: from a number to a place on the drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

_SMALLEST, LARGEST = 1e-9, 1e15
"""No axis reaches beyond; a report that was written by hand may hold any number."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps [low, high] to [start, end] pixels, linear or logarithmic; values outside are clipped."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of `value`."""
        value = min(max(value, self.low), self.high)
        if self.log:
            low, high, value = (math.log10(self.low), math.log10(self.high), math.log10(value))
        else:
            low, high = self.low, self.high
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)


def linear_ticks(high: float, most: int = 5) -> tuple[float, ...]:
    """Round numbers from 0 that reach `high`: steps of 1, 2 or 5 times a power of ten."""
    if high < 1e-9:
        return (0.0, 1.0)
    high = min(high, LARGEST)
    step = _round_up(high / most)
    return tuple(step * i for i in range(math.ceil(high / step - 1e-9) + 1))


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= value * (1 - 1e-9))


def log_ticks(low: float, high: float, most: int = 9) -> tuple[float, ...]:
    """1, 2, 5 or only powers of ten, from at or below `low` to at or above `high`; both above 0."""
    low = min(max(low, _SMALLEST), LARGEST)
    high = min(max(high, low), LARGEST)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [m * 10.0**e for e in range(first, last + 1) for m in steps]
        inside = [
            t for i, t in enumerate(ticks) if ticks[min(i + 1, len(ticks) - 1)] > low and _before(ticks, i) < high
        ]
        if len(inside) <= most or steps == (1,):
            return tuple(inside) if len(inside) > 1 else (10.0**first, 10.0 ** max(last, first + 1))
    raise AssertionError("unreachable")


def _before(ticks: list[float], i: int) -> float:
    return ticks[i - 1] if i else 0.0


def short(value: float) -> str:
    """A tick's label: `0.5`, `200`, `1,500`, `30k`; none is wider than the room beside an axis."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= max(size, 10_000):
            return f"{value / size:,.4g}{letter}"
    return f"{value:,.0f}" if value >= 10 else f"{value:g}"


def beside(at: float, top: float) -> float:
    """Where the name of a level line at `at` stands: above it, or below it where `top` leaves no room above."""
    return at - 6 if at - 18 >= top else at + 15
