"""Batches of a running load -> Snapshot. Called once for each batch: nothing here is asked for each request."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from readiness.config.model import Check, Config
from readiness.judge.early_stop import standings
from readiness.judge.proof import Proof
from readiness.load.assembly import Assembly
from readiness.load.engine_events import Batch
from readiness.load.engine_plan import EnginePlan
from readiness.load.phases import COURSE, HOLD, RAMP, WARM_UP, phase_at
from readiness.load.timeline import MIN_POINT_S, pairs
from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.time_series import Second
from readiness.metrics.catalogue import is_load
from readiness.run.live.live_snapshot import LiveCheck, LiveEndpoint, LiveNumber, Snapshot, Standing
from readiness.run.plan import Plan
from readiness.text import clean, numbers
from readiness.text.redaction import for_terminal

_MOST_ENDPOINTS = 50
_MOST_MOMENTS = 300
_MOST_CHECKS = 200
_JUDGING_SHARE = 0.005
"""Judging what came so far never takes more than this share of the time."""
_JUDGING_EVERY_S = 2.0
_STANDINGS = {Proof.YES: Standing.KEPT, Proof.NO: Standing.BROKEN, Proof.OPEN: Standing.OPEN}
_WORST_FIRST = (Standing.BROKEN, Standing.OPEN, Standing.KEPT)
_QUANTILES = (("latency.p50", "P50", 0.5), ("latency.p95", "P95", 0.95), ("latency.p99", "P99", 0.99))


class Observer:
    """Makes one snapshot of each batch, for everybody who shows it."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets
        self._assembly: Assembly | None = None
        self._history: list[Second] = []
        self._checks: tuple[LiveCheck, ...] = ()
        self._proofs: dict[str, Standing] = {}
        self._judge_again_s = 0.0
        self._names: dict[str, str] = {}
        self._seen: tuple[Batch, Snapshot] | None = None

    def see(self, plan: Plan, assembly: Assembly) -> Snapshot | None:
        """The moment of the newest batch; None before the first one."""
        batch = assembly.last
        if batch is None:
            return None
        if self._seen is not None and self._seen[0] is batch:
            return self._seen[1]
        if assembly is not self._assembly:  # the next of several loads
            self._assembly, self._history, self._checks, self._judge_again_s = assembly, [], (), 0.0
            self._proofs = {}
        self._remember(batch)
        snapshot = self._snapshot(plan, assembly, batch)
        self._seen = (batch, snapshot)
        return snapshot

    def _remember(self, batch: Batch) -> None:
        """Add what the batch brought to the history."""
        ok = merge(*(counts.ok for counts in batch.cells.values()))
        failed = sum(sum(counts.failed.values()) for counts in batch.cells.values())
        p50, p95, p99 = (ok.quantile_ms(q) for _, _, q in _QUANTILES)
        since_s = self._history[-1].at_s + self._history[-1].duration_s if self._history else 0.0
        second = Second(since_s, batch.at_s - since_s, batch.users, ok.total, failed, p50, p95, p99)
        if second.duration_s < MIN_POINT_S and self._history:
            self._history[-1] = _join(self._history[-1], second)
        else:
            self._history.append(second)
        if len(self._history) > _MOST_MOMENTS:
            self._history = pairs(self._history, _join)

    def _snapshot(self, plan: Plan, assembly: Assembly, batch: Batch) -> Snapshot:
        rows = assembly.totals_by_endpoint()
        ok = merge(*(row[2] for row in rows))
        classes: Counter[str] = Counter()
        for *_, by_class in rows:
            classes.update(by_class)
        failed = classes.total()
        busiest = sorted(rows, key=lambda row: -(row[2].total + sum(row[3].values())))[:_MOST_ENDPOINTS]
        engine = plan.engine
        checks = self._judged(plan.config, assembly)
        return Snapshot(
            service=self._shown(plan.config.service),
            target=self._shown(plan.target.url),
            phase=phase(engine, batch.at_s),
            at_s=batch.at_s,
            total_s=engine.total_s,
            judged_from_s=engine.judged_start_s,
            judged_until_s=engine.judged_end_s,
            measured=assembly.judging,
            users=batch.users,
            in_flight=batch.in_flight,
            requests=ok.total + failed,
            failed=failed,
            numbers=_numbers(ok, failed, plan.config, self._proofs),
            failures=tuple((clean(name), n) for name, n in classes.most_common()),
            endpoints=tuple(
                LiveEndpoint(
                    self._shown(scenario),
                    self._shown(name),
                    one.total + sum(by_class.values()),
                    sum(by_class.values()),
                    *(one.quantile_ms(q) for _, _, q in _QUANTILES),
                )
                for scenario, name, one, by_class in busiest
            ),
            left_out=len(rows) - len(busiest),
            checks=checks,
            judged_later=_later(plan),
            history=tuple(self._history),
        )

    def _judged(self, config: Config, assembly: Assembly) -> tuple[LiveCheck, ...]:
        started_s = time.monotonic()
        if not assembly.judging or started_s < self._judge_again_s:
            return self._checks
        load = assembly.load()
        if load is None:
            return self._checks
        judged = standings(load, config)
        self._proofs = {check.metric: _STANDINGS[proof] for check, proof in judged if check.scope is None}
        found = [
            LiveCheck(self._titled(check), clean(check.pass_limit.text), _STANDINGS[proof]) for check, proof in judged
        ]
        self._checks = tuple(sorted(found, key=lambda one: _WORST_FIRST.index(one.standing))[:_MOST_CHECKS])
        took_s = time.monotonic() - started_s
        self._judge_again_s = started_s + max(_JUDGING_EVERY_S, took_s / _JUDGING_SHARE)
        return self._checks

    def _titled(self, check: Check) -> str:
        return self._shown(check.title if check.scope is None else f"{check.title} ({check.scope})")

    def _shown(self, text: str) -> str:
        """`text` without secrets, in one line; each is searched once, not every second."""
        if text not in self._names:
            self._names[text] = clean(for_terminal(text, self._secrets), 200)
        return self._names[text]


