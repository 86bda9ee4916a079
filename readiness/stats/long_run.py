"""How far the sum of a series may lie from its expectation, whatever correlates its blocks: the long-run variance.

The sum over a run is the cosine of frequency zero. Its variance is the series' spectral density there, which nothing in
the run shows directly; the slowest cosines show the density beside it. So one asks: under every spectrum that a load
test may have, how likely are the cosines that were seen, and how large would the zeroth be? The answer is the
predictive distribution of the zeroth cosine, a mixture of Student's t (Müller & Watson, Econometrica 76, 2008, and
Review of Economic Studies 83, 2016: inference from the low frequencies alone). The scale is integrated out, so no
bandwidth and no number of batches is chosen.

The spectra (`_hypotheses`): white noise, plus a level that forgets with a time constant of 1/64 of the run to 1.7 times
the run (Ornstein-Uhlenbeck), plus, above a step, any amount of faster cycles: a pause every ten seconds moves every
second, but not the sum of a run that holds many of them. Where the variance of independent events is known, no spectrum
lies below it, and no level at all has a prior probability of 30 %. The logarithm of (1 + what the level adds to
the variance of the sum) is exponential with mean PRIOR_MEAN, between the uniform shrinkage prior (mean 1; Daniels,
Canadian Journal of Statistics 27, 1999) and the scale-invariant one (no mean). Time constants are equally likely on a
logarithm, times the inverse fourth root: a run is planned to be longer than what it should resolve. These priors are
choices between power and wrong answers; docs/explanation/evidence.md has the errors that they lead to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from readiness.stats import beta

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MIN_BLOCKS = 5
"""With fewer blocks nothing can be said, and they are taken as independent."""
MOST_BLOCKS = 96
"""Longer series are added up to fewer blocks: the slow cosines lose nothing."""
COSINES = 40
SURE = 0.99
"""Beyond this confidence the tail of the mixture is that of its prior: from here on a sum is taken as normal."""
PRIOR_MEAN = 4.0
NO_LEVEL_ODDS, NO_EXCESS = 17.0, 0.5
"""Where the noise is known: how much likelier no level is (30 % in all); the prior of no correlation in a block."""
FEW = 24
"""Blocks by which higher moments tell how many events made the variance."""
SHORTEST, _LONGEST = 1 / 64, 1.7
"""Time constants of a level, as shares of the run."""
DRIFT_TIMES = 5
"""A level with a time constant of more than the run by this goes through the run instead of varying within it."""
MORE_LIKELY = 0.5
"""Probability from which on a drift, or any correlation, is more likely than none."""
_TIMES = np.geomspace(SHORTEST, _LONGEST, 10)
_EXCESS = np.array([0, 0.1, 0.25, 0.5, 0.8, 1.2, 1.7, 2.3, 3, 3.8, 4.7, 5.7, 7, 9])
"""ln(1 + what the level adds to the variance of the sum, in units of the noise)."""
_MASS = np.gradient(_EXCESS) * np.exp(-_EXCESS / PRIOR_MEAN)
_MASS /= _MASS.sum()
_STEPS = (5, 10, 20)
_FASTER = (2.0, 10.0, 60.0)
_STEADY = 0.7
"""Prior probability that there is no step."""
_BINS = 48


@dataclass(frozen=True, slots=True)
class LongRun:
    """The predictive distribution of (sum - expectation): Student's t of `freedom` times `scales`, with `weights`."""

    scales: Floats
    weights: Floats
    freedom: int
    drift: float
    """Probability (0 to 1) that most of the variance comes from a level that goes through the whole run."""
    correlated: float
    """Probability (0 to 1) that the events are not independent; 1 where that was not asked (no known noise)."""
    regular: float
    """Probability (0 to 1) of faster cycles: what comes back at equal intervals, such as a pause each ten seconds."""
    level: float
    """How many times as likely the series is with a level as without one (Bayes factor; where the noise is known)."""

    def reach(self, confidence: float) -> float:
        """The distance that the sum exceeds with probability 1 - `confidence`, to one side."""
        return self.reach_of(self.scales, confidence)

    def reach_of(self, scales: Floats, confidence: float, more: Floats | float = 0.0) -> float:
        """The same with other scales, hypothesis by hypothesis, and with what comes on top under each, if any."""
        points, below = _student_table(self.freedom)
        least, most = 0.0, float((scales * points[-1] + more).max())
        if most <= 0:
            return 0.0
        tried = float(scales @ self.weights) * 2
        for _ in range(40):
            reached = float(self.weights @ np.interp((tried - more) / scales, points, below))
            least, most = (tried, most) if reached < confidence else (least, tried)
            if most - least < 1e-3 * most:
                break
            tried = min((least + most) / 2, 2 * least) if least else most / 2
        return most


