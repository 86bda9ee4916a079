"""One reading against one limit: yes, no, or not proven, at the configured confidence.

A quantile is judged without estimating it: "P95 < T" holds when the share of requests at or over T is below 5 %, and
that share has an exact binomial bound. A rate is judged the same way, a mean by the spread between time blocks.
Counts and headers are exact. Source of the method: docs/contract.md §4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from readiness.config.model import Limit, Operator
from readiness.judge.outages import outage_s
from readiness.judge.proof import CHECKPOINTS, Tally, tally
from readiness.judge.proof import Proof as Proof
from readiness.judge.readings import Reading, Spread, over
from readiness.judge.shared_level import clusters
from readiness.measurements.bounds import Bounds
from readiness.measurements.run import Rate, Recording
from readiness.metrics.baseline import BASELINE_PREFIX
from readiness.metrics.metric import Kind, Metric
from readiness.stats import mean, share
from readiness.text import clean
from readiness.text.numbers import count, duration, quantity

MEAN_LOSS = 0.01
"""Share of requests that may be missing from a mean of successes before it proves nothing."""


@dataclass(frozen=True, slots=True)
class LimitComparison:
    """The answer, and the words for how it was found."""

    proof: Proof
    how: str
    beyond_by_time: bool = False
    """Of a quantile: see the function of this name."""


def compare(
    reading: Reading, metric: Metric, limit: Limit, confidence: float | None, refuting: float | None = None
) -> LimitComparison:
    """Whether the limit holds; the reading must have been measured (no `reason`).

    `refuting` is the confidence for "it does not hold", where that is more than `confidence` (see judge/family.py).
    """
    if reading.dead_endpoints and metric.kind in (Kind.QUANTILE, Kind.RATE):
        return LimitComparison(Proof.NO, f"{', '.join(reading.dead_endpoints[:3])}: not one request succeeded")
    if confidence is None or metric.kind is Kind.EXACT:
        return _bare(reading, limit)
    at = confidence_of(reading, confidence)
    refuted_at = confidence_of(reading, max(refuting or confidence, confidence))
    match reading.evidence:
        case Recording() if metric.quantile is not None:
            return _quantile(reading, metric, metric.quantile, limit, at, refuted_at)
        case Rate() as rate:
            return _rate(reading, rate, metric, limit, at, refuted_at)
        case Spread(blocks):
            return _mean(reading, blocks, metric, limit, at, refuted_at)
        case Bounds(low, high):
            return LimitComparison(_between(_end(low, -math.inf), _end(high, math.inf), limit), _both(metric))
        case _:
            return LimitComparison(Proof.OPEN, "no samples were kept that could prove it")


def _both(metric: Metric) -> str:
    return "both runs together" if metric.name.startswith(BASELINE_PREFIX) else "by the spread of its readings"


def confidence_of(reading: Reading, confidence: float) -> float:
    """The confidence of one judgement: a load that may end early is judged several times, which shares the error."""
    return 1 - (1 - confidence) / CHECKPOINTS if reading.looked else confidence


def bounds(reading: Reading, metric: Metric, confidence: float | None) -> tuple[float | None, float | None]:
    """(low, high) of the value for display, in its unit; None for an end that does not exist."""
    if confidence is None or metric.kind is Kind.EXACT:
        return reading.value, reading.value
    at = confidence_of(reading, confidence)
    match reading.evidence:
        case Rate(hits, total, blocks) if total:
            worth = clusters(blocks).worth(at)
            k, n = hits / worth, total / worth
            return 100 * share.lower(k, n, at), 100 * share.upper(k, n, at)
        case Recording() as record if metric.quantile is not None and reading.value is not None:
            return _quantile_bounds(reading, record, metric.quantile, at)
        case Spread(spread):
            return mean.bounds(spread, at) or (None, None)
        case Bounds(least, most):
            return least, most
        case _:
            return None, None


def _quantile_bounds(
    reading: Reading, record: Recording, q: float, confidence: float
) -> tuple[float | None, float | None]:
    """Order statistics of as many independent requests as these are worth, moved by what the level may be off."""
    n = record.requests / reading.clusters.worth(confidence)
    bad, allowed = record.failures + record.in_flight, 1 - q
    few, many = share.lower(allowed * n, n, confidence), share.upper(allowed * n, n, confidence)
    reach = reading.level.shift(confidence) * share.NORMAL.inv_cdf(confidence)
    high = _moved(allowed, few, reach, -1) if n >= share.samples_needed(allowed, confidence) else 0.0
    low = _moved(allowed, many, reach, 1)
    return (
        record.ok.quantile_ms(1 - low, infinite=bad) if low < 1 else None,
        record.ok.quantile_ms(1 - high, infinite=bad) if high * record.requests >= 1 else None,
    )


def _moved(allowed: float, edge: float, reach: float, way: int) -> float:
    """The share over which the bound lies: chance and level added as squares in normal scores (MOVER)."""
    middle = share.NORMAL.inv_cdf(allowed)
    by_chance = share.NORMAL.inv_cdf(min(max(edge, 1e-12), 1 - 1e-12)) - middle
    return share.NORMAL.cdf(middle + way * math.hypot(by_chance, reach))


@dataclass(frozen=True, slots=True)
class LimitAnswer:
    """A limit with what was found about it."""

    limit: Limit
    proof: Proof


def consistent(
    value: float | None, low: float | None, high: float | None, answers: tuple[LimitAnswer, ...]
) -> tuple[float | None, float | None]:
    """(low, high) of a quantile so that they never seem to deny an answer.

    Each proof is of its limit itself, on the correlation that shows there; bounds at the value may know less or more.
    """
    for answer in answers:
        edge = answer.limit.value
        if answer.proof is Proof.YES:
            high = edge if high is None else min(high, edge)
        elif answer.proof is Proof.NO and (value is None or value >= edge):
            low = edge if low is None else max(low, edge)
        elif answer.proof is Proof.OPEN and value is not None:
            low = min(low, edge) if low is not None and value >= edge else low
            high = max(high, edge) if high is not None and value <= edge else high
    return low, high


def _bare(reading: Reading, limit: Limit) -> LimitComparison:
    if reading.value is None and isinstance(reading.evidence, Bounds) and reading.evidence.low:
        return LimitComparison(Proof.NO, f"not within {duration(reading.evidence.low / 1000)}")
    if reading.value is None:
        return LimitComparison(Proof.NO, "the value is not bounded: too many requests failed or did not finish")
    return LimitComparison(Proof.YES if limit.holds(reading.value) else Proof.NO, "")


def _quantile(
    reading: Reading, metric: Metric, q: float, limit: Limit, confidence: float, refuting: float
) -> LimitComparison:
    allowed = 1 - q
    stalled = reading.stalled_share(limit.value / 1000)
    if stalled > allowed:
        waited_s = stalled * reading.window_s
        how = f"{_silence(reading)}; whoever came in {waited_s:.2f} s of that ({_percent(stalled)} of the time) waited "
        how += f"over {quantity(limit.value, 'ms')}, {_percent(allowed)} may"
        return LimitComparison(Proof.NO, how)
    counted = tally(reading, metric, limit)
    if counted is None:
        return LimitComparison(Proof.OPEN, "no request was counted")
    proof = counted.proof(confidence, refuting)
    how = f"{counted.least:,} of {counted.requests:,} requests {_counted_as(counted, limit)} "
    how += f"(allowed: {_percent(allowed)})"
    return LimitComparison(proof, how + _why(counted, proof, confidence), beyond_by_time(counted))


def _counted_as(counted: Tally, limit: Limit) -> str:
    """What those did that count against a quantile: a failed request took no time that would be known."""
    record = counted.record
    did = [
        *(["failed"] if record and record.failures else []),
        *(["had no end"] if record and record.in_flight else []),
    ]
    edge = quantity(limit.value, "ms")
    return f"{', '.join(did)} or took longer than {edge}" if did else f"exceeded {edge}"


def beyond_by_time(counted: Tally) -> bool:
    """Whether every second counted alike brings more than the allowed share, and every request counted alike does not.

    No longer run decides between the two.
    """
    allowed, record = counted.allowed * counted.requests, counted.record
    return record is not None and over(record, counted.limit_ms, inclusive=True)[1] <= allowed < counted.most


def _why(counted: Tally, proof: Proof, confidence: float) -> str:
    """What stands against the plain count, as far as it does."""
    if counted.out:
        return f"; for {counted.outage_s:.0f} s of {counted.window_s:.0f} s nearly all of them did"
    words = ""
    beyond = beyond_by_time(counted)
    if beyond or counted.most > counted.least * 1.5 + 1:
        words += f"; while they waited, users sent less: by time it is {_percent(counted.most / counted.requests)}"
        words += ", beyond the limit" if beyond else ""
    worth = counted.worth(confidence)
    shift = counted.level.shift(confidence)
    density = share.NORMAL.pdf(share.NORMAL.inv_cdf(counted.allowed))
    together = worth + shift**2 * counted.requests * density**2 / (counted.allowed * (1 - counted.allowed))
    if counted.drifts(confidence) and proof is Proof.OPEN:
        return f"{words}; response times drifted through the whole run, which is too short to know their usual level"
    if proof is Proof.OPEN and together < 1.5:
        needed = share.samples_needed(counted.allowed, confidence)
        if counted.requests < needed:
            words += f"; at least {needed:,} requests are needed"
    elif together >= 1.5:
        independent = max(counted.requests / together, 1.0)
        words += f"; slow responses cluster, so this counts as {independent:,.0f} independent samples"
    if proof is Proof.YES and counted.only_by_distance(confidence):
        words += "; it is proven by its distance from the limit"
    return words + _few_bursts(counted, proof, confidence)


def _outage(counted: Tally, reading: Reading) -> str:
    if outage_s(counted.blocks, counted.window_s) >= 0.99 * counted.outage_s:
        return f"for {counted.outage_s:.0f} s of {counted.window_s:.0f} s nearly all of them failed"
    first, *more = reading.outages
    told = clean(first.name, 60) + (f" and {count(len(more), 'more endpoint')}" if more else "")
    return f"for {first.seconds:.0f} s of {counted.window_s:.0f} s nearly all requests of {told} failed"


def _few_bursts(counted: Tally, proof: Proof, confidence: float) -> str:
    undecided = proof is Proof.OPEN and counted.below and not counted.bursts_are_excluded(confidence, counted.most)
    return "; the bursts are too few to exclude longer ones" if undecided else ""


def _rate(
    reading: Reading, rate: Rate, metric: Metric, limit: Limit, confidence: float, refuting: float
) -> LimitComparison:
    unanswered = reading.stalled_share(0.0, unanswered_only=True)
    if unanswered:
        # Nobody who came in that time was ever answered: time speaks for the requests that were not sent.
        bound = 100 * (1 - unanswered) if metric.better == "higher" else 100 * unanswered
        if not limit.holds(bound):
            return LimitComparison(Proof.NO, f"{_silence(reading)}, and what waited then was never answered")
    how = f"{rate.hits:,} of {rate.total:,}"
    counted = tally(reading, metric, limit)
    if counted is None:
        low, high = bounds(reading, metric, confidence)
        return LimitComparison(_between(_end(low, 0.0), _end(high, 100.0), limit), how)
    if counted.out:
        how += f"; {_outage(counted, reading)}"
    elif (worth := (counted.worth_below if counted.below else counted.worth)(confidence)) >= 1.5:
        how += f"; failures cluster, so this counts as {rate.total / worth:,.0f} independent samples"
    proof = counted.proof(confidence, refuting)
    return LimitComparison(proof, how + _few_bursts(counted, proof, confidence))


def _mean(
    reading: Reading,
    blocks: tuple[tuple[float, float], ...],
    metric: Metric,
    limit: Limit,
    confidence: float,
    refuting: float,
) -> LimitComparison:
    ends = mean.bounds(blocks, confidence)
    wider = mean.bounds(blocks, refuting)
    if ends is None or wider is None:
        return LimitComparison(Proof.OPEN, f"fewer than {mean.MIN_BLOCKS} time blocks were measured")
    proof = _between(*ends, limit)
    if proof is Proof.NO:
        proof = _between(*wider, limit)
    lost = max(reading.lost_share, reading.stalled_share(0.0, unanswered_only=True))
    if proof is Proof.YES and metric.better == "lower" and lost > MEAN_LOSS:
        return LimitComparison(Proof.OPEN, f"it leaves out what was never answered ({_percent(lost)})")
    if proof is Proof.OPEN and mean.drifts(blocks):
        return LimitComparison(proof, "it drifted through the whole run, which is too short to know its usual level")
    return LimitComparison(proof, "")


def _silence(reading: Reading) -> str:
    seconds = sum(gap.seconds for gap in reading.standstills if not gap.endpoint) or max(
        gap.seconds for gap in reading.standstills
    )
    return f"nothing was answered for {seconds:.2f} s of {reading.window_s:.1f} s"


def _end(end: float | None, beyond: float) -> float:
    return beyond if end is None else end


def _percent(part: float) -> str:
    return quantity(100 * part, "%")


def _between(low: float, high: float, limit: Limit) -> Proof:
    """Whether every value from low to high meets the limit, or none."""
    holds = limit.holds(low), limit.holds(high)
    if limit.operator is Operator.EQUAL:
        return Proof.YES if all(holds) else Proof.NO if not low <= limit.value <= high else Proof.OPEN
    if all(holds):
        return Proof.YES
    return Proof.OPEN if any(holds) else Proof.NO
