"""What a share over a limit proves: hits of n requests that may depend on each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from readiness.config.model import Limit, Operator
from readiness.judge.distance import is_far
from readiness.judge.outages import OUTAGE_S, OUTAGE_TIMES, outage_s
from readiness.judge.readings import Reading, over
from readiness.judge.shared_level import NO_LEVEL, Clusters, Level, clusters
from readiness.measurements.run import Rate, Recording
from readiness.metrics.metric import Metric
from readiness.stats import share
from readiness.stats.bursts import bursts, excluded
from readiness.stats.long_run import DRIFT_TIMES

CHECKPOINTS = 4
"""A load that may end early is judged at so many times at the most, each with its share of the error (Bonferroni).

The first comes after 2^-1.5 = 0.35 of the longest time: of bursts that come each tenth of it, which a whole run knows,
a run so long sees none in exp(-3.5) = 3 % of cases. In an eighth of that time it would be a third, and no bound helps a
run that saw none.
"""
EVEN_REQUESTS = 10
"""A stretch of time is as long as it takes for so many requests, a block at least."""


class Proof(Enum):
    """What the evidence says about a limit."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Tally:
    """The requests that a limit counts against its metric."""

    least: float
    most: float
    """Requests that count against it: at least, at most (they differ by the bucket of the limit)."""
    requests: int
    allowed: float
    """Share of requests, 0 to 1, that may count against it."""
    blocks: tuple[tuple[int, int], ...]
    """(counted, requests) by time block."""
    level: Level = NO_LEVEL
    clusters: tuple[Clusters, ...] = ()
    record: Recording | None = None
    limit_ms: float = 0.0
    """What the requests of a quantile were, and its limit."""
    outage_s: float = 0.0
    window_s: float = 0.0
    floor_ms: float = 0.0
    """How late the load generator was, in 95 of 100 cases."""

    def worth(self, confidence: float) -> float:
        """Requests that one independent request is worth, apart from the level."""
        return max((one.worth(confidence) for one in self.clusters), default=1.0)

    def worth_below(self, confidence: float) -> float:
        """The same where the limit is just not kept: what a proof that it is kept has to exclude.

        It matters for rates. A quantile has its level in the scores, and its clusters are counted at its own share.
        A rate that is so far below that not even one burst of all that was seen could be so long needs no such care,
        unless it was more than one and they speak for a level: that has small excursions besides the long ones.
        """
        one_burst = self.allowed * self.requests / max(self.most, 1e-9)
        by_level = self.stretches > 1 and any(one.levels for one in self.clusters)
        if self.record is not None or (not by_level and excluded(1, one_burst, confidence)):
            return self.worth(confidence)
        return max((one.worth_at(self.allowed, confidence) for one in self.clusters), default=1.0)

    def bursts_are_excluded(self, confidence: float, hits: float, times: float = 1.0) -> bool:
        """Whether bursts as many as were seen, but as long as the limit allows, are excluded; if any were seen."""
        if not hits or not any(one.bursts for one in self.clusters):
            return True
        room = (self.allowed * self.requests * times / hits - 1) * self.most
        return all(excluded(one.count * times, 1 + room / one.hits, confidence) for one in bursts(self.blocks))

    @property
    def stretches(self) -> int:
        """Times that hits began, block by block, after there was none."""
        before = (0, *(hits for hits, _ in self.blocks))
        return sum(hits > 0 and not last for last, (hits, _) in zip(before, self.blocks, strict=False))

    def drifts(self, confidence: float, times: float = 1.0) -> bool:
        """Whether the level more likely goes through the whole run, were it `times` as long, than varies within it."""
        return times < DRIFT_TIMES and self.level.drifts(confidence)

    @property
    def below(self) -> bool:
        """Whether fewer than the allowed share were seen."""
        return self.most < self.allowed * self.requests

    @property
    def out(self) -> bool:
        """Whether outages alone took far more time than the limit allows."""
        return self.outage_s >= OUTAGE_S and self.outage_s > OUTAGE_TIMES * self.allowed * self.window_s

    def proof(self, confidence: float, refuting: float | None = None) -> Proof:
        """Whether fewer than the allowed share is proven at `confidence`, or more at `refuting`, or neither."""
        if self.out:
            return Proof.NO
        if self.below:
            return Proof.YES if self.proves_fewer(confidence) else Proof.OPEN
        if self.least > self.allowed * self.requests:
            return Proof.NO if self.proves_more(refuting or confidence) else Proof.OPEN
        return Proof.OPEN

    def proves_fewer(self, confidence: float, *, hits: float | None = None, times: float = 1.0) -> bool:
        """Whether a share below the allowed one is proven; with other `hits`, or by a run `times` as long."""
        most, requests, alpha = (self.most if hits is None else hits) * times, self.requests * times, 1 - confidence
        worth = self.worth_below(confidence)
        if share.chance_of_fewer(most / min(worth, 1), requests / min(worth, 1), self.allowed, 0.0) > alpha:
            return False  # not even if every request were independent
        if not self.bursts_are_excluded(confidence, most, times):
            return False
        k, n = most / worth, requests / worth
        shift = self.level.shift(confidence) / math.sqrt(times)
        if not self.drifts(confidence, times) and share.chance_of_fewer(k, n, self.allowed, shift) <= alpha:
            return True
        return hits is None and self._is_far(n, confidence)

    def only_by_distance(self, confidence: float) -> bool:
        """Whether the count alone does not prove what is proven."""
        return not self.proves_fewer(confidence, hits=self.most)

    def _is_far(self, n: float, confidence: float) -> bool:
        """Whether the limit holds by its distance, which ranks alone do not see."""
        needed = share.NORMAL.inv_cdf(1 - self.allowed)
        if self.record is None or needed <= 0:
            return False
        reach, drifts = self.level.farther(needed, confidence), self.drifts(confidence)
        return is_far(
            self.record,
            self.limit_ms,
            self.allowed,
            self.most,
            n,
            confidence,
            reach=reach,
            drifts=drifts,
            floor_ms=self.floor_ms,
        )

    def _is_far_over(self, hits: float, n: float, confidence: float, shift: float) -> bool:
        """Whether the limit is missed by so much that a level which goes through the run could not make it."""
        seen, needed = share.NORMAL.inv_cdf(1 - hits / n), share.NORMAL.inv_cdf(1 - self.allowed)
        least = share.lower(hits, n, confidence)
        unsure = share.NORMAL.inv_cdf(1 - least) - seen if least else math.inf
        return needed - seen > math.hypot(unsure, max(shift * share.NORMAL.inv_cdf(confidence), self.level.behind))

    def proves_more(self, confidence: float, *, hits: float | None = None, times: float = 1.0) -> bool:
        """Whether a share above the allowed one is proven; arguments as above."""
        least, requests, alpha = (self.least if hits is None else hits) * times, self.requests * times, 1 - confidence
        worth = self.worth(confidence)
        k, n = least / worth, requests / worth
        if share.chance_of_more(k, n, self.allowed, 0.0) > alpha:
            return False
        shift = self.level.shift(confidence) / math.sqrt(times)
        if self.drifts(confidence, times):
            return least > requests / 2 or self._is_far_over(k, n, confidence, shift)
        return share.chance_of_more(k, n, self.allowed, shift) <= alpha

    def edges(self, confidence: float, refuting: float) -> tuple[float, float]:
        """(least, most): shares over the limit up to which it is proven to hold, and from which it is proven not to."""
        allowed = self.allowed * self.requests
        holds = _last(0.0, allowed, lambda hits: self.proves_fewer(confidence, hits=hits))
        fails = _last(self.requests, allowed, lambda hits: self.proves_more(refuting, hits=hits))
        return (-1.0 if holds is None else holds / self.requests), (2.0 if fails is None else fails / self.requests)

    def times_needed(self, confidence: float, most: float) -> float | None:
        """How many times as long a run would decide in most cases, to 2 %; None beyond `most` times.

        The luck of the longer run is taken at `confidence`. That is more than the 80 % of runs which should decide,
        because the hits and the clusters of this run are estimates: a lucky run shows too few of both.
        """
        fewer = self.below
        hits = self.most if fewer else self.least
        worth = (self.worth_below if fewer else self.worth)(confidence)
        by_level = self.level.shift(confidence) * share.NORMAL.pdf(share.NORMAL.inv_cdf(self.allowed)) * self.requests
        luck = share.NORMAL.inv_cdf(confidence) * math.hypot(math.sqrt(max(hits, 1.0) * worth), by_level)

        def decides(times: float) -> bool:
            off = luck / math.sqrt(times)
            if fewer:
                return self.proves_fewer(confidence, hits=hits + off, times=times)
            return self.proves_more(confidence, hits=max(hits - off, 0.0), times=times)

        if not decides(most):
            return None
        low, high = 1.0, most
        while high / low > 1.02:
            middle = math.sqrt(low * high)
            low, high = (low, middle) if decides(middle) else (middle, high)
        return high


