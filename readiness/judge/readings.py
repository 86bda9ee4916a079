"""Run -> the reading for one metric in one scope: its value, its samples, and what a bound is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite

from readiness.judge.moments import told, untold
from readiness.judge.outages import EndpointOutage, endpoint_outages
from readiness.judge.shared_level import NO_CLUSTERS, NO_LEVEL, Clusters, Level, clusters, level_of
from readiness.measurements import scopes
from readiness.measurements.bounds import Bounds
from readiness.measurements.histogram import Histogram
from readiness.measurements.recordings import joined, totals
from readiness.measurements.run import OWN_FAULTS, Endpoint, Load, Rate, Recording, Run, Stall
from readiness.metrics.catalogue import is_load
from readiness.metrics.metric import Kind, Metric

_NEVER_SENT = "no request of this name was sent: it has another name, or no user came so far"


@dataclass(frozen=True, slots=True)
class Spread:
    """What a mean's bound is computed from: (value, size) by time block."""

    blocks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Standstill:
    """A gap without an answer that a check is charged with."""

    seconds: float
    weight: float
    """Share of the users in scope who waited."""
    endpoint: bool
    answered: bool


USUAL_TIMES = 3.0
"""A gap shorter than this many usual latencies is a slow answer."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric in one scope. `value` is None with a `reason`, or None without one when it is not bounded."""

    value: float | None
    samples: int | None
    source: str
    reason: str | None = None
    evidence: Rate | Recording | Spread | Bounds | None = None
    dead_endpoints: tuple[str, ...] = ()
    """Endpoints in scope that never answered rightly; an aggregate must not hide them."""
    standstills: tuple[Standstill, ...] = ()
    window_s: float = 0.0
    lost_share: float = 0.0
    """Share (0 to 1) of the requests in scope that failed or were never answered."""
    looked: bool = False
    """Whether the load could end at any checkpoint, so that bounds must hold for all of them."""
    level: Level = NO_LEVEL
    """The level that the requests share; only for quantiles."""
    clusters: Clusters = NO_CLUSTERS
    """How the slowest of them come together, at the quantile itself."""
    closed: bool = False
    """Whether fixed users sent the requests: they send less while they wait."""
    outages: tuple[EndpointOutage, ...] = ()
    """Of the endpoints in scope; only for the share of failed requests."""
    late_ms: float = 0.0
    """How late the load generator was, in 95 of 100 cases."""
    estimated: bool = False
    """Whether the value is an estimate, which decides no blocking check."""

    def stalled_share(self, limit_s: float, *, unanswered_only: bool = False) -> float:
        """Share (0 to 1) of the measurement window in which whoever came waited longer than `limit_s`.

        The whole service's standstills and those of single endpoints may be the same time: the larger counts.
        """

        def share(*, endpoint: bool) -> float:
            return sum(
                max(gap.seconds - limit_s, 0.0) * gap.weight
                for gap in self.standstills
                if gap.endpoint is endpoint and not (unanswered_only and gap.answered)
            )

        stalled_s = max(share(endpoint=False), share(endpoint=True))
        return min(stalled_s / self.window_s, 1.0) if self.window_s else 0.0


def read(run: Run, metric: Metric, scope: str | None) -> Reading:
    """The reading; never raises, what is missing has a reason."""
    if is_load(metric.name) and run.load is not None and run.load.endpoints:
        return read_load(run.load, metric, scope)
    for measurement in run.measurements:
        if measurement.metric == metric.name and measurement.scope == scope:
            if measurement.value is not None and not isfinite(measurement.value):
                return Reading(None, None, measurement.source, f"{measurement.value} is no number to judge")
            return Reading(
                measurement.value,
                measurement.samples,
                measurement.source,
                measurement.reason,
                measurement.evidence,
                level=(level := _level(metric, measurement.evidence)),
                clusters=_clusters(measurement.value, measurement.evidence, level),
                estimated=measurement.estimated,
            )
    if is_load(metric.name):
        why = run.doubts[0] if run.load is None and run.doubts else "the load sent no request"
        return Reading(None, None, "load", why)
    return Reading(None, None, metric.name.partition(".")[0], "nothing measured it in this run")


def recording_of(endpoints: Iterable[Endpoint]) -> Recording:
    """The requests of several endpoints in the measurement window as one record; own faults are left out."""
    return joined((endpoint.judged for endpoint in endpoints), OWN_FAULTS)


def total_of(endpoints: Iterable[Endpoint]) -> Recording:
    """The same without time blocks, which cost most."""
    return totals((endpoint.judged for endpoint in endpoints), OWN_FAULTS)


def measured_scope(load: Load, scope: str | None) -> str | None:
    """The scope of a check by the name under which the load measured it."""
    if scope is None or any(scope in (one.name, one.scenario) for one in load.endpoints):
        return scope
    return scopes.resolved(scope, *_seen(load))


def _seen(load: Load) -> tuple[set[str], set[str]]:
    """Scenarios, and names of endpoints."""
    return {one.scenario for one in load.endpoints}, {one.name for one in load.endpoints}


def in_scope(endpoint: Endpoint, scope: str | None) -> bool:
    """Whether `scope`, as it was measured, has the endpoint in it."""
    return scope is None or scope in (endpoint.scenario, endpoint.name)


