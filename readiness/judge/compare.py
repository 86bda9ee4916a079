"""One reading against one limit: yes, no, or not proven, at the configured confidence.

A quantile is judged without estimating it: "P95 < T" holds when the share of requests at or over T is below 5 %, and
that share has an exact binomial bound. A rate is judged the same way, a mean by the spread between time blocks.
Counts and headers are exact. Source of the method: docs/design.md §7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from readiness.config.model import Limit, Operator
from readiness.judge.proof import Proof as Proof
from readiness.judge.proof import rules_of, tally
from readiness.judge.readings import Reading, Spread, over
from readiness.measurements.bounds import Bounds
from readiness.measurements.run import Rate, Recording
from readiness.metrics.metric import Kind, Metric
from readiness.numbers import quantity
from readiness.stats import beta, mean, share

MEAN_LOSS = 0.01
"""Share of requests that may be missing from a mean of successes before it proves nothing."""


LOOKS = 10
"""A mean that is looked at again and again gets a tenth of the error: the looks of one run are much alike, and no run
has ten doublings of its length (Bonferroni over those)."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answer, and the words for how it was found."""

    proof: Proof
    how: str


def compare(reading: Reading, metric: Metric, limit: Limit, confidence: float | None) -> Comparison:
    """Whether the limit holds; the reading must have been measured (no `reason`)."""
    if reading.dead_endpoints and metric.kind in (Kind.QUANTILE, Kind.RATE):
        return Comparison(Proof.NO, f"{', '.join(reading.dead_endpoints[:3])}: not one request succeeded")
    if confidence is None or metric.kind is Kind.EXACT:
        return _bare(reading, limit)
    match reading.evidence:
        case Recording() if metric.quantile is not None:
            return _quantile(reading, metric, metric.quantile, limit, confidence)
        case Rate() as rate:
            return _rate(reading, rate, metric, limit, confidence)
        case Spread(blocks):
            return _mean(reading, blocks, metric, limit, confidence)
        case Bounds(low, high):
            return Comparison(_between(_end(low, -math.inf), _end(high, math.inf), limit), "both runs together")
        case _:
            return Comparison(Proof.OPEN, "no samples were kept that could prove it")


def bounds(reading: Reading, metric: Metric, confidence: float | None) -> tuple[float | None, float | None]:
    """(low, high) of the value for display, in its unit; None for an end that does not exist."""
    if confidence is None or metric.kind is Kind.EXACT:
        return reading.value, reading.value
    match reading.evidence:
        case Rate(hits, total, blocks) if total:
            n = total / share.design_effect(blocks)
            k = hits / total * n
            rules = rules_of(reading)
            return 100 * rules.lower(k, n, confidence), 100 * rules.upper(k, n, confidence)
        case Recording() as record if metric.quantile is not None and reading.value is not None:
            n, q = float(record.requests), metric.quantile
            _, _, over_blocks = over(record, reading.value, inclusive=False)
            n /= max(share.design_effect(over_blocks), reading.moved.effect(1 - q))
            if n < 1:
                return None, None  # so correlated that order statistics say nothing
            bad = record.failures + record.in_flight
            low = beta.inverse(1 - confidence, n * q, n * (1 - q) + 1)
            high = beta.inverse(confidence, n * q + 1, n * (1 - q))
            proves = n >= share.samples_needed(1 - q, confidence)
            return (
                record.ok.quantile_ms(low, infinite=bad),
                record.ok.quantile_ms(high, infinite=bad) if proves else None,
            )
        case Spread(spread):
            ends = mean.bounds(spread, 1 - (1 - confidence) / LOOKS if reading.looked else confidence)
            return ends or (None, None)
        case Bounds(least, most):
            return least, most
        case _:
            return None, None


@dataclass(frozen=True, slots=True)
class Answer:
    """A limit with what was found about it."""

    limit: Limit
    proof: Proof


def consistent(
    value: float | None, low: float | None, high: float | None, answers: tuple[Answer, ...]
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


def _bare(reading: Reading, limit: Limit) -> Comparison:
    if reading.value is None:
        return Comparison(Proof.NO, "the value is not bounded: too many requests failed or did not finish")
    return Comparison(Proof.YES if limit.holds(reading.value) else Proof.NO, "")


def _quantile(reading: Reading, metric: Metric, q: float, limit: Limit, confidence: float) -> Comparison:
    allowed = 1 - q
    stalled = reading.stalled_share(limit.value / 1000)
    if stalled > allowed:
        waited_s = stalled * reading.window_s
        how = f"{_silence(reading)}; whoever came in {waited_s:.2f} s of that ({_percent(stalled)} of the time) waited "
        how += f"over {quantity(limit.value, 'ms')}, {_percent(allowed)} may"
        return Comparison(Proof.NO, how)
    counted = tally(reading, metric, limit)
    if counted is None:
        return Comparison(Proof.OPEN, "no request was counted")
    n, rules = counted.requests, rules_of(reading)
    proof = counted.proof(rules, confidence)
    effective = n / counted.worth
    how = f"{counted.least:,} of {n:,} requests ({_percent(counted.least / n)}) were over the limit, "
    how += f"{_percent(allowed)} may be{_correlated(n, effective)}"
    needed = rules.samples_needed(allowed, confidence)
    if proof is Proof.OPEN and effective < needed:
        how += f"; at least {needed:,} are needed to prove it"
    return Comparison(proof, how)


def _correlated(n: int, effective: float) -> str:
    if effective < 1:
        return "; latencies wandered more slowly than a run of this length can resolve"
    if n < 1.05 * effective:
        return ""
    return f"; slow answers come together, so these count as {effective:,.0f} independent ones"


def _rate(reading: Reading, rate: Rate, metric: Metric, limit: Limit, confidence: float) -> Comparison:
    n = rate.total / share.design_effect(rate.blocks)
    k = rate.hits / rate.total * n
    rules = rules_of(reading)
    low, high = 100 * rules.lower(k, n, confidence), 100 * rules.upper(k, n, confidence)
    unanswered = reading.stalled_share(0.0, unanswered_only=True)
    if unanswered:
        # Nobody who came in that time was ever answered: time speaks for the requests that were not sent.
        bound = 100 * (1 - unanswered) if metric.better == "higher" else 100 * unanswered
        if not limit.holds(bound):
            return Comparison(Proof.NO, f"{_silence(reading)}, and what waited then was never answered")
    return Comparison(_between(low, high, limit), f"{rate.hits:,} of {rate.total:,}")


def _mean(
    reading: Reading, blocks: tuple[tuple[float, float], ...], metric: Metric, limit: Limit, confidence: float
) -> Comparison:
    ends = mean.bounds(blocks, 1 - (1 - confidence) / LOOKS if reading.looked else confidence)
    if ends is None:
        return Comparison(Proof.OPEN, f"fewer than {mean.MIN_BLOCKS} time blocks were measured")
    proof = _between(*ends, limit)
    lost = max(reading.lost_share, reading.stalled_share(0.0, unanswered_only=True))
    if proof is Proof.YES and metric.better == "lower" and lost > MEAN_LOSS:
        return Comparison(Proof.OPEN, f"it leaves out what was never answered ({_percent(lost)})")
    return Comparison(proof, "")


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
