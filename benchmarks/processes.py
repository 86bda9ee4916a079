"""Services whose truth is known: how requests come, how slow each is, and what they have in common.

Every process gives rows of requests in order of time, one row a run, and its true quantiles and mean.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.correlated import Floats, Generator, Times, bad_share, bad_times, level, noise
from benchmarks.known_truth import MEDIAN_MS, Mixture, Pareto, Part

PAUSED_MS = 5.0
"""Median of a service that pauses: what waits for the end of the pause is what is slow."""
GOOD, FAIR, WEAK = 5.0, 10.0, 15.0
"""Wrong answers, in percent, that are the goal: what a run can know, what it hardly can, what it cannot."""


@dataclass(frozen=True)
class Process:
    """A service: `draw` gives the latencies in ms of requests at the times, a row a run."""

    group: str
    name: str
    truth: Mixture | Pareto
    draw: Callable[[Generator, Times], Floats]
    goal: float = GOOD
    mean_goal: float = GOOD
    evenly: bool = False
    """Whether requests come evenly instead of by chance."""

    @property
    def words(self) -> str:
        """Group and name."""
        return f"{self.group}, {self.name}"

    def seeded(self, use: str = "") -> Generator:
        """The same draws each time, others for each use."""
        return np.random.default_rng(zlib.crc32(f"{self.group} {self.name} {use}".strip().encode()))

    def run(self, generator: Generator, runs: int, length_s: float, per_s: float) -> tuple[Times, Floats]:
        """`runs` runs of `length_s` with `per_s` requests a second."""
        requests = round(length_s * per_s)
        if self.evenly:
            at_s = np.broadcast_to((np.arange(requests) + 0.5) / per_s, (runs, requests))
        else:
            at_s = np.sort(generator.random((runs, requests)) * length_s, axis=1)
        times = Times(at_s, length_s)
        return times, self.draw(generator, times)


def independent(sigma: float) -> Process:
    """Every request for itself."""
    draw = partial(noise, sigma=sigma)
    return Process("independent", f"sigma {sigma:g}", Mixture((Part(1, MEDIAN_MS, sigma),)), draw)


def bimodal(slow: float) -> Process:
    """A share of the requests takes ten times as long, by chance."""
    parts = Part(1 - slow, MEDIAN_MS, 0.3), Part(slow, 10 * MEDIAN_MS, 0.3)
    return Process("bimodal", f"{100 * slow:g} % ten times as slow", Mixture(parts), partial(_bimodal, slow=slow))


def _bimodal(generator: Generator, times: Times, slow: float) -> Floats:
    factor = np.where(generator.random(times.at_s.shape) < slow, 10.0, 1.0)
    return noise(generator, times, 0.3) * factor


def pareto(exponent: float) -> Process:
    """A tail that falls as a power; below an exponent of 2 the variance is infinite."""
    mean_goal = GOOD if exponent > 2 else FAIR
    return Process(
        "Pareto", f"exponent {exponent:g}", Pareto(exponent), partial(_pareto, exponent=exponent), mean_goal=mean_goal
    )


def _pareto(generator: Generator, times: Times, exponent: float) -> Floats:
    return MEDIAN_MS * (1 - generator.random(times.at_s.shape)) ** (-1 / exponent)


def wandering(tau_s: float, ratio: float, sigma: float = 0.4) -> Process:
    """A level that all requests share; its deviation is `ratio` times that of a single request."""
    spread = ratio * sigma

    goal = GOOD if tau_s <= 3 else FAIR if tau_s <= 6 else WEAK
    group = f"level, time constant {tau_s:g} s"
    truth = Mixture((Part(1, MEDIAN_MS, math.hypot(spread, sigma)),))
    return Process(
        group, f"level/noise {ratio:g}", truth, partial(_wandering, tau_s=tau_s, sigma=sigma, spread=spread), goal, goal
    )


def _wandering(generator: Generator, times: Times, tau_s: float, sigma: float, spread: float) -> Floats:
    return noise(generator, times, sigma) * np.exp(spread * level(generator, times, tau_s))


def batches(size: int) -> Process:
    """Neighbouring requests share a level of their own."""
    return Process(
        "batches that share a level", f"of {size}", Mixture((Part(1, MEDIAN_MS, 0.5),)), partial(_batches, size=size)
    )


def _batches(generator: Generator, times: Times, size: int) -> Floats:
    runs, requests = times.at_s.shape
    shared = np.repeat(generator.standard_normal((runs, -(-requests // size))), size, axis=1)[:, :requests]
    return noise(generator, times, 0.4) * np.exp(0.3 * shared)


def wandering_chance(tau_s: float) -> Process:
    """The chance of a slow answer wanders around 6 %; all others stay as they are."""
    goal = GOOD if tau_s <= 3 else FAIR
    parts = Part(0.94, MEDIAN_MS, 0.3), Part(0.06, 5 * MEDIAN_MS, 0.3)
    return Process(
        _tail_group(tau_s),
        f"chance of slow, {tau_s:g} s",
        Mixture(parts),
        partial(_wandering_chance, tau_s=tau_s),
        goal,
        goal,
    )


def _wandering_chance(generator: Generator, times: Times, tau_s: float) -> Floats:
    chance = 0.06 * np.exp(0.7 * level(generator, times, tau_s) - 0.7**2 / 2)
    return noise(generator, times, 0.3) * np.where(generator.random(times.at_s.shape) < chance, 5.0, 1.0)


def wandering_tail(tau_s: float) -> Process:
    """One request in ten is slow, and how slow wanders; all others stay as they are."""
    goal = GOOD if tau_s <= 3 else FAIR
    parts = Part(0.9, MEDIAN_MS, 0.3), Part(0.1, 4 * MEDIAN_MS, math.hypot(0.3, 0.3))
    return Process(
        _tail_group(tau_s),
        f"how slow, {tau_s:g} s",
        Mixture(parts),
        partial(_wandering_tail, tau_s=tau_s),
        goal,
        goal,
    )


def _wandering_tail(generator: Generator, times: Times, tau_s: float) -> Floats:
    slow = 4 * np.exp(0.3 * level(generator, times, tau_s))
    return noise(generator, times, 0.3) * np.where(generator.random(times.at_s.shape) < 0.1, slow, 1.0)


def _tail_group(tau_s: float) -> str:
    return f"tail alone wanders, {'up to 3 s' if tau_s <= 3 else f'{tau_s:g} s'}"


def two_states(bad_s: float, good_s: float, group: str = "") -> Process:
    """Three times as slow in the bad state; the goal is by the changes that a minute holds."""
    changes = 2 * 60 / (bad_s + good_s)
    goal, words = (GOOD, "10 and more") if changes >= 10 else (FAIR, "5 to 10") if changes >= 5 else (WEAK, "under 5")
    bad = bad_share(bad_s, good_s)
    parts = Part(1 - bad, MEDIAN_MS, 0.4), Part(bad, 3 * MEDIAN_MS, 0.4)
    group = group or f"two states, {words} changes"
    return Process(
        group,
        f"{bad_s:g} s bad, {good_s:g} s good",
        Mixture(parts),
        partial(_two_states, bad_s=bad_s, good_s=good_s),
        goal,
        goal,
    )


def _two_states(generator: Generator, times: Times, bad_s: float, good_s: float) -> Floats:
    return noise(generator, times, 0.4) * np.where(bad_times(generator, times, bad_s, good_s), 3.0, 1.0)


def slow_times(every_s: float, lasts_s: float) -> Process:
    """Five times as slow for a while, at equal intervals."""
    bad = lasts_s / every_s
    parts = Part(1 - bad, MEDIAN_MS, 0.4), Part(bad, 5 * MEDIAN_MS, 0.4)
    return Process(
        "periodic",
        f"5 x as slow for {lasts_s:g} s each {every_s:g} s",
        Mixture(parts),
        partial(_slow_times, every_s=every_s, lasts_s=lasts_s),
    )


def _slow_times(generator: Generator, times: Times, every_s: float, lasts_s: float) -> Floats:
    return noise(generator, times, 0.4) * np.where(_since(generator, times, every_s) < lasts_s, 5.0, 1.0)


def pauses(every_s: float, lasts_s: float) -> Process:
    """Nothing is answered for a while, at equal intervals: whoever comes waits for the end of it."""
    grid = 400
    paused = lasts_s / every_s
    waiting = (Part(paused / grid, PAUSED_MS, 0.4, 1000 * lasts_s * (at + 0.5) / grid) for at in range(grid))
    parts = (Part(1 - paused, PAUSED_MS, 0.4), *waiting)
    return Process(
        "periodic",
        f"pause of {lasts_s:g} s each {every_s:g} s",
        Mixture(parts),
        partial(_pauses, every_s=every_s, lasts_s=lasts_s),
        evenly=True,
    )


def _pauses(generator: Generator, times: Times, every_s: float, lasts_s: float) -> Floats:
    waits_s = np.maximum(lasts_s - _since(generator, times, every_s), 0.0)
    latencies: Floats = noise(generator, times, 0.4) * (PAUSED_MS / MEDIAN_MS) + 1000 * waits_s
    return latencies


def _since(generator: Generator, times: Times, every_s: float) -> Floats:
    """Seconds since the last of the events that come every `every_s`, from a random moment on."""
    since: Floats = (times.at_s + every_s * generator.random((len(times.at_s), 1))) % every_s
    return since


RATIOS = (0.1, 0.25, 0.5, 0.75, 1.0, 2.0)
PROCESSES = (
    *(independent(sigma) for sigma in (0.3, 0.5, 0.8)),
    bimodal(0.06),
    *(pareto(exponent) for exponent in (1.5, 2.5)),
    *(wandering(tau_s, ratio) for tau_s in (0.3, 1.0, 3.0, 6.0, 10.0, 20.0, 40.0, 120.0) for ratio in RATIOS),
    *(batches(size) for size in (20, 100)),
    *(wandering_chance(tau_s) for tau_s in (1.0, 3.0, 6.0)),
    *(wandering_tail(tau_s) for tau_s in (1.0, 3.0, 6.0)),
    *(two_states(*both) for both in ((0.3, 3), (0.5, 5), (1, 10), (2, 10), (5, 5))),
    *(two_states(*both) for both in ((2, 20), (5, 10), (3, 15))),
    *(two_states(*both) for both in ((2, 40), (5, 50), (10, 40))),
    two_states(2, 28, "bursts that one run in seven does not see"),
    *(slow_times(*both) for both in ((5, 0.4), (10, 0.8), (10, 1.2), (30, 2))),
    *(pauses(*both) for both in ((5, 0.4), (10, 0.8), (10, 1.2))),
)