def _last(sure: float, unsure: float, proven: Callable[[float], bool]) -> float | None:
    """The hits farthest from `sure`, towards `unsure`, that are still proven, to a quarter; None if `sure` is not."""
    if not proven(sure):
        return None
    while abs(unsure - sure) > 0.25:
        middle = (sure + unsure) / 2
        sure, unsure = (middle, unsure) if proven(middle) else (sure, middle)
    return sure


def tally(reading: Reading, metric: Metric, limit: Limit) -> Tally | None:
    """The tally of a quantile or of a rate; None for what is no share, or for a share that may be 0 or 1."""
    match reading.evidence:
        case Recording() as record if metric.quantile is not None and record.requests:
            least, most, blocks = over(record, limit.value, inclusive=limit.operator is Operator.LESS)
            slow = _evenly(blocks) if reading.closed else 0.0
            both = (reading.clusters, clusters(blocks, reading.level))
            # Whole cycles differ by the level too: one that more likely is not there needs no room of its own.
            inside = all(one.cycles for one in both) and not reading.level.correlates
            return Tally(
                least,
                max(most, math.ceil(slow * record.requests - 1e-9)),
                record.requests,
                1 - metric.quantile,
                tuple(blocks),
                NO_LEVEL if inside else reading.level,
                both,
                record,
                limit.value,
                outage_s(blocks, reading.window_s),
                reading.window_s,
                reading.late_ms,
            )
        case Rate(hits, total, blocks) if total and limit.operator is not Operator.EQUAL:
            if metric.better == "lower":
                bad, allowed, counted = hits, limit.value / 100, blocks
            else:
                bad, allowed = total - hits, 1 - limit.value / 100
                counted = tuple((n - k, n) for k, n in blocks)
            if not 0 < allowed < 1:
                return None
            out_s = max(outage_s(counted, reading.window_s), sum(one.weighted_s for one in reading.outages))
            return Tally(
                bad, bad, total, allowed, tuple(counted), clusters=(clusters(blocks),), outage_s=out_s,
                window_s=reading.window_s,
            )  # fmt: skip
        case _:
            return None


def _evenly(blocks: Sequence[tuple[int, int]]) -> float:
    """Share of the hits where every stretch of time counts alike.

    The users of a closed load send less while they wait: by requests, a collapse that lasts a quarter of the window
    would be a handful of slow ones (coordinated omission).
    """
    slow, length, k_sum, n_sum, time = 0.0, 0, 0, 0, 0
    for at, (k, n) in enumerate(blocks, 1):
        k_sum, n_sum, time = k_sum + k, n_sum + n, time + 1
        if n_sum >= EVEN_REQUESTS or (at == len(blocks) and n_sum):
            slow, length = slow + time * k_sum / n_sum, length + time
            k_sum, n_sum, time = 0, 0, 0
    return slow / length if length else 0.0
