"""How sure the decision is, and how small a regression this run would have caught. Pure and seeded.

The measurement window is resampled in stretches of neighbouring time blocks (circular block bootstrap: Politis &
Romano, 1992), the same stretches for all checks, and every check that is about a share is judged again; others keep
their outcome. What is resampled is the run: what did not happen in it is in no resample either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from readiness.config.model import Check, Config
from readiness.judge.check import Credit, Judged
from readiness.judge.decision import decide
from readiness.judge.family import refuting
from readiness.judge.limit_test import confidence_of
from readiness.judge.proof import Proof, Tally, tally
from readiness.judge.readings import Reading, read
from readiness.judge.robustness import Detectable, Sensitivity
from readiness.judge.score import score
from readiness.judge.verdict import Decision, Outcome
from readiness.measurements.run import Recording, Run
from readiness.metrics.catalogue import find
from readiness.metrics.metric import Metric
from readiness.stats.share import chance_of_more

_RESAMPLES = 200
STRETCH_S = 5.0
"""Length of a stretch: longer than ordinary correlation, and many of them in a run."""
_MIN_BLOCKS = 10
MAX_CHECKS = 40
"""Checks whose outcome is resampled; those beyond keep theirs, so that a long file stays fast."""
_SEED = 7
POWER = 0.95

_CREDITS = {Outcome.PASS: Credit(1, 1, 1), Outcome.WARN: Credit(0.5, 0.5, 0.5), Outcome.FAIL: Credit(0, 0, 0)}


@dataclass(frozen=True, slots=True)
class _Shared:
    """One check about a share: its place in the list, and the tallies of its limits."""

    at: int
    passed: Tally
    warned: Tally | None
    edges: tuple[float, float]
    """Shares over the pass limit at which the answer changes."""
    warn_edges: tuple[float, float]


def sensitivity(
    run: Run, config: Config, judged: Sequence[Judged], doubts: Sequence[str], decision: Decision
) -> Sensitivity:
    """Both answers; empty where the run has nothing to resample."""
    if config.confidence is None or run.load is None:
        return Sensitivity()
    shared: list[_Shared] = []
    detectable: list[Detectable] = []
    for at, check in enumerate(config.checks):
        metric = find(check.metric)
        if metric is None or len(shared) >= MAX_CHECKS or check.not_applicable is not None:
            continue
        reading = judged[at].reading or read(run, metric, check.scope)
        passed = tally(reading, metric, check.pass_limit) if reading.reason is None else None
        if passed is None:
            continue
        warned = tally(reading, metric, check.warn_limit) if check.warn_limit else None
        holds = confidence_of(reading, config.confidence)
        fails = confidence_of(reading, refuting(config.checks, check, config.confidence) or config.confidence)
        edges = passed.edges(holds, fails)
        one = _Shared(at, passed, warned, edges, warned.edges(holds, fails) if warned else edges)
        if _outcome(one, passed, warned) is judged[at].result.outcome:  # nothing else decided it
            shared.append(one)
        found = _detectable(check, metric, reading, warned or passed, one.warn_edges[1], holds)
        detectable += [found] if found else []
    same = _same(shared, run, config, judged, doubts, decision)
    return Sensitivity(same, _RESAMPLES if same is not None else 0, tuple(detectable))


def _same(
    shared: Sequence[_Shared],
    run: Run,
    config: Config,
    judged: Sequence[Judged],
    doubts: Sequence[str],
    decision: Decision,
) -> float | None:
    count = max((len(one.passed.blocks) for one in shared), default=0)
    if run.load is None or count < _MIN_BLOCKS or config.confidence is None:
        return None
    shared = [one for one in shared if len(one.passed.blocks) >= _MIN_BLOCKS]
    length = max(round(STRETCH_S * count / max(run.load.judged_s, 1.0)), 1)
    generator = np.random.default_rng(_SEED)
    starts = generator.random((_RESAMPLES, -(-count // length)))
    columns = []
    for one in shared:
        passed = _resampled(one.passed, starts, length)
        warned = _resampled(one.warned, starts, length) if one.warned else [None] * _RESAMPLES
        column = []
        for again, wider in zip(passed, warned, strict=True):
            column.append(_outcome(one, again, wider))
        columns.append(column)
    seen: dict[tuple[Outcome, ...], bool] = {}
    for row in zip(*columns, strict=True):
        if row not in seen:
            again_judged = list(judged)
            for one, outcome in zip(shared, row, strict=True):
                again_judged[one.at] = _with(judged[one.at], outcome)
            results = [item.result for item in again_judged]
            total = score(again_judged)
            seen[row] = decide(results, total, config.decision, doubts, run.interrupted)[0] is decision
    return sum(seen[row] for row in zip(*columns, strict=True)) / _RESAMPLES


def _resampled(one: Tally, starts: npt.NDArray[np.float64], length: int) -> list[Tally]:
    """The tally of each resample: stretches of `length` blocks from random places, until there are as many."""
    blocks = np.array(one.blocks, np.int64)
    count = len(blocks)
    first = (starts * count).astype(np.int64)
    index = ((first[:, :, None] + np.arange(length)) % count).reshape(len(starts), -1)[:, :count]
    hits, requests = blocks[:, 0][index].sum(axis=1), np.maximum(blocks[:, 1][index].sum(axis=1), 1)
    beside = one.most - int(blocks[:, 0].sum())  # requests in flight are in no block
    spread = one.most - one.least
    return [
        replace(one, least=int(k) + beside - spread, most=int(k) + beside, requests=int(n) + max(int(beside), 0))
        for k, n in zip(hits, requests, strict=True)
    ]


def _outcome(one: _Shared, passed: Tally, warned: Tally | None) -> Outcome:
    first = _proof(passed, one.edges)
    if first is Proof.YES:
        return Outcome.PASS
    second = _proof(warned, one.warn_edges) if warned else Proof.NO
    if first is Proof.NO and second is not Proof.OPEN:
        return Outcome.WARN if second is Proof.YES else Outcome.FAIL
    return Outcome.INCONCLUSIVE


def _proof(tally: Tally, edges: tuple[float, float]) -> Proof:
    holds, fails = edges
    if tally.most / tally.requests <= holds + 1e-12:
        return Proof.YES
    return Proof.NO if tally.least / tally.requests >= fails - 1e-12 else Proof.OPEN


def _with(judged: Judged, outcome: Outcome) -> Judged:
    if outcome is judged.result.outcome:
        return judged
    credit = _CREDITS.get(outcome, Credit(0, judged.credit.point, 1))
    return replace(judged, result=replace(judged.result, outcome=outcome), credit=credit)


def _detectable(
    check: Check, metric: Metric, reading: Reading, counted: Tally, fails: float, confidence: float
) -> Detectable | None:
    """The smallest worsening that this run fails with POWER; `counted` is at the wider limit, `fails` its edge."""
    share = detectable_share(counted, fails, confidence)
    if share is None:
        return None
    limit = check.warn_limit or check.pass_limit  # beyond the wider one it fails
    match reading.evidence:
        case Recording() as record if metric.quantile is not None and reading.value:
            bad = record.failures + record.in_flight
            reached = record.ok.quantile_ms(1 - share, infinite=bad)
            if not reached:
                return None
            times = max(limit.value / reached, 1.0)
            return Detectable(check.metric, check.scope, reading.value * times, metric.unit, times)
        case _:
            worst = 100 * share if metric.better == "lower" else 100 * (1 - share)
            return Detectable(check.metric, check.scope, worst, metric.unit, None)


def detectable_share(counted: Tally, fails: float, confidence: float) -> float | None:
    """The smallest true share over the limit with which a run like this sees `fails` of its requests over it, or more.

    With probability POWER, by the run's own correlation; None when no share does. Two runs have luck: this one, whose
    latencies are the measure of the worsening, and the next. So the variance is twice that of a run.
    """
    shift, n = math.sqrt(2) * counted.level.shift(confidence), counted.requests / (2 * counted.worth(confidence))

    def found(share: float) -> bool:
        return chance_of_more(fails * n, n, share, shift) >= POWER

    low, high = fails, 1 - 1e-6
    if fails > 1 or not found(high):
        return None
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high
