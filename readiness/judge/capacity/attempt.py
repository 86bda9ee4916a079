"""One load of one height against the limits of the file: does it keep them, and if not, whose doing is it?

The load generator shares the blame only where it can explain the whole of it: a latency that is over its limit even
without the load generator's own lag is the service's (docs/decisions/0017-capacity.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from readiness.config.model import Check, Operator
from readiness.judge.check import judge_check
from readiness.judge.generator_health import MAX_CPU_SHARE, MIN_WATCHED_S, lag_ms, suspicion
from readiness.judge.judge import judged_ledger, load_doubts
from readiness.judge.readings import own_faults, recording_of
from readiness.judge.slow_requests import by_name
from readiness.judge.time_inside import no_free_core
from readiness.judge.verdict import CheckResult, Latency, Outcome, latency
from readiness.measurements.generator_health import Instrument
from readiness.measurements.histogram import Histogram
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.run import Load, Run
from readiness.metrics.catalogue import find
from readiness.metrics.metric import Kind
from readiness.stats import share
from readiness.text.numbers import quantity

MOST_NEEDED_S = 3600.0
SURPLUS = 2.5
"""Times the fewest samples that could prove a limit: some requests are over it, and requests are correlated."""


class TrialFinding(StrEnum):
    """What an attempt says about its height."""

    KEPT = "kept"
    """Every limit is proven."""
    LEANS_KEPT = "leans kept"
    """Not proven; the bare values are inside the limits."""
    LEANS_BROKEN = "leans broken"
    """Not proven; a bare value is outside its limit."""
    BROKEN = "broken"
    """A limit is proven to be missed, and the load generator does not explain it."""
    GENERATOR = "generator"
    """The load generator was at its end: nothing is known about the service."""
    UNTRUSTED = "untrusted"
    """The attempt cannot be trusted."""

    @property
    def upwards(self) -> bool:
        """Whether a search goes on above it."""
        return self in (TrialFinding.KEPT, TrialFinding.LEANS_KEPT)


@dataclass(frozen=True, slots=True)
class ServiceCpu:
    """CPU time of the service's processes at one height; with `reason`, why it is not known."""

    reason: str = ""
    cpu_s: float = 0.0
    window_s: float = 0.0
    cores: float = 0.0
    """That they may use."""
    requests_per_s: float = 0.0
    """All that were started, failed ones too."""
    mix: Mapping[str, float] = field(default_factory=dict)
    """Endpoint to its share (0 to 1) of the requests."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One height, held once."""

    height: float
    proof: bool
    """Whether it was held to prove the height; only such an attempt supports the answer."""
    finding: TrialFinding
    reason: str
    """One sentence: which limit, or whose fault; empty when kept."""
    held_s: float
    requests: int
    failures: int
    """Failed, still running at the end, or never sent."""
    throughput_per_s: float | None
    """Successes."""
    latency_ms: Latency
    cpu_share: float | None
    """Of its core that the load generator used (0 to 1)."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """The failures that ended, by class of FAILURE_CLASSES."""
    needed_s: float = 0.0
    """How long this height should be held for a proof, by the requests that each check saw; at most an hour."""
    cpu: ServiceCpu | None = None
    """What it cost the service; None in files of older versions."""
    no_free_core: str = ""
    """How long the service waited for cores that other processes had; empty when it did not, or nobody saw."""


def judge_attempt(
    run: Run,
    checks: Sequence[Check],
    height: float,
    *,
    proof: bool,
    confidence: float | None,
    proof_confidence: float | None,
) -> Attempt:
    """What `run`, a load of one height, says about it.

    `confidence` is one-sided, for each check; None compares bare values. `needed_s` is for one at `proof_confidence`.
    """
    load = run.load
    if load is None:
        reason = _first(run.doubts) or "No load was sent."
        none = Latency(*[None] * 7)
        return Attempt(height, proof, TrialFinding.UNTRUSTED, reason, 0.0, 0, 0, None, none, None)
    results = [judge_check(run, check, confidence).result for check in checks]
    finding, reason = _finding(run, load, checks, results, confidence)
    record = recording_of(load.endpoints)
    return Attempt(
        height=height,
        proof=proof,
        finding=finding,
        reason=reason,
        held_s=load.judged_s,
        requests=record.requests + load.dropped_judged,
        failures=record.failures + record.in_flight + load.dropped_judged,
        throughput_per_s=record.ok.total / load.judged_s if load.judged_s else None,
        latency_ms=latency(record.ok),
        cpu_share=load.instrument.cpu_share if load.instrument else None,
        failed=judged_ledger(load).failed,
        needed_s=min(needed_s(checks, results, load.judged_s, proof_confidence), MOST_NEEDED_S),
        cpu=_cpu(run, load),
        no_free_core=_no_free_core(run.process, load),
    )


def _no_free_core(seen: ProcessActivity | None, load: Load) -> str:
    if seen is None or seen.reason is not None or not seen.window_s:
        return ""
    records = by_name(load.endpoints).values()
    return no_free_core(seen, sum(one.ok.sum_us + one.failed_latency.sum_us for one in records) / 1e6)


def _cpu(run: Run, load: Load) -> ServiceCpu:
    seen, records = run.process, by_name(load.endpoints)
    requests = sum(record.requests for record in records.values())
    if seen is None or seen.reason is not None:
        return ServiceCpu(seen.reason or "" if seen else "the processes of the service were not read")
    if not requests or not load.judged_s:
        return ServiceCpu("no request was judged")
    mix = {name: record.requests / requests for name, record in records.items()}
    return ServiceCpu("", seen.cpu_s, seen.window_s, seen.cores, requests / load.judged_s, mix)


def needed_s(checks: Sequence[Check], results: Sequence[CheckResult], held_s: float, confidence: float | None) -> float:
    """How long to hold the height so that each check gets enough requests; infinity when one of them got none."""
    if confidence is None:
        return 0.0
    found = 0.0
    for check, result in zip(checks, results, strict=True):
        allowed = _allowed(check)
        if allowed and not (result.samples and held_s):
            return math.inf
        if allowed and result.samples:
            found = max(found, SURPLUS * share.samples_needed(allowed, confidence) * held_s / result.samples)
    return found


def _allowed(check: Check) -> float | None:
    """The share of requests that may be over the limit; None where no number of requests follows from it."""
    metric = find(check.metric)
    if metric is None or (metric.quantile is None and metric.kind is not Kind.RATE):
        return None
    if metric.quantile is not None:
        return 1 - metric.quantile
    share_kept = check.pass_limit.value / 100
    allowed = 1 - share_kept if check.pass_limit.operator in (Operator.GREATER, Operator.AT_LEAST) else share_kept
    return allowed if 0 < allowed < 1 else None


def _finding(
    run: Run, load: Load, checks: Sequence[Check], results: Sequence[CheckResult], confidence: float | None
) -> tuple[TrialFinding, str]:
    by_outcome = {result.outcome: result for result in reversed(results)}
    if own := own_faults(load):
        return TrialFinding.GENERATOR, _sentence(f"requests failed on this side ({', '.join(own)})")
    if why := _saturated(load):
        return TrialFinding.GENERATOR, why
    missed = [
        (check, result)
        for check, result in zip(checks, results, strict=True)
        if result.outcome in (Outcome.FAIL, Outcome.WARN)
    ]
    of_the_service = [result for check, result in missed if not _explained(load, check, result)]
    doubts = (*run.doubts, *load_doubts(load, checks, confidence))
    if of_the_service and not run.doubts:
        return TrialFinding.BROKEN, _told(of_the_service[0])
    if missed:
        return TrialFinding.GENERATOR, _sentence(f"the load generator's own lag may explain it: {_told(missed[0][1])}")
    if doubts:
        return TrialFinding.UNTRUSTED, _sentence(doubts[0])
    for check, result in zip(checks, results, strict=True):
        if (found := _suspected(load, check, result)) is not None:
            return TrialFinding.GENERATOR, _sentence(found)
    unsure = by_outcome.get(Outcome.ERROR) or by_outcome.get(Outcome.INCONCLUSIVE)
    if unsure is None:
        return (TrialFinding.KEPT, "") if results else (TrialFinding.UNTRUSTED, "No limit was judged.")
    bare = [judge_check(_calm(run), check, None).result for check in checks]
    outside = [result for result in bare if result.outcome in (Outcome.FAIL, Outcome.WARN)]
    if outside:
        key = outside[0].key
        return TrialFinding.LEANS_BROKEN, _told(next(result for result in results if result.key == key))
    return TrialFinding.LEANS_KEPT, _told(unsure)


def _saturated(load: Load) -> str | None:
    seen = load.instrument
    if seen is None or seen.watched_s < MIN_WATCHED_S or seen.cpu_share <= MAX_CPU_SHARE:
        return None
    return f"The load generator was saturated: it used {quantity(100 * seen.cpu_share, '%')} of its core."


def _explained(load: Load, check: Check, result: CheckResult) -> bool:
    """Whether the limit would have been kept without the load generator's lag at the same quantile."""
    metric = find(check.metric)
    if metric is None or metric.unit != "ms" or result.value is None:
        return False
    return result.value - lag_ms(load, metric) <= check.pass_limit.value


def _suspected(load: Load, check: Check, result: CheckResult) -> str | None:
    """Why a latency inside its limit proves nothing, as in every run."""
    metric = find(check.metric)
    if metric is None or result.value is None or not check.pass_limit.holds(result.value):
        return None
    found = suspicion(load, metric, result.value, check.pass_limit.value)
    return found.reason if found else None


def _calm(run: Run) -> Run:
    """The run with an instrument beyond suspicion: bare values only."""
    if run.load is None:
        return run
    at_once = Histogram.of_us(np.ones(1, np.int64))
    calm = Instrument(watched_s=run.load.judged_s, cpu_s=0.001, lag=at_once, start_lag=at_once)
    return replace(run, load=replace(run.load, instrument=calm))


def _told(result: CheckResult) -> str:
    return f"{result.title}: {result.message}"


def _first(doubts: Sequence[str]) -> str:
    return _sentence(doubts[0]) if doubts else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def lowest_users(weights: Iterable[float | None], most: float) -> float:
    """Users with which every scenario has one, by its weight; `most` where that is more."""
    known = [weight for weight in weights if weight]
    return min(float(math.ceil(sum(known) / min(known) - 1e-9)), most) if len(known) > 1 else 1.0
