"""Drawn runs through what a real run goes through: histograms by second, a reading, a comparison with a limit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.correlated import Floats
from readiness.config.model import Limit, Operator
from readiness.judge.limit_test import Proof, compare
from readiness.judge.readings import Reading, Spread
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Recording, Slice
from readiness.metrics.catalogue import find
from readiness.metrics.metric import Metric

CONFIDENCE = 0.95


def metric_named(name: str) -> Metric:
    """From the catalogue; LookupError when it is not there."""
    metric = find(name)
    if metric is None:
        raise LookupError(name)
    return metric


P95, P99 = metric_named("latency.p95"), metric_named("latency.p99")
MEAN, THROUGHPUT = metric_named("latency.mean"), metric_named("throughput")
SUCCESS = metric_named("http.success_rate")


@dataclass(frozen=True)
class Shares:
    """Of the runs of one cell, in percent: proven to hold, proven not to, and what a plain comparison passes."""

    ready: float
    not_ready: float
    plain: float

    @property
    def worst(self) -> float:
        """Where the truth is on the limit both answers are wrong."""
        return max(self.ready, self.not_ready)


@dataclass(frozen=True)
class Answer:
    """Of one run."""

    proof: Proof
    plain: bool


def shares(answers: Iterable[Answer]) -> Shares:
    """The shares of all."""
    every = list(answers)

    def percent(hits: int) -> float:
        return 100 * hits / len(every)

    return Shares(
        percent(sum(one.proof is Proof.YES for one in every)),
        percent(sum(one.proof is Proof.NO for one in every)),
        percent(sum(one.plain for one in every)),
    )


def answer(reading: Reading, metric: Metric, limit: float, refuting: float | None = None) -> Answer:
    """Whether the value is on the good side of the limit, by our proof and by a plain comparison."""
    operator = Operator.LESS if metric.better == "lower" else Operator.GREATER
    wanted = Limit(operator, limit, f"{operator.value} {limit:g}")
    plain = reading.value is not None and wanted.holds(reading.value)
    return Answer(compare(reading, metric, wanted, CONFIDENCE, refuting).proof, plain)


def recording(at_s: Floats, latencies_ms: Floats, length_s: float) -> Recording:
    """One run, by second; all requests succeed."""
    us = np.rint(latencies_ms * 1000).astype(np.int64)
    parts = np.split(us, np.searchsorted(at_s, np.arange(1, math.ceil(length_s))))
    slices = tuple(Slice(float(at), 1.0, Histogram.of_us(part), 0) for at, part in enumerate(parts))
    return Recording(Histogram.of_us(us), slices=slices)


def failing(at_s: Floats, failed: Floats, length_s: float) -> Recording:
    """One run of which requests failed where `failed` is true; how long they took is not kept."""
    seconds = math.ceil(length_s)
    second = np.minimum(at_s.astype(np.int64), seconds - 1)
    every, bad = np.bincount(second, minlength=seconds).tolist(), np.bincount(second, failed, seconds).tolist()
    slices = tuple(
        Slice(float(at), 1.0, Histogram(total=n - int(k)), int(k))
        for at, (n, k) in enumerate(zip(every, bad, strict=True))
    )
    return Recording(Histogram(total=sum(every) - int(sum(bad))), {"http_5xx": int(sum(bad))}, slices=slices)


def throughput(by_second: Floats) -> Reading:
    """Of a run with so many answers in each second."""
    blocks = tuple((float(one), 1.0) for one in by_second)
    length_s = float(len(blocks))
    return Reading(
        float(by_second.sum()) / length_s, int(by_second.sum()), "load", evidence=Spread(blocks), window_s=length_s
    )