def long_run(series: Sequence[float] | Floats, noise: float | None = None) -> LongRun | None:
    """The long-run variance behind blocks in time order, each less its expectation; None where there are too few.

    `noise` is the variance of the whole sum if all events were independent, where that is known: no spectrum then lies
    below it. Otherwise the scale is integrated out.
    """
    values = grouped(np.asarray(series, np.float64), MOST_BLOCKS)
    if values.size < MIN_BLOCKS:
        return None
    basis, variances, inverse, logs, slow, still, faster = _hypotheses(values.size)
    cosines = values @ basis
    count = cosines.size
    squares = inverse @ (cosines * cosines)
    if not squares.max() > 0:
        return None
    if noise is None:
        likelihood = logs - count / 2 * np.log(squares)
        scales = np.sqrt(variances * squares / count * values.size)
        alone = np.zeros(0, np.int64)
    else:
        logs_above, priors = _above_noise()
        white = noise / values.size * np.exp(logs_above)[:, None]
        logs = logs + np.where(still, math.log(NO_LEVEL_ODDS), 0.0)
        likelihood = (logs - squares / (2 * white) - count / 2 * logs_above[:, None] + priors[:, None]).ravel()
        scales = np.sqrt(variances * white * values.size).ravel()
        alone = np.flatnonzero(still)  # above nothing: the first of them
    weights = np.exp(likelihood - likelihood.max())
    weights /= weights.sum()
    shapes = weights.reshape(-1, slow.size).sum(axis=0)
    drift, regular, correlated = float(shapes[slow].sum()), float(shapes[faster].sum()), 1 - float(weights[alone].sum())
    level = float(shapes[~still].sum() / max(shapes[still].sum(), 1e-300)) * NO_LEVEL_ODDS * _MASS[0] / (1 - _MASS[0])
    scales, weights = _binned(scales, weights)
    return LongRun(scales, weights, count if noise is None else _freedom(values), drift, correlated, regular, level)


def _freedom(values: Floats) -> int:
    """Degrees of freedom of a variance that a few large blocks make: 3 (sum of squares)^2 / sum of fourth powers.

    It is the number of blocks for normal ones, 3 for a single one (Satterthwaite, Biometrics Bulletin 2, 1946).
    """
    blocks = grouped(values - values.mean(), FEW)
    squares = blocks * blocks
    return max(round(3 * float(squares.sum()) ** 2 / max(float((squares * squares).sum()), 1e-300)), 2)


@cache
def _above_noise() -> tuple[Floats, Floats]:
    """How far the white part may lie above independence (correlation within a block): logarithms, and log priors."""
    above = np.array([0, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 2.7, 3.5, 4.5, 6])
    mass = np.gradient(above) * np.exp(-above / PRIOR_MEAN)
    mass *= (1 - NO_EXCESS) / mass.sum()
    mass[0] += NO_EXCESS
    return above, np.log(mass)


def reached(values: Floats, sizes: Floats) -> tuple[float, float, float, float]:
    """Where a level went that goes through the run: (least, most) mean of a fifth of it (1 / DRIFT_TIMES).

    And how many times this way it may go (below, above) that (`way_of`).
    """
    at = np.linspace(0, values.size, DRIFT_TIMES + 1).astype(np.int64)[:-1]
    means = np.add.reduceat(values, at) / np.maximum(np.add.reduceat(sizes, at), 1e-9)
    return float(means.min()), float(means.max()), *way_of(means)


