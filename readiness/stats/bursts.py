"""Bursts among hits: how many there were at least, and whether larger ones of their kind are excluded.

If independent hits and bursts make the counts of blocks, the independent ones add nothing to the factorial cumulants
from the second on: F2 and F3 are on average the sums of size^2 and size^3 over the bursts. Whatever the sizes are,
Hoelder's inequality then gives at least F2^3 / F3^2 bursts with at least F2^2 / F3 hits.

Bursts of exponential length at random moments (a Markov process of two states): c of them with b hits in all are
((1 + r)^2 / 4r)^c times as likely as under the likeliest process with r b hits on average. If r is called excluded
where this ratio is 1 / 4 alpha or more, the sum over all numbers of bursts gives a wrong answer in alpha of the runs
that saw one (exactly: 5.06 % for 5 %, 0.89 % for 1 %, at the worst rate of bursts). No answer is known for a run that
saw none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from readiness.stats.long_run import FEW, MOST_BLOCKS, grouped


@dataclass(frozen=True, slots=True)
class Bursts:
    """What there was at least."""

    count: float
    hits: float


@lru_cache(maxsize=256)
def bursts(blocks: tuple[tuple[int, int], ...]) -> tuple[Bursts, ...]:
    """Of (hits, events) by time block: by short blocks and by long ones, in which a burst has room; if any show."""
    found = []
    hits, events = np.array(blocks, np.float64).reshape(-1, 2).T
    for most in (MOST_BLOCKS, FEW):
        expected = grouped(events, most) * (hits.sum() / events.sum())
        off = grouped(hits, most) - expected
        second, third = float((off**2 - expected).sum()), float((off**3 - 3 * off**2 + 2 * expected).sum())
        if min(second, third) > 0:
            found.append(Bursts(max(second**3 / third**2, 1.0), second**2 / third))
    return tuple(found)


def least_times(count: float, confidence: float) -> float:
    """How many times as many hits in `count` bursts are just excluded by those that were seen (18 for one at 95 %).

    It solves ((1 + r)^2 / 4r)^count = 1 / 4 alpha, in which sqrt(r) + 1 / sqrt(r) is twice a root of the ratio.
    """
    log_root = max(-math.log(4 * (1 - confidence)), 0.0) / (2 * count)
    return math.exp(2 * math.acosh(math.exp(log_root)))


def excluded(count: float, times: float, confidence: float) -> bool:
    """Whether `count` bursts with `times` as many hits are excluded by those that were seen."""
    return times >= least_times(count, confidence)
