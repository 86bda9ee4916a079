"""What a share over a limit proves: hits of n correlated requests, after one look or after many."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from readiness.config.model import Limit, Operator
from readiness.judge.readings import Reading, over
from readiness.measurements.run import Rate, Recording
from readiness.metrics.metric import Metric
from readiness.stats import sequence, share

FAR = 2.5
"""Levels that wander do not make the share over a limit this many times smaller or larger by luck: beyond that, the
correlation of the requests over the limit speaks alone, without that of all the others (benchmarks/verdicts.py)."""

FAR_BLOCKS = 40
"""With fewer time blocks luck goes farther, by the square root."""

FEW = 0.5
"""Few requests over a limit go farther without any wandering: by this many standard deviations of their count."""

CAUTION = 1.5
"""A load that may end at any look would end where its correlation happens to look small: there it counts for more."""
NOISE = 1.3
"""Effects up to this are noise around independence."""


class Proof(Enum):
    """What the evidence says about a limit."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a share is bounded: (hits, events, share or confidence, ...), as in readiness/stats/share.py."""

    proves_below: Callable[[float, float, float, float], bool]
    proves_above: Callable[[float, float, float, float], bool]
    lower: Callable[[float, float, float], float]
    upper: Callable[[float, float, float], float]
    samples_needed: Callable[[float, float], int]


ONCE = Rules(share.proves_below, share.proves_above, share.lower, share.upper, share.samples_needed)
LOOKED = Rules(sequence.proves_below, sequence.proves_above, sequence.lower, sequence.upper, sequence.samples_needed)


def rules_of(reading: Reading) -> Rules:
    """The bounds that fit how the load ended."""
    return LOOKED if reading.looked else ONCE


@dataclass(frozen=True, slots=True)
class Tally:
    """The requests that a limit counts against its metric."""

    least: float
    most: float
    """Requests that count against it: at least, at most (they differ by the bucket of the limit)."""
    requests: int
    allowed: float
    """Share of requests, 0 to 1, that may count against it."""
    effect: float
    """Correlated requests that one independent request is worth."""
    own_effect: float
    """The same, by the counted requests alone."""
    blocks: tuple[tuple[int, int], ...]
    """(counted, requests) by time block."""

    def proof(self, rules: Rules, confidence: float) -> Proof:
        """Whether fewer than the allowed share is proven, or more, or neither."""
        if rules.proves_below(self.most / self.worth, self.requests / self.worth, self.allowed, confidence):
            return Proof.YES
        if rules.proves_above(self.least / self.worth, self.requests / self.worth, self.allowed, confidence):
            return Proof.NO
        return Proof.OPEN

    @property
    def worth(self) -> float:
        """Requests that one independent request is worth: by the counted alone where luck does not explain them."""
        expected = self.requests * self.allowed
        times = FAR * math.sqrt(max(FAR_BLOCKS / max(len(self.blocks), 1), 1.0)) * (1 + FEW / math.sqrt(expected))
        far = self.most <= expected / times or self.least >= expected * times
        return self.own_effect if far else self.effect


def tally(reading: Reading, metric: Metric, limit: Limit) -> Tally | None:
    """The tally of a quantile or of a rate; None for what is no share, or for a share that may be 0 or 1."""
    match reading.evidence:
        case Recording() as record if metric.quantile is not None and record.requests:
            allowed = 1 - metric.quantile
            least, most, blocks = over(record, limit.value, inclusive=limit.operator is Operator.LESS)
            own = share.design_effect(blocks)
            effect = max(share.design_effect(blocks, allowed), reading.moved.effect(allowed))
            return Tally(
                least,
                most,
                record.requests,
                allowed,
                _cautious(effect, reading),
                _cautious(own, reading),
                tuple(blocks),
            )
        case Rate(hits, total, blocks) if total and limit.operator is not Operator.EQUAL:
            effect = _cautious(share.design_effect(blocks), reading)
            if metric.better == "lower":
                bad, allowed, counted = hits, limit.value / 100, blocks
            else:
                bad, allowed = total - hits, 1 - limit.value / 100
                counted = tuple((n - k, n) for k, n in blocks)
            return Tally(bad, bad, total, allowed, effect, effect, counted) if 0 < allowed < 1 else None
        case _:
            return None


def _cautious(effect: float, reading: Reading) -> float:
    return effect * CAUTION if reading.looked and effect > NOISE else effect