def charged(load: Load, scope: str | None) -> Iterator[Stall]:
    """The stalls that a check of `scope` is charged with.

    A gap counts when at least half of the users that it concerns were waiting, and when it lasted three times as long
    as the endpoint usually takes: a slow answer is no standstill.
    """
    for stall in load.stalls:
        overlap_s = min(stall.end_s, load.judged_end_s) - max(stall.start_s, load.judged_start_s)
        concerned = scope is None or scope in stall.scopes
        if not concerned or overlap_s <= 0 or stall.in_flight < max(1, (stall.users + 1) // 2):
            continue
        usual_ms = total_of(one for one in load.endpoints if one.name in stall.scopes).ok.quantile_ms(0.5) or 0.0
        if stall.end_s - stall.start_s < USUAL_TIMES * usual_ms / 1000:
            continue
        yield stall


def standstills(load: Load, scope: str | None) -> tuple[Standstill, ...]:
    """The same, as far as they lie in the measurement window.

    The standstill of one endpoint weighs on the whole service by the share of all users who waited in it.
    """
    found = []
    for stall in charged(load, scope):
        overlap_s = min(stall.end_s, load.judged_end_s) - max(stall.start_s, load.judged_start_s)
        weight = min(stall.in_flight / max(load.users, 1), 1.0) if stall.endpoint and scope is None else 1.0
        found.append(Standstill(overlap_s, weight, stall.endpoint, stall.answered))
    return tuple(found)


def read_load(load: Load, metric: Metric, scope: str | None) -> Reading:
    """The reading of one of the load's metrics; never raises, what is missing has a reason."""
    written, scope = scope, measured_scope(load, scope)
    endpoints = [endpoint for endpoint in load.endpoints if in_scope(endpoint, scope)]
    missing = untold(endpoints, metric)
    record = recording_of(told(endpoints, metric))
    if scope is None and load.dropped_judged:
        # An arrival that found no free user is a request that nobody answered.
        record = replace(record, in_flight=record.in_flight + load.dropped_judged)
    where = "" if written is None else f"{written}: "
    dead = sorted(
        f"{endpoint.scenario}: {endpoint.name}"
        for endpoint in endpoints
        if endpoint.judged.ok.total == 0 and total_of([endpoint]).requests >= 3
    )
    stalled = standstills(load, scope)
    if missing:
        return Reading(None, 0, "load", f"{where}{missing}", Recording(), tuple(dead), stalled, load.judged_s)
    if record.requests == 0:
        why = "" if endpoints or written is None else scopes.unclear(written, *_seen(load), nothing=_NEVER_SENT)
        reason = f"{where}{why or 'no request was started in the measurement window'}"
        if outside := sum(endpoint.warm_up.requests for endpoint in endpoints):
            reason += f"; {outside:,} outside it, where nothing is judged"
        return Reading(None, 0, "load", reason, Recording(), (), stalled, load.judged_s)
    read_off = reading_of(record, metric, load.judged_start_s, load.judged_end_s)
    nothing = read_off.value is None and metric.kind is Kind.MEAN
    return replace(
        read_off,
        reason=f"{where}no request succeeded" if nothing else None,
        dead_endpoints=tuple(dead),
        standstills=stalled,
        looked=load.looked,
        closed=load.model == "closed",
        late_ms=(load.instrument.lag.quantile_ms(0.95) or 0.0) if load.instrument else 0.0,
        outages=endpoint_outages(endpoints, load.judged_s) if isinstance(read_off.evidence, Rate) else (),
    )


def reading_of(record: Recording, metric: Metric, begin_s: float, end_s: float) -> Reading:
    """What the requests of a window, `begin_s` to `end_s`, say of a metric of the load; there is at least one.

    What only the whole load knows (standstills, users, whether it could end early) is left as it is without.
    """
    bad = record.failures + record.in_flight
    value: float | None
    evidence: Rate | Recording | Spread
    match metric.name:
        case "http.success_rate":
            value, samples = 100 * record.ok.total / record.requests, record.requests
            evidence = _rate(record, failures=False)
        case "http.error_rate":
            value, samples = 100 * bad / record.requests, record.requests
            evidence = _rate(record, failures=True)
        case "latency.mean":
            value, samples = record.ok.mean_ms, record.ok.total
            evidence = Spread(tuple((block.ok.sum_us / 1000, float(block.ok.total)) for block in record.slices))
        case "throughput":
            value, samples = record.ok.total / (end_s - begin_s) if end_s > begin_s else None, record.ok.total
            whole = [block for block in record.slices if block.start_s + block.duration_s <= end_s + 0.01]
            evidence = Spread(tuple((float(block.ok.total), block.duration_s) for block in whole))
        case _ if metric.quantile is None and not metric.name.endswith(".max"):
            raise LookupError(f"{metric.name} has no case in reading_of")
        case _:
            value, samples = record.ok.quantile_ms(metric.quantile or 1.0, infinite=bad), record.requests
            evidence = record
    return Reading(
        value,
        samples,
        "load",
        evidence=evidence,
        window_s=end_s - begin_s,
        lost_share=bad / record.requests,
        level=(level := _level(metric, evidence)),
        clusters=_clusters(value, evidence, level),
    )


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


def _level(metric: Metric, evidence: object) -> Level:
    return level_of(evidence.slices) if metric.quantile and isinstance(evidence, Recording) else NO_LEVEL


def _clusters(value: float | None, evidence: object, level: Level) -> Clusters:
    if value is None or level.found is None or not isinstance(evidence, Recording):
        return NO_CLUSTERS
    return clusters(over(evidence, value, inclusive=False)[2], level)


def own_faults(load: Load) -> Mapping[str, int]:
    """Requests that failed through this machine or the scenario, by class."""
    return {name: count for name, count in load.ledger.failed.items() if name in OWN_FAULTS}
