"""Bursts among hits: how many there were at least, and whether larger ones of their kind are excluded.

If independent hits and bursts make the counts of blocks, the independent ones add nothing to the factorial cumulants
from the second on: F2 and F3 are on average the sums of size^2 and size^3 over the bursts. Whatever the sizes are,
Hoelder's inequality then gives at least F2^3 / F3^2 bursts with at least F2^2 / F3 hits, and no more than there are
blocks with a hit, and hits. Of amounts, such as latencies, the noise is not known but nearly normal, and adds nothing
to the cumulants from the third on: at least K3^4 / K4^3 bursts with K3^3 / K4^2 in all.

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

from readiness.stats.long_run import FEW, MOST_BLOCKS, Floats, grouped


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
    places = float(np.count_nonzero(hits))
    for most in (MOST_BLOCKS, FEW):
        expected = grouped(events, most) * (hits.sum() / events.sum())
        off = grouped(hits, most) - expected
        second, third = float((off**2 - expected).sum()), float((off**3 - 3 * off**2 + 2 * expected).sum())
        if min(second, third) > 0:
            count, all_hits = max(second**3 / third**2, 1.0), second**2 / third
            found.append(Bursts(min(count, places), min(all_hits, float(hits.sum()))))
    return tuple(found)


def bursts_in(series: Floats) -> tuple[Bursts, ...]:
    """The same of any amount by time block, less its expectation; `hits` are in its unit."""
    found = []
    for most in (MOST_BLOCKS, FEW):
        blocks = grouped(series, most)
        unit = float(np.abs(blocks).max())
        third, fourth = (float(((blocks / (unit or 1.0)) ** power).sum()) for power in (3, 4))
        fourth -= 3 * float(((blocks / (unit or 1.0)) ** 2).sum()) ** 2 / blocks.size
        if min(third, fourth) > 0:
            found.append(Bursts(max(third**4 / fourth**3, 1.0), unit * third**3 / fourth**2))
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
