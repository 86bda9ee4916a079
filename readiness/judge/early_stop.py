"""A load that is still running: is every check decided, or is all hope gone?

Pure. Decisions are asked for at the checkpoints only, and each of them has its share of the error; hope is asked for
once a second, for it decides nothing: a load that was aborted is never READY.
"""

from __future__ import annotations

from collections.abc import Sequence

from readiness.config.model import Check, Config, Limit, StopRule
from readiness.judge.family import refuting
from readiness.judge.limit_test import Proof, compare
from readiness.judge.proof import CHECKPOINTS
from readiness.judge.readings import read_load
from readiness.measurements.run import Load, Second
from readiness.metrics.catalogue import find, is_load
from readiness.metrics.metric import Metric
from readiness.stats import share

MIN_JUDGED_S = 15.0
"""How correlated the requests are needs some blocks of time to show."""


PROBE_MARGIN = 2.0
"""The probe's samples are correlated too."""


def checkpoints(max_duration_s: float) -> tuple[float, ...]:
    """When a load that may end early is judged, in seconds of its measurement window; the last time is its planned end.

    Each is 1.4 times as late as the one before, and the first after 0.35 of the whole: what comes back each tenth of
    the whole has to show by then. None is before MIN_JUDGED_S, and none at all in a load that ends before.
    """
    times = [max_duration_s / 2 ** (back / 2) for back in range(CHECKPOINTS)]
    return tuple(time_s for time_s in reversed(times) if time_s >= MIN_JUDGED_S)


def is_due(seen_s: float, judged_s: float, max_duration_s: float) -> bool:
    """Whether a checkpoint was passed since the load was seen at `seen_s` of its measurement window."""
    return any(seen_s < time_s <= judged_s for time_s in checkpoints(max_duration_s))


def undecided(load: Load, config: Config) -> tuple[str, ...]:
    """The keys of the load's checks that are neither proven nor refuted yet; empty when the load may end."""
    checks = [check for check in config.checks if is_load(check.metric) and check.not_applicable is None]
    waiting = tuple(check.key for check in config.checks if load.judged_s < _probed_s(check, config))
    return waiting + tuple(check.key for check in checks if not _decided(load, check, config))


def _probed_s(check: Check, config: Config) -> float:
    """How long the health probe must sample to prove its quantile; its samples are not seen meanwhile. 0 for others."""
    metric = find(check.metric)
    if metric is None or not metric.quantile or not check.metric.startswith("health."):
        return 0.0
    if config.confidence is None or check.not_applicable is not None:
        return 0.0
    needed = share.samples_needed(1 - metric.quantile, config.confidence)
    return PROBE_MARGIN * needed * config.probes.health.pace_ms(config.load.paced_s) / 1000


def standings(load: Load, config: Config) -> tuple[tuple[Check, Proof], ...]:
    """Each check of the load's requests, and whether its limit holds so far: for people who watch, no verdict."""
    found = []
    for check in config.checks:
        metric = find(check.metric)
        if metric is not None and is_load(check.metric) and check.not_applicable is None:
            found.append((check, _proof(load, check, check.pass_limit, metric, config)))
    return tuple(found)


def _decided(load: Load, check: Check, config: Config) -> bool:
    metric = find(check.metric)
    if metric is None:
        return True  # no load will ever decide it
    passed = _proof(load, check, check.pass_limit, metric, config)
    if passed is Proof.OPEN or check.warn_limit is None or passed is Proof.YES:
        return passed is not Proof.OPEN
    return _proof(load, check, check.warn_limit, metric, config) is not Proof.OPEN


def _proof(load: Load, check: Check, limit: Limit, metric: Metric, config: Config) -> Proof:
    """OPEN also where nothing was measured yet."""
    reading = read_load(load, metric, check.scope)
    if reading.reason is not None:
        return Proof.OPEN
    confidence, failing = config.confidence, refuting(config.checks, check, config.confidence)
    return compare(reading, metric, limit, confidence, failing).proof


def hopeless(load: Load, rules: Sequence[StopRule]) -> str | None:
    """The first rule whose limit was exceeded in every second of its time, as a sentence; None while there is hope."""
    for rule in rules:
        # A ramp may be too steep and recover: what counts is a whole stretch, wherever it lies.
        end_s = load.series[-1].at_s if load.series else 0.0
        recent = [second for second in load.series if second.at_s > end_s - rule.for_s]
        covered_s = sum(second.duration_s for second in recent)
        if covered_s >= 0.9 * rule.for_s and all(_exceeds(second, rule) for second in recent):
            return f"{rule.metric} was {rule.limit.text} for {rule.for_s:g} s (load.abort_when)"
    return None


def _exceeds(second: Second, rule: StopRule) -> bool:
    total = second.ok + second.failed
    match rule.metric:
        case "http.error_rate":
            value = 100 * second.failed / total if total else None
        case "http.success_rate":
            value = 100 * second.ok / total if total else None
        case "latency.p50":
            value = second.p50_ms
        case "latency.p95":
            value = second.p95_ms
        case _:
            value = second.p99_ms
    return value is not None and rule.limit.holds(value)
