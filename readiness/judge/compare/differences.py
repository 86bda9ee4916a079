"""Every metric of every endpoint in both runs, with intervals that hold all at once.

Many comparisons find something by chance, so the intervals are widened by Holm's step-down rule (Scandinavian Journal
of Statistics 6, 1979): all of n at confidence 1 - a/n first; each one that lies off zero is taken out of n, until no
more does. An interval as shown then lies off zero exactly when Holm's test rejects, and two runs of the same service
call any difference at all in at most a of cases.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from readiness.judge.change import POINTS, Change, change
from readiness.judge.compare.comparison import ComparisonFinding, Difference
from readiness.judge.moments import noted
from readiness.judge.readings import Reading, read
from readiness.measurements import scopes
from readiness.measurements.run import Recording, Run
from readiness.metrics.catalogue import find, is_load
from readiness.metrics.metric import Kind, Metric
from readiness.stats import share
from readiness.text.numbers import number, quantity

WHOLE = ("latency.mean", "latency.p50", "latency.p95", "latency.p99", "http.error_rate", "throughput")
EACH = ("latency.p50", "latency.p95", "latency.p99", "http.error_rate")
MOVED_BY_CHANCE = frozenset(
    {
        "latency.max", "stream.longest_gap.max", "cache.fallback", "circuit_breaker.closed", "pool.wait.mean",
        "pool.saturation", "pool.headroom", "target.throttled", "target.memory.max", "target.database.throttled",
        "target.database.memory.max", "kubernetes.replicas", "kubernetes.replicas.change",
        "database.oldest_transaction", "database.lock_waits", "database.idle_in_transaction", "database.temp_files",
        "database.transaction_ids.used", "database.replication_lag", "drill.longest_answer", "drill.recovery",
        "drill.connections_per_request", "drill.goodput", "drill.requests_lost", "drill.drain", "restore.duration",
    }
)  # fmt: skip
"""The most, the least or the mean of what a run happened to see: two runs of one build differ, and nobody knows by how
much. Shown, and never called worse or better."""
_MOMENTS = ("latency.ttfb.p95", "stream.first_event.p95", "stream.longest_gap.p95")
"""Compared where both runs noted them."""
MOST_ENDPOINTS = 500
EXCLUDED_RATIO = 50.0
"""Two runs say "no regression" only where they exclude a worsening of this size, in percent (an equivalence test:
Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987)."""
EXCLUDED_POINTS = 5.0
"""The same for a share, in percentage points."""
SAME_POINTS = 0.5
"""Exact shares that differ by less, in percentage points, are the same for any use."""
NEEDED_WHOLE = ("latency.p50", "latency.p95", "http.error_rate")
NEEDED_EACH = ("latency.p50", "http.error_rate")
"""What must not have too little data, or nothing can be said about the scope."""
_LONGER = 1.2
"""A length that is told is at least this many times what did not do."""


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """One metric in one scope, read in both runs."""

    metric: Metric
    scope: str | None
    base: Reading
    head: Reading


def pairs(base: Run, head: Run) -> tuple[ComparedPair, ...]:
    """What can be compared; what has no direction (a count of rows) is left out."""
    found = [_pair(base, head, name, None) for name in WHOLE]
    found += [_pair(base, head, name, scope) for scope in endpoints(base, head) for name in EACH]
    found += [
        _pair(base, head, name, scope)
        for name in _MOMENTS
        if noted(base.load, name) and noted(head.load, name)
        for scope in (None, *endpoints(base, head))
        if _is_read(base, name, scope) and _is_read(head, name, scope)
    ]
    measured = {(one.metric, one.scope) for run in (base, head) for one in run.measurements}
    for name, scope in sorted(measured, key=str):
        metric = find(name)
        if metric is not None and metric.better != "equal" and not is_load(name):
            found.append(_pair(base, head, name, scope))
    return tuple(found)


def _is_read(run: Run, name: str, scope: str | None) -> bool:
    metric = find(name)
    return metric is not None and read(run, metric, scope).reason is None


def endpoints(base: Run, head: Run) -> tuple[str, ...]:
    """Names of the endpoints of either run, most requests first; one that both name in their own way, as head does."""
    return every_endpoint(base, head)[:MOST_ENDPOINTS]


def every_endpoint(base: Run, head: Run) -> tuple[str, ...]:
    """As `endpoints`, all of them. One that neither asked in its measurement window (a log-in) cannot be compared."""
    counts: dict[str, int] = {}
    names = {endpoint.name for endpoint in (head.load.endpoints if head.load else ())}
    for run in (head, base):
        for endpoint in run.load.endpoints if run.load else ():
            name = scopes.resolved(endpoint.name, (), names) or endpoint.name
            counts[name] = counts.get(name, 0) + endpoint.judged.requests
    return tuple(sorted((name for name, n in counts.items() if n), key=lambda name: (-counts[name], name)))


def _pair(base: Run, head: Run, name: str, scope: str | None) -> ComparedPair:
    metric = find(name)
    if metric is None:
        raise LookupError(f"{name} is not in the catalogue")
    return ComparedPair(metric, scope, read(base, metric, scope), read(head, metric, scope))


def differences(
    compared: Iterable[ComparedPair], *, confidence: float, worse_by: float
) -> tuple[tuple[Difference, ...], float]:
    """Every difference, worst first, and the confidence (two-sided) of each single interval."""
    every = tuple(compared)
    uncertain = [pair for pair in every if pair.metric.kind is not Kind.EXACT and _measured(pair)]
    left, off = len(uncertain), -1
    each = confidence
    while True:
        each = 1 - (1 - confidence) / max(left, 1)
        changes = {(pair.metric.name, pair.scope): _change(pair, each) for pair in uncertain}
        now = sum(_off_zero(one) for one in changes.values())
        if now <= off or now == 0:
            break
        off, left = now, max(len(uncertain) - now, 1)
    found = [_difference(pair, changes.get((pair.metric.name, pair.scope)), worse_by, confidence) for pair in every]
    return tuple(sorted(found, key=lambda one: (_ORDER[one.finding], one.scope is not None, -_size(one)))), each


def too_little(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Differences that must be known and are not."""
    return tuple(one for one in found if one.finding is ComparisonFinding.TOO_LITTLE and needed(one))


