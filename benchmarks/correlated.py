"""What requests of one run have in common: a level that wanders, bad times that come and go.

`tau_s` is the time after which a level is forgotten to 1/e (AR(1) in steps of STEP_S).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.known_truth import MEDIAN_MS

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Generator = np.random.Generator
STEP_S = 0.1
"""Levels and states change in steps of this length."""


@dataclass(frozen=True)
class Times:
    """When requests are sent: a row a run, sorted, within `length_s`."""

    at_s: Floats
    length_s: float


def noise(generator: Generator, times: Times, sigma: float) -> Floats:
    """Log-normal latencies, each for itself."""
    return MEDIAN_MS * np.exp(sigma * generator.standard_normal(times.at_s.shape))


def level(generator: Generator, times: Times, tau_s: float) -> Floats:
    """A level of variance one that is forgotten with `tau_s`, at each request."""
    rows, steps = times.at_s.shape[0], math.ceil(times.length_s / STEP_S)
    kept = math.exp(-STEP_S / tau_s)
    walk = np.asarray(generator.standard_normal((steps, rows)))
    walk[1:] *= math.sqrt(1 - kept * kept)
    for at in range(1, steps):
        walk[at] += kept * walk[at - 1]
    return _at(walk, times)


def bad_times(generator: Generator, times: Times, bad_s: float, good_s: float) -> Bools:
    """Whether the service is in its bad state, at each request; both states last a random time (Markov)."""
    rows, steps = times.at_s.shape[0], math.ceil(times.length_s / STEP_S)
    stays, comes = math.exp(-STEP_S / bad_s), 1 - math.exp(-STEP_S / good_s)
    chance = generator.random((steps, rows))
    bad = np.zeros((steps, rows))
    bad[0] = chance[0] < bad_share(bad_s, good_s)
    for at in range(1, steps):
        bad[at] = chance[at] < np.where(bad[at - 1] > 0, stays, comes)
    return _at(bad, times) > 0


def bad_share(bad_s: float, good_s: float) -> float:
    """Share (0 to 1) of the time in the bad state, in the discrete steps of `bad_times`."""
    leaves, comes = 1 - math.exp(-STEP_S / bad_s), 1 - math.exp(-STEP_S / good_s)
    return comes / (comes + leaves)


def _at(steps: Floats, times: Times) -> Floats:
    """The value of the step (steps x runs) that each request (runs x requests) falls into."""
    index = np.minimum((times.at_s / STEP_S).astype(np.int64), len(steps) - 1)
    return np.asarray(np.take_along_axis(steps.T, index, 1), np.float64)
