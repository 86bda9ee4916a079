"""The checks against a baseline run: measurements that are found by comparing, before anything is judged."""

from __future__ import annotations

from dataclasses import replace

from readiness.config.model import Baseline, Check, Config
from readiness.judge.change import change
from readiness.judge.comparable import cautions, obstacles
from readiness.judge.readings import read
from readiness.measurements.bounds import Bounds
from readiness.measurements.run import Detail, Measurement, Run
from readiness.metrics.baseline import BASELINE_PREFIX
from readiness.metrics.catalogue import find
from readiness.text import clean
from readiness.text.numbers import quantity, utc


def with_baseline(run: Run, config: Config) -> Run:
    """`run` with a measurement for each check against the baseline; the same run when there is no baseline."""
    base = config.baseline
    if base is None:
        return run
    others = tuple(one for one in run.measurements if not one.metric.startswith(BASELINE_PREFIX))
    wanted = [check for check in config.checks if check.metric.startswith(BASELINE_PREFIX)]
    return replace(run, measurements=others + tuple(_measure(run, base, check, config.confidence) for check in wanted))


def _measure(run: Run, baseline: Baseline, check: Check, confidence: float | None) -> Measurement:
    base, name = baseline.facts, check.metric.removeprefix(BASELINE_PREFIX)
    metric = find(name)

    def missing(why: str) -> Measurement:
        return Measurement(check.metric, check.scope, None, "baseline", reason=clean(why))

    if base is None or metric is None:
        return missing("there is no baseline run")
    against = obstacles(base, run, (base.doubts, ()))
    if against:
        return missing(f"the baseline cannot be compared: {against[0]}")
    before, after = read(base, metric, check.scope), read(run, metric, check.scope)
    reason = (before.reason and f"baseline: {before.reason}") or after.reason
    if reason:
        return missing(reason)
    found = change(before, after, metric, confidence or 0.5)
    if found.value is None:
        return missing("it is not bounded in both runs: too many requests failed")
    worse = -1.0 if metric.better == "higher" else 1.0
    ends = [None if end is None else worse * end for end in (found.low, found.high)]
    low, high = ends if worse > 0 else reversed(ends)
    details = (
        Detail("baseline", quantity(before.value, metric.unit), None, f"run {base.id}, ended {utc(base.ended_at)}"),
        Detail("this run", quantity(after.value, metric.unit), None),
        *(Detail("caution", caution, None) for caution in cautions(base, run)),
    )
    return Measurement(
        check.metric, check.scope, worse * found.value, "baseline", after.samples, evidence=Bounds(low, high),
        details=details,
    )  # fmt: skip