def phase(plan: EnginePlan, at_s: float) -> str:
    """The part of the load at `at_s`."""
    now = phase_at(plan.course, at_s)
    if now is None:
        return "draining"
    if now.kind in (HOLD, COURSE) and now.step == plan.judged_step:
        return "measuring"
    word = {RAMP: "ramp-up", WARM_UP: "warm-up"}.get(now.kind, "step")
    unit = "users" if plan.rate_per_s is None else "/s"
    return f"{word} of {now.height:g} {unit}" if plan.phases else word


def _later(plan: Plan) -> int:
    """Checks that come when the load has ended; those of drills and of a restore only where there will be one."""
    never = [*(["drill."] if plan.proxies is None else []), *(["restore."] if plan.restore_url is None else [])]
    checks = (check for check in plan.config.checks if not check.not_applicable and not is_load(check.metric))
    return sum(not check.metric.startswith(tuple(never)) for check in checks)


def _numbers(ok: Histogram, failed: int, config: Config, proofs: Mapping[str, Standing]) -> tuple[LiveNumber, ...]:
    """The quantiles, with failed requests as slower than every other, as the verdict counts them; then the failures."""
    found = []
    for metric, label, q in _QUANTILES:
        value = ok.quantile_ms(q, infinite=failed)
        shown = "–" if not ok.total + failed else numbers.quantity(value, "ms", absent=numbers.NOT_BOUNDED)
        found.append(_number(label, shown, metric, config, proofs))
    total = ok.total + failed
    share = 100 * failed / total if total else None
    shown = "–" if share is None else numbers.quantity(share, "%")
    errors = _number("failed", shown, "http.error_rate", config, proofs)
    if not errors.limit:
        good = _number("failed", shown, "http.success_rate", config, proofs)
        errors = LiveNumber("failed", shown, f"success {good.limit}" if good.limit else "", good.standing)
    return (*found, errors)


def _number(label: str, shown: str, metric: str, config: Config, proofs: Mapping[str, Standing]) -> LiveNumber:
    """With the mark that the check itself has below."""
    for check in config.checks:
        if (check.metric, check.scope, check.not_applicable) == (metric, None, None):
            limit_ms = check.pass_limit.value if metric.startswith("latency.") else None
            return LiveNumber(label, shown, clean(check.pass_limit.text), proofs.get(metric, Standing.OPEN), limit_ms)
    return LiveNumber(label, shown, "", Standing.OPEN)


def _join(left: Second, right: Second) -> Second:
    """Two neighbours as one: the larger latency stays, as in the charts of the report."""
    p50_ms, p95_ms, p99_ms = (
        max((value for value in both if value is not None), default=None)
        for both in ((left.p50_ms, right.p50_ms), (left.p95_ms, right.p95_ms), (left.p99_ms, right.p99_ms))
    )
    duration_s, failed = left.duration_s + right.duration_s, left.failed + right.failed
    return Second(left.at_s, duration_s, right.users, left.ok + right.ok, failed, p50_ms, p95_ms, p99_ms)
