"""Runs and configurations for tests: each test says only what matters to it."""

from collections.abc import Mapping, Sequence

import numpy as np

from readiness.config.model import Check, Config, Limit, OnFail, Operator
from readiness.measurements.generator_health import Instrument
from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import Endpoint, Ledger, Load, Measurement, Rate, Recording, Run, Second, Slice, Stall

WATCHED = Instrument(
    watched_s=10.0,
    cpu_s=1.0,
    peak_cpu_share=0.2,
    lag=Histogram.of_us(np.full(100, 10)),
    start_lag=Histogram.of_us(np.full(100, 10)),
)
"""A load generator that was watched, and had nothing to hide."""


def limit(text: str) -> Limit:
    operator, value = text.split()[:2]
    return Limit(Operator(operator), float(value), text)


def check(
    metric: str,
    passes: str,
    *,
    warn: str | None = None,
    on_fail: OnFail = OnFail.CONDITION,
    scope: str | None = None,
    weight: float = 1.0,
    not_applicable: str | None = None,
) -> Check:
    return Check(metric, scope, metric, limit(passes), limit(warn) if warn else None, weight, on_fail, not_applicable)


def config(*checks: Check, confidence: float | None = 0.95) -> Config:
    return Config(service="shop", checks=checks, confidence=confidence)


def recording(
    latencies_ms: Sequence[float], *, failed: Mapping[str, int] | None = None, in_flight: int = 0, blocks: int = 10
) -> Recording:
    """Latencies dealt out to `blocks` seconds in turn, so that every second looks alike; failures likewise."""
    values_us = np.array(np.rint(np.array(latencies_ms) * 1000), np.int64)
    failures = sum((failed or {}).values())
    dealt = [len(range(block, failures, blocks)) for block in range(blocks)]
    return Recording(
        ok=Histogram.of_us(values_us),
        failed=failed or {},
        in_flight=in_flight,
        slices=tuple(
            Slice(float(block), 1.0, Histogram.of_us(values_us[block::blocks]), dealt[block]) for block in range(blocks)
        ),
    )


def _second(block: int, users: int, records: Sequence[Recording]) -> Second:
    """A point of the time series: what all endpoints counted in one block, with every user running."""
    parts = [part for record in records for part in record.slices if int(part.start_s) == block]
    ok = merge(*(part.ok for part in parts))
    p50_ms, p95_ms, p99_ms = (ok.quantile_ms(share) for share in (0.5, 0.95, 0.99))
    return Second(float(block), 1.0, users, ok.total, sum(part.failed for part in parts), p50_ms, p95_ms, p99_ms)


def load(
    *endpoints: tuple[str, str, Recording],
    stalls: tuple[Stall, ...] = (),
    idle: tuple[str, ...] = (),
    users: int = 5,
    seconds: int = 10,
) -> Load:
    failed: dict[str, int] = {}
    for _, _, record in endpoints:
        for name, count in record.failed.items():
            failed[name] = failed.get(name, 0) + count
    ok = sum(record.ok.total for _, _, record in endpoints)
    in_flight = sum(record.in_flight for _, _, record in endpoints)
    return Load(
        model="closed",
        users=users,
        rate_per_s=None,
        judged_start_s=0.0,
        judged_end_s=float(seconds),
        planned_s=float(seconds),
        ledger=Ledger(ok + sum(failed.values()) + in_flight, ok, failed, in_flight, 0),
        endpoints=tuple(Endpoint(scenario, name, record, Recording()) for scenario, name, record in endpoints),
        series=tuple(_second(block, users, [record for _, _, record in endpoints]) for block in range(seconds)),
        stalls=stalls,
        idle_scenarios=idle,
        instrument=WATCHED,
    )


def run(
    seen: Load | None = None,
    *measurements: Measurement,
    doubts: tuple[str, ...] = (),
    interrupted: str | None = None,
) -> Run:
    return Run(
        id="run-1",
        service="shop",
        started_at="2026-01-01T00:00:00.000+00:00",
        ended_at="2026-01-01T00:01:00.000+00:00",
        target=Target("http://127.0.0.1:1", "http://127.0.0.1:1"),
        provenance=Provenance("0", "3.11", "Linux", 2),
        plan={},
        plan_hash="",
        load=seen,
        measurements=measurements,
        doubts=doubts,
        interrupted=interrupted,
    )


def measured(
    metric: str, value: float | None, *, evidence: Rate | None = None, reason: str | None = None
) -> Measurement:
    return Measurement(metric, None, value, "probe", evidence=evidence, reason=reason)
