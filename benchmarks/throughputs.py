"""Answers by second of services whose true throughput is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.correlated import Floats, Generator, Times, level
from benchmarks.processes import FAIR, GOOD, WEAK


@dataclass(frozen=True)
class Arrivals:
    """Answers by second of a service with a true throughput: `draw` gives them, runs x seconds."""

    name: str
    draw: Callable[[Generator, int, int, float], Floats]
    """Of (generator, runs, seconds, answers per second)."""
    goal: float = GOOD


def by_chance(generator: Generator, runs: int, seconds: int, per_s: float) -> Floats:
    """Poisson."""
    return generator.poisson(per_s, (runs, seconds)).astype(np.float64)


def wandering_rate(tau_s: float, spread: float) -> Arrivals:
    """Poisson, with a rate that wanders."""
    goal = GOOD if tau_s <= 3 else FAIR if tau_s <= 6 else WEAK
    return Arrivals(
        f"rate wanders by {100 * spread:g} %, {tau_s:g} s", partial(_wandering_rate, tau_s=tau_s, spread=spread), goal
    )


def _wandering_rate(generator: Generator, runs: int, seconds: int, per_s: float, tau_s: float, spread: float) -> Floats:
    at_s = np.broadcast_to(np.arange(seconds) + 0.5, (runs, seconds))
    rate = np.exp(spread * level(generator, Times(at_s, float(seconds)), tau_s) - spread**2 / 2)
    return generator.poisson(per_s * rate).astype(np.float64)


def in_batches(size: int) -> Arrivals:
    """Requests come together."""
    return Arrivals(f"batches of {size}", partial(_in_batches, size=size))


def _in_batches(generator: Generator, runs: int, seconds: int, per_s: float, size: int) -> Floats:
    return size * generator.poisson(per_s / size, (runs, seconds)).astype(np.float64)


def interrupted(every_s: int) -> Arrivals:
    """One second in `every_s`, at equal intervals, answers nothing."""
    return Arrivals(f"one second in {every_s} answers nothing", partial(_interrupted, every_s=every_s))


def _interrupted(generator: Generator, runs: int, seconds: int, per_s: float, every_s: int) -> Floats:
    second = np.arange(seconds) + generator.integers(0, every_s, (runs, 1))
    usual = per_s * every_s / (every_s - 1)
    return generator.poisson(np.where(second % every_s == 0, 0.0, usual)).astype(np.float64)


ARRIVALS = (
    Arrivals("by chance (Poisson)", by_chance),
    *(in_batches(size) for size in (20, 100)),
    *(wandering_rate(tau_s, spread) for tau_s in (1.0, 3.0, 6.0, 20.0) for spread in (0.1, 0.3)),
    interrupted(10),
)
