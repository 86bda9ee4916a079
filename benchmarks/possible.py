"""What no procedure can do: two bounds, that say which goals cannot both be had.

A run that shows nothing bad is the same run, whether the service is good or was lucky. Whoever passes the good service
passes the lucky one as often as it shows nothing.

And of two services that are known exactly, the best test is the ratio of their likelihoods (Neyman and Pearson, 1933).
One has independent requests and its P95 at 0.8 of the limit. The other is on the limit: its chance of a slow answer
wanders, all else is alike, so that only the counts of slow requests by second tell the two apart. What the best test
passes of the second, when it passes so many of the first, is the least for every procedure that does not know them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.processes import NORMAL, Floats, bad_share, wandering
from benchmarks.table import Mapper

LENGTH_S, PER_S = 60, 10
ALLOWED = 0.05
SIGMA, RATIO = 0.5, 0.8
POWERS = (0.85, 0.9, 0.975, 0.99)
"""0.975 of each of twenty checks is 60 % of all."""
GRID = np.linspace(-3.5, 3.5, 57)
TIMES = 20
"""Draws for each of `runs`: a draw takes no judgement."""


@dataclass(frozen=True)
class Wander:
    """The chance of a slow answer: the deviation of its logarithm, and its time constant."""

    spread: float
    tau_s: float


WANDERS = tuple(Wander(spread, tau_s) for tau_s in (1.0, 3.0) for spread in (0.7, 1.0, 1.5))
STATES = ((1, 10), (2, 20), (2, 28), (2, 40), (5, 50), (10, 40))


def report(each: Mapper, runs: int) -> None:
    """Print both."""
    print(f"Runs of {LENGTH_S} s in which the bad state does not show at all")
    for bad_s, good_s in STATES:
        share = (1 - bad_share(bad_s, good_s)) * math.exp(-LENGTH_S / good_s)
        print(f"two states, {f'{bad_s} s bad, {good_s} s good':30} {100 * share:6.1f} %")
    print("\nRuns of 60 s at 50/s in which not one request fails, though 5 % do on average")
    for process in (wandering(tau_s, ratio) for tau_s in (10.0, 20.0, 40.0, 120.0) for ratio in (1.0, 2.0)):
        _, latencies_ms = process.run(process.seeded("none"), 2 * runs, 60.0, 50.0)
        none = np.mean(latencies_ms.max(axis=1) < process.truth.quantile_ms(0.95))
        print(f"{process.words:55} {100 * none:6.1f} %")
    print(
        f"\n{PER_S * LENGTH_S} requests in {LENGTH_S} s: what the best test passes on the limit, if it passes ", end=""
    )
    print(" ".join(f"{100 * power:g}" for power in POWERS), f"% at {RATIO:g} x the limit")
    for wander, passed in zip(WANDERS, each(_Best(runs * TIMES), WANDERS), strict=True):
        words = f"chance of slow wanders by {wander.spread:g} (logarithm), {wander.tau_s:g} s"
        print(f"{words:55}", " ".join(f"{100 * share:5.1f}" for share in passed), "%")
    print()


@dataclass(frozen=True)
class _Best:
    runs: int

    def __call__(self, wander: Wander) -> tuple[float, ...]:
        generator = np.random.default_rng(1)
        kept = math.exp(-1 / wander.tau_s)
        usual = np.exp(-(GRID**2) / 2) / np.exp(-(GRID**2) / 2).sum()
        moves = np.exp(-((GRID - kept * GRID[:, None]) ** 2) / (2 * (1 - kept**2)))
        moves /= moves.sum(axis=1, keepdims=True)
        chance = np.exp(wander.spread * GRID)
        for _ in range(20):  # at most 95 %, and ALLOWED on average
            chance = np.minimum(chance * ALLOWED / (usual @ chance), 0.95)
        good = 1 - NORMAL.cdf(NORMAL.inv_cdf(1 - ALLOWED) - math.log(RATIO) / SIGMA)
        shape = (self.runs, LENGTH_S)
        states = np.empty(shape, np.int64)
        for at in range(LENGTH_S):
            rows = np.cumsum(moves[states[:, at - 1]] if at else np.tile(usual, (self.runs, 1)), axis=1)
            states[:, at] = (generator.random((self.runs, 1)) > rows).sum(axis=1).clip(max=GRID.size - 1)
        on_limit = _favour(generator.binomial(PER_S, chance[states]), good, usual, moves, chance)
        inside = _favour(generator.binomial(PER_S, good, shape), good, usual, moves, chance)
        return tuple(float(np.mean(on_limit >= np.quantile(inside, 1 - power))) for power in POWERS)


def _favour(hits: npt.NDArray[np.int64], good: float, usual: Floats, moves: Floats, chance: Floats) -> Floats:
    """The logarithm of how much likelier each row of hits is at a steady `good` chance than at the one that wanders."""
    weights, total = np.tile(usual, (len(hits), 1)), np.zeros(len(hits))
    for at in range(hits.shape[1]):
        k = hits[:, at : at + 1]
        weights = (
            (weights @ moves if at else weights) * (chance / good) ** k * ((1 - chance) / (1 - good)) ** (PER_S - k)
        )
        seen = weights.sum(axis=1)
        total, weights = total - np.log(seen), weights / seen[:, None]
    return total