def way_of(fifths: Floats) -> tuple[float, float]:
    """How many times its way a level may go beyond its least (below) and its most (above).

    From where it is at the end of the run, sqrt(DRIFT_TIMES) times: so far goes a level that wanders in the runs that
    show it vary. What rose may rise on so far; what fell, mostly a warm-up, has its way back to go first.
    """
    way, on = float(fifths.max() - fifths.min()) or 1.0, math.sqrt(DRIFT_TIMES)
    return on - float(fifths[-1] - fifths.min()) / way, on - float(fifths.max() - fifths[-1]) / way


def grouped(values: Floats, most: int) -> Floats:
    """Neighbouring values added up until at most `most` are left."""
    size = math.ceil(values.size / most)
    return np.add.reduceat(values, np.arange(0, values.size, size)) if size > 1 else values


@lru_cache(maxsize=128)
def _hypotheses(blocks: int) -> tuple[Floats, Floats, Floats, Floats, Flags, Flags, Flags]:
    """Cosines (blocks x count); by hypothesis: variance of the zeroth, 1 / others', log prior, drift? still? cycles?"""
    count = min(COSINES, blocks - 1)
    at = np.arange(blocks) + 0.5
    basis = math.sqrt(2 / blocks) * np.cos(math.pi * np.arange(count + 1) * at[:, None] / blocks)
    basis[:, 0] /= math.sqrt(2)
    lags = np.abs(np.subtract.outer(at, at))
    rows, logs, slow, still, cycles = [], [], [], [], []
    steps = [(0, 0.0, _STEADY)]
    usable = [step for step in _STEPS if step < count - 3]
    each = (1 - _STEADY) / max(len(usable) * len(_FASTER), 1)
    steps += [(step, faster, each) for step in usable for faster in _FASTER]
    for time in _TIMES:
        level = np.einsum("tj,ts,sj->j", basis, _forgetting(lags, time * blocks), basis)
        for excess, share in zip(_EXCESS, _MASS, strict=True):
            for step, faster, chance in steps:
                above = np.where(np.arange(count + 1) > step, faster, 0.0) if faster else 0.0
                rows.append(1 + above + math.expm1(excess) * level / level[0])
                logs.append(math.log(share * chance) - math.log(time) / 4)
                slow.append(time * DRIFT_TIMES > 1 and excess > math.log(2))
                still.append(excess == 0)
                cycles.append(faster > 0)
    variances = np.array(rows)
    priors = np.array(logs) - np.log(variances[:, 1:]).sum(axis=1) / 2
    flags = np.array(slow), np.array(still), np.array(cycles)
    return basis[:, 1:], variances[:, 0], 1 / variances[:, 1:], priors, *flags


def _forgetting(lags: Floats, time: float) -> Floats:
    """Covariance of the means of an Ornstein-Uhlenbeck process over blocks of length one, variance one."""
    once = 1 - math.exp(-1 / time)
    return np.where(lags == 0, 2 * time * (1 - time * once), time**2 * np.exp((1 - lags) / time) * once**2)


def _binned(scales: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The mixture with scales that are nearly the same put together, so that every question to it is quick."""
    logs = np.log(scales)
    low, high = float(logs.min()), float(logs.max())
    bins = ((logs - low) * (_BINS / max(high - low, 1e-9))).astype(np.int64).clip(0, _BINS - 1)
    mass = np.bincount(bins, weights, _BINS).astype(np.float64)
    kept = mass > 1e-9
    return np.exp(np.bincount(bins, weights * logs, _BINS)[kept] / mass[kept]), mass[kept]


def student(freedom: int, confidence: float) -> float:
    """Student's t: the point that it exceeds with probability 1 - `confidence`."""
    points, below = _student_table(freedom)
    return float(np.interp(confidence, below, points))


@cache
def _student_table(freedom: int) -> tuple[Floats, Floats]:
    points = np.concatenate([np.linspace(0, 6, 241), np.geomspace(6.1, 1e4, 120)])
    above = np.array([beta.cumulative(freedom / (freedom + x * x), freedom / 2, 0.5) / 2 for x in points])
    return np.concatenate([-points[:0:-1], points]), np.concatenate([above[:0:-1], 1 - above])