def needed(one: Difference) -> bool:
    """Whether nothing can be said about the scope without this difference."""
    return one.metric in (NEEDED_WHOLE if one.scope is None else NEEDED_EACH)


_ORDER = {
    ComparisonFinding.REGRESSION: 0,
    ComparisonFinding.TOO_LITTLE: 1,
    ComparisonFinding.IMPROVEMENT: 2,
    ComparisonFinding.NO_EVIDENCE: 3,
}


def _measured(pair: ComparedPair) -> bool:
    return pair.base.reason is None and pair.head.reason is None


def _change(pair: ComparedPair, each: float) -> Change:
    return change(pair.base, pair.head, pair.metric, 1 - (1 - each) / 2)


def _off_zero(one: Change) -> bool:
    return (one.low is not None and one.low > 0) or (one.high is not None and one.high < 0)


def _size(one: Difference) -> float:
    return abs(one.change.value) if one.change.value is not None else float("inf")


def _difference(pair: ComparedPair, changed: Change | None, worse_by: float, confidence: float) -> Difference:
    metric, base, head = pair.metric, pair.base, pair.head
    missing = [f"{name}: {side.reason}" for name, side in (("base", base), ("head", head)) if side.reason]
    if missing:
        empty = Change(None, None, None, "%")
        return _made(pair, empty, ComparisonFinding.TOO_LITTLE, f"Not measured in both runs ({'; '.join(missing)}).")
    changed = changed or change(base, head, metric, 0.5)
    if metric.name in MOVED_BY_CHANCE:
        moved = "One number of each run, which chance moves: neither worse nor better is proven."
        return _made(pair, replace(changed, low=None, high=None), ComparisonFinding.TOO_LITTLE, moved)
    if base.value is None or head.value is None:
        return _unbounded(pair, changed)
    floor = worse_by * (100 if changed.unit == "%" else base.value)
    if metric.kind is Kind.EXACT and changed.unit == POINTS:
        floor = max(floor, SAME_POINTS)
    excluded = None if metric.kind is Kind.EXACT else _ends(metric, change(base, head, metric, confidence))[1]
    made = replace(_made(pair, changed, *_finding(metric, changed, floor, excluded, confidence)), excluded=excluded)
    if made.finding is not ComparisonFinding.TOO_LITTLE:
        return made
    return replace(made, longer=_longer(pair, changed, max(floor, _largest(changed)), excluded, confidence))


