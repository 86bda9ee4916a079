"""What no procedure can do: bounds that say which goals cannot both be had.

A run that shows nothing bad is the same run, whether the service is good or was lucky. Whoever passes the good service
passes the lucky one as often as it shows nothing.

And of two services that are known exactly, the best test is the ratio of their likelihoods (Neyman and Pearson, 1933).
One has independent requests and its P95 at 0.8 of the limit. The other is on the limit: its chance of a slow answer
wanders, all else is alike, so that only the counts of slow requests by second tell the two apart. What the best test
passes of the second, when it passes so many of the first, is the least for every procedure that does not know them.

The same for what a run sees too few changes of (`hidden`): a service whose level or state changes the chance of a hit
by the second, and is on its limit, against services whose hits are independent and rare (`HEALTHY`, each as often).
A procedure that passes so many of the healthy runs passes at least so many runs of the other one.

The same for how often a service inside its limit may be READY (`remembers`): its level forgets within a second, and the
other service's chance of a slow answer wanders with three, is on the limit, and all else is alike again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.correlated import Floats, bad_share
from benchmarks.known_truth import MEDIAN_MS, NORMAL, Mixture, Part
from benchmarks.processes import pauses
from benchmarks.table import Mapper
from readiness.stats.share import proves_below

LENGTH_S, PER_S = 60, 10
ALLOWED = 0.05
SIGMA, RATIO = 0.5, 0.8
POWERS = (0.85, 0.9, 0.975, 0.99)
"""0.975 of each of twenty checks is 60 % of all."""
GRID = np.linspace(-3.5, 3.5, 57)
HEALTHY = (1e-6, 0.001, 0.005, 0.01)
"""Shares of hits (failures, or answers over the limit), where ALLOWED may be."""
HIDDEN_POWERS = (0.95, 0.99)
HIDDEN_PER_S = 50
REMEMBERED_PER_S = 20
WRONG = (0.05, 0.065)
"""Wrong answers that are agreed on: the goal, and what a cell may scatter to."""
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
    process, requests = pauses(10, 0.8), 2400
    _, latencies_ms = process.run(process.seeded("counts"), runs, requests / 20, 20)
    hits = (latencies_ms >= process.truth.quantile_ms(1 - ALLOWED) / RATIO).sum(axis=1)
    proven = np.mean([proves_below(float(k), requests, ALLOWED, 0.95) for k in hits])
    print(f"\n{process.words}, {requests / 20:g} s at 20/s, at {RATIO:g} x the limit: ", end="")
    print(f"as many hits of independent requests would pass in {100 * proven:.1f} %")
    print(f"\n{LENGTH_S * HIDDEN_PER_S:,} requests in {LENGTH_S} s: what the best test passes on the limit, ", end="")
    print("if it passes 95 and 99 % of healthy services; runs without a hit")
    for one, passed in zip(hidden(), each(_Hidden(runs * TIMES), hidden()), strict=True):
        print(f"{one.words:55}", " ".join(f"{100 * share:5.1f}" for share in passed), "%")
    print(
        f"\n{PER_S * LENGTH_S} requests in {LENGTH_S} s: what the best test passes on the limit, if it passes ", end=""
    )
    print(" ".join(f"{100 * power:g}" for power in POWERS), f"% at {RATIO:g} x the limit")
    for wander, passed in zip(WANDERS, each(_Best(runs * TIMES), WANDERS), strict=True):
        print(f"{hidden_chance(wander).words:55}", " ".join(f"{100 * share:5.1f}" for share in passed), "%")
    inside = hidden_level(1.0, 0.75, RATIO)
    print(f"\n{REMEMBERED_PER_S * LENGTH_S:,} requests in {LENGTH_S} s: what the best test passes of a P95 at ", end="")
    print(f"{RATIO:g} x the limit ({inside.words}), if it passes {' and '.join(f'{100 * w:g}' for w in WRONG)} % of")
    for one, passed in zip(remembers(), each(_Remembers(inside, runs * TIMES), remembers()), strict=True):
        print(f"{one.words:55}", " ".join(f"{100 * share:5.1f}" for share in passed), "%")
    print()


@dataclass(frozen=True)
class _Best:
    runs: int

    def __call__(self, wander: Wander) -> tuple[float, ...]:
        generator = np.random.default_rng(1)
        wanders = hidden_chance(wander)
        good = 1 - NORMAL.cdf(NORMAL.inv_cdf(1 - ALLOWED) - math.log(RATIO) / SIGMA)
        shape = (self.runs, LENGTH_S)
        on_limit = _favour(_hits(generator, wanders, shape, PER_S), good, wanders, PER_S)
        inside = _favour(generator.binomial(PER_S, good, shape), good, wanders, PER_S)
        return tuple(float(np.mean(on_limit >= np.quantile(inside, 1 - power))) for power in POWERS)


@dataclass(frozen=True)
class Hidden:
    """A chance of a hit by hidden state: how often each state is, where it goes in a second, and the chances."""

    words: str
    usual: Floats
    moves: Floats
    chance: Floats
    healthy: tuple[float, ...] = HEALTHY


def hidden_chance(wander: Wander) -> Hidden:
    """Slow answers whose chance wanders by itself: 95 % at most, and ALLOWED on average."""
    usual, moves = _wanders(wander.tau_s)
    chance = np.exp(wander.spread * GRID)
    for _ in range(20):
        chance = np.minimum(chance * ALLOWED / (usual @ chance), 0.95)
    return Hidden(f"chance of slow wanders by {wander.spread:g} (logarithm), {wander.tau_s:g} s", usual, moves, chance)


def hidden_level(tau_s: float, ratio: float, inside: float = 1.0) -> Hidden:
    """Requests over a fixed limit, where their level wanders: `ratio` is the deviation of the level by the noise.

    On the limit the share is ALLOWED. `inside` it, the P95 is so many times the limit, of latencies with SIGMA in all.
    """
    usual, moves = _wanders(tau_s)
    needed = NORMAL.inv_cdf(ALLOWED) + math.log(inside) / SIGMA
    chance = np.array([NORMAL.cdf(ratio * at + needed * math.hypot(1, ratio)) for at in GRID])
    return Hidden(
        f"level {tau_s:g} s, level/noise {ratio:g}",
        usual,
        moves,
        np.clip(chance * NORMAL.cdf(needed) / (usual @ chance), 1e-12, 1 - 1e-9),
    )


def hidden_states(bad_s: float, good_s: float) -> Hidden:
    """Answers over the P95 of `processes.two_states`, whose state here changes at full seconds, as often as there."""
    leaves, comes = 1 - math.exp(-1 / bad_s), 1 - math.exp(-1 / good_s)
    bad = comes / (comes + leaves)
    parts = Part(1 - bad, MEDIAN_MS, 0.4), Part(bad, 3 * MEDIAN_MS, 0.4)
    limit_ms = Mixture(parts).quantile_ms(1 - ALLOWED)
    usual, chance = (
        np.array(both) for both in zip(*((part.weight, part.over(limit_ms)) for part in parts), strict=True)
    )
    moves = np.array([[1 - comes, comes], [leaves, 1 - leaves]])
    return Hidden(f"P95, {bad_s:g} s bad, {good_s:g} s good", usual, moves, chance, (float(chance[0]),))


def hidden() -> tuple[Hidden, ...]:
    """What a run of a minute sees too few changes of."""
    levels = (hidden_level(tau_s, ratio) for ratio in (1.0, 2.0) for tau_s in (3.0, 6.0, 10.0, 20.0, 40.0, 120.0))
    return *levels, *(hidden_states(*both) for both in STATES[1:])


def remembers() -> tuple[Hidden, ...]:
    """What wanders with 3 s and is on its limit."""
    levels = (hidden_level(3.0, ratio) for ratio in (0.5, 0.75, 1.0, 1.25, 1.5, 2.0))
    return *levels, *(hidden_chance(wander) for wander in WANDERS if wander.tau_s == 3)


@dataclass(frozen=True)
class _Hidden:
    runs: int

    def __call__(self, on_it: Hidden) -> tuple[float, ...]:
        generator = np.random.default_rng(2)
        shape = (self.runs, LENGTH_S)
        on_limit = _hits(generator, on_it, shape, HIDDEN_PER_S)
        healthy = np.concatenate([generator.binomial(HIDDEN_PER_S, share, shape) for share in on_it.healthy])
        favour = [
            np.logaddexp.reduce([_favour(hits, good, on_it, HIDDEN_PER_S) for good in on_it.healthy])
            for hits in (on_limit, healthy)
        ]
        passed = [float(np.mean(favour[0] >= np.quantile(favour[1], 1 - power))) for power in HIDDEN_POWERS]
        return (*passed, float(np.mean(on_limit.sum(axis=1) == 0)))


@dataclass(frozen=True)
class _Remembers:
    """How often the best test passes the service `inside` its limit, by how often (WRONG) the one on it."""

    inside: Hidden
    runs: int

    def __call__(self, on_it: Hidden) -> tuple[float, ...]:
        generator, per_s = np.random.default_rng(3), REMEMBERED_PER_S
        favour = []
        for one in (on_it, self.inside):
            hits = _hits(generator, one, (self.runs, LENGTH_S), per_s)
            favour.append(_likelihood(hits, self.inside, per_s) - _likelihood(hits, on_it, per_s))
        return tuple(float(np.mean(favour[1] > np.quantile(favour[0], 1 - wrong))) for wrong in WRONG)


def _wanders(tau_s: float) -> tuple[Floats, Floats]:
    """How often a level of variance one is at each of GRID, and where it goes in a second."""
    kept = math.exp(-1 / tau_s)
    usual = np.exp(-(GRID**2) / 2) / np.exp(-(GRID**2) / 2).sum()
    moves = np.exp(-((GRID - kept * GRID[:, None]) ** 2) / (2 * (1 - kept**2)))
    return usual, moves / moves.sum(axis=1, keepdims=True)


def _hits(generator: np.random.Generator, one: Hidden, shape: tuple[int, int], per_s: int) -> npt.NDArray[np.int64]:
    """Hits by run and second."""
    states = np.empty(shape, np.int64)
    for at in range(shape[1]):
        rows = np.cumsum(one.moves[states[:, at - 1]] if at else np.tile(one.usual, (shape[0], 1)), axis=1)
        states[:, at] = (generator.random((shape[0], 1)) > rows).sum(axis=1).clip(max=one.usual.size - 1)
    return generator.binomial(per_s, one.chance[states])


def _favour(hits: npt.NDArray[np.int64], good: float, on_it: Hidden, per_s: int) -> Floats:
    """The logarithm of how much likelier each row of hits is at a steady `good` chance than by the hidden states."""
    steady = Hidden("", np.ones(1), np.ones((1, 1)), np.array([good]))
    return _likelihood(hits, steady, per_s) - _likelihood(hits, on_it, per_s)


def _likelihood(hits: npt.NDArray[np.int64], one: Hidden, per_s: int) -> Floats:
    """The logarithm of the likelihood of each row of hits, less what is the same for all (forward algorithm)."""
    weights, total = np.tile(one.usual, (len(hits), 1)), np.zeros(len(hits))
    more, fewer = np.log(one.chance), np.log(1 - one.chance)
    for at in range(hits.shape[1]):
        k = hits[:, at : at + 1]
        logs = k * more + (per_s - k) * fewer
        most = logs.max(axis=1, keepdims=True)
        weights = (weights @ one.moves if at else weights) * np.exp(logs - most)
        seen = weights.sum(axis=1)
        total, weights = total + np.log(seen) + most[:, 0], weights / seen[:, None]
    return total
