"""Run -> the reading for one metric in one scope: its value, its samples, and what a bound is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.run import Endpoint, Load, Rate, Recording, Run, Slice
from readiness.metrics.catalogue import Kind, Metric, is_load

OWN_FAULTS = frozenset({"local_fds", "local_ports", "script", "not_allowed"})
"""Failures of this machine or of the scenario: never the target's, so no request of the target's record."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What a mean's bound is computed from: (value, size) by time block."""

    blocks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric in one scope. `value` is None with a `reason`, or None without one when it is not bounded."""

    value: float | None
    samples: int | None
    source: str
    reason: str | None = None
    evidence: Rate | Recording | Spread | None = None
    dead_endpoints: tuple[str, ...] = ()
    """Endpoints in scope that never answered rightly; an aggregate must not hide them."""
    stalled_s: tuple[float, ...] = ()
    """Gaps without an answer in scope, within the judged window."""
    window_s: float = 0.0


def read(run: Run, metric: Metric, scope: str | None) -> Reading:
    """The reading; never raises, what is missing has a reason."""
    if is_load(metric.name) and run.load is not None and run.load.endpoints:
        return _load_reading(run.load, metric, scope)
    for measurement in run.measurements:
        if measurement.metric == metric.name and measurement.scope == scope:
            return Reading(
                measurement.value,
                measurement.samples,
                measurement.source,
                measurement.reason,
                measurement.evidence,
            )
    if is_load(metric.name):
        return Reading(None, None, "load", "the load sent no request")
    return Reading(None, None, metric.name.partition(".")[0], "nothing measured it in this run")


def recording_of(endpoints: Iterable[Endpoint]) -> Recording:
    """The judged requests of several endpoints as one record; own faults are left out."""
    parts = [endpoint.judged for endpoint in endpoints]
    failed: dict[str, int] = {}
    for part in parts:
        for name, count in part.failed.items():
            if name not in OWN_FAULTS:
                failed[name] = failed.get(name, 0) + count
    by_start: dict[float, list[Slice]] = {}
    for part in parts:
        for block in part.slices:
            by_start.setdefault(block.start_s, []).append(block)
    return Recording(
        ok=merge(*(part.ok for part in parts)),
        failed=failed,
        failed_latency=merge(*(part.failed_latency for part in parts)),
        in_flight=sum(part.in_flight for part in parts),
        slices=tuple(
            Slice(
                start_s,
                max(block.duration_s for block in blocks),
                merge(*(block.ok for block in blocks)),
                sum(block.failed for block in blocks),
            )
            for start_s, blocks in sorted(by_start.items())
        ),
    )


def in_scope(endpoint: Endpoint, scope: str | None) -> bool:
    """Whether a check of `scope` speaks of the endpoint."""
    return scope is None or scope in (endpoint.scenario, endpoint.name)


def stalls_within(load: Load, scope: str | None) -> tuple[float, ...]:
    """Seconds of each stall in scope that lie in the judged window."""
    return tuple(
        overlap
        for stall in load.stalls
        if (scope is None or scope in stall.scopes) and stall.in_flight >= max(2, stall.users // 2)
        if (overlap := min(stall.end_s, load.judged_end_s) - max(stall.start_s, load.judged_start_s)) > 0
    )


def _load_reading(load: Load, metric: Metric, scope: str | None) -> Reading:
    endpoints = [endpoint for endpoint in load.endpoints if in_scope(endpoint, scope)]
    record = recording_of(endpoints)
    where = "" if scope is None else f"{scope}: "
    dead = tuple(
        f"{endpoint.scenario}: {endpoint.name}"
        for endpoint in endpoints
        if endpoint.judged.ok.total == 0 and recording_of([endpoint]).requests >= 3
    )
    stalled = stalls_within(load, scope)
    if record.requests == 0:
        reason = f"{where}no request was started in the judged window"
        return Reading(None, 0, "load", reason, Recording(), (), stalled, load.judged_s)
    value, samples, evidence = _value(load, metric, record)
    nothing = value is None and metric.kind is Kind.MEAN
    reason_why = f"{where}no request succeeded" if nothing else None
    return Reading(value, samples, "load", reason_why, evidence, dead, stalled, load.judged_s)


def _value(load: Load, metric: Metric, record: Recording) -> tuple[float | None, int, Rate | Recording | Spread]:
    bad = record.failures + record.in_flight
    match metric.name:
        case "http.success_rate":
            return 100 * record.ok.total / record.requests, record.requests, _rate(record, failures=False)
        case "http.error_rate":
            return 100 * bad / record.requests, record.requests, _rate(record, failures=True)
        case "latency.mean":
            blocks = tuple((block.ok.sum_us / 1000, float(block.ok.total)) for block in record.slices)
            return record.ok.mean_ms, record.ok.total, Spread(blocks)
        case "throughput":
            whole = [block for block in record.slices if block.start_s + block.duration_s <= load.judged_end_s + 0.01]
            blocks = tuple((float(block.ok.total), block.duration_s) for block in whole)
            rate = record.ok.total / load.judged_s if load.judged_s else None
            return rate, record.ok.total, Spread(blocks)
        case _:
            quantile = metric.quantile or 1.0
            return record.ok.quantile_ms(quantile, infinite=bad), record.requests, record


def _rate(record: Recording, *, failures: bool) -> Rate:
    bad = record.failures + record.in_flight
    blocks = tuple(
        (block.failed if failures else block.ok.total, block.ok.total + block.failed) for block in record.slices
    )
    return Rate(bad if failures else record.ok.total, record.requests, blocks)


def over(record: Recording, limit_ms: float, *, inclusive: bool) -> tuple[int, int, list[tuple[int, int]]]:
    """Requests over the limit, (at least, at most), and (over, requests) by time block.

    Failed and unfinished requests are over every limit.
    """
    bad = record.failures + record.in_flight
    least, most = record.ok.count_over_ms(limit_ms, inclusive=inclusive)

    def block_over(ok: Histogram) -> int:
        return ok.count_over_ms(limit_ms, inclusive=inclusive)[1]

    blocks = [(block_over(block.ok) + block.failed, block.ok.total + block.failed) for block in record.slices]
    return least + bad, most + bad, blocks


def own_faults(load: Load) -> Mapping[str, int]:
    """Requests that failed through this machine or the scenario, by class."""
    return {name: count for name, count in load.ledger.failed.items() if name in OWN_FAULTS}