def _longer(
    pair: ComparedPair, changed: Change, most: float, excluded: float | None, confidence: float
) -> float | None:
    """How many times as many requests would exclude `most`, if all else stayed as it is.

    The distance from the value to the end of its interval shrinks with the root of their number. Where there is no end
    yet, it is told from when on there is one: as many requests as prove anything of that quantile.
    """
    metric, fewest = pair.metric, min(pair.base.samples or 0, pair.head.samples or 0)
    if excluded is None:
        allowed = 1 - metric.quantile if metric.quantile is not None else 0.0
        if not fewest or not 0 < allowed < 1:
            return None
        return max(share.samples_needed(min(allowed, 1 - allowed), confidence) / fewest, _LONGER)
    value = _ends(metric, replace(changed, low=changed.value, high=changed.value))[1]
    if value is None or value >= most:
        return None  # what it is now is already too much
    sizes = (
        (value, excluded, most)
        if changed.unit == POINTS
        else (math.log1p(max(x, -99) / 100) for x in (value, excluded, most))
    )
    at, end, bar = sizes
    return max(((end - at) / (bar - at)) ** 2, _LONGER)


def _largest(changed: Change) -> float:
    return EXCLUDED_POINTS if changed.unit == POINTS else EXCLUDED_RATIO


def _ends(metric: Metric, changed: Change) -> tuple[float | None, float | None]:
    """(low, high) in the words of "lower is better"."""
    return (_minus(changed.high), _minus(changed.low)) if metric.better == "higher" else (changed.low, changed.high)


def _finding(
    metric: Metric, changed: Change, floor: float, excluded: float | None, confidence: float
) -> tuple[ComparisonFinding, str]:
    """The kind of difference and the sentence; `floor` and `excluded` are in the change's unit.

    That something is worse is one of many claims, each at Holm's confidence. That all worsenings of a size are excluded
    is one claim that needs every part of it, so each part has the whole error (an intersection-union test): its bound
    is not the end of the interval that stands beside it, and says so.
    """
    low, high = _ends(metric, changed)
    floored = f" by more than {number(floor, changed.unit)} {changed.unit}".rstrip() if floor else ""
    if low is not None and low > floor:
        return ComparisonFinding.REGRESSION, f"Worse{floored}, proven."
    if high is not None and high < -floor:
        return ComparisonFinding.IMPROVEMENT, f"Better{floored}, proven."
    if metric.kind is Kind.EXACT and high is not None:
        return ComparisonFinding.NO_EVIDENCE, "Not worse." if low or high else "Unchanged."
    if excluded is None:
        return ComparisonFinding.TOO_LITTLE, "Too few requests for a whole interval."
    size = quantity(max(excluded, 0.0), changed.unit)
    alone = f"by itself at {quantity(100 * confidence, '%')}"
    if excluded > max(floor, _largest(changed)):
        return ComparisonFinding.TOO_LITTLE, f"Too few requests: {alone} only more than {size} worse is excluded."
    return ComparisonFinding.NO_EVIDENCE, f"{alone.capitalize()}: not worse by more than {size}."


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _unbounded(pair: ComparedPair, changed: Change) -> Difference:
    """A quantile beyond the failed requests in at least one run: their share decides, when it is proven."""
    proven = [_lost(side.evidence, pair.metric) for side in (pair.base, pair.head)]
    if proven[1] and pair.base.value is not None:
        return _made(
            pair, changed, ComparisonFinding.REGRESSION, "No longer bounded: too many requests failed, proven."
        )
    if proven[0] and pair.head.value is not None:
        return _made(pair, changed, ComparisonFinding.IMPROVEMENT, "Bounded again: fewer requests fail.")
    return _made(
        pair, changed, ComparisonFinding.TOO_LITTLE, "Not bounded: too many requests failed or did not finish."
    )


def _lost(evidence: object, metric: Metric) -> bool:
    """Whether the failed requests are proven to be more than the quantile leaves out."""
    if not isinstance(evidence, Recording) or metric.quantile is None:
        return False
    bad = evidence.failures + evidence.in_flight
    return share.lower(bad, evidence.requests, 0.999) > 1 - metric.quantile


def _made(pair: ComparedPair, changed: Change, finding: ComparisonFinding, message: str) -> Difference:
    metric = pair.metric
    return Difference(
        metric.name,
        pair.scope,
        metric.title,
        metric.unit,
        pair.base.value,
        pair.head.value,
        pair.base.samples,
        pair.head.samples,
        changed,
        finding,
        message,
    )
