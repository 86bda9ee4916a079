"""How much worse the load's own numbers are than those of a baseline run, for `baseline:` in thresholds.yaml."""

from __future__ import annotations

from readiness.metrics.metric import Kind, Metric
from readiness.metrics.performance import PERFORMANCE

BASELINE_PREFIX = "baseline."


def _against(metric: Metric) -> Metric:
    worse = "smaller" if metric.better == "higher" else "longer"
    return Metric(
        f"{BASELINE_PREFIX}{metric.name}",
        f"{metric.title} against the Baseline",
        f"How much {worse} `{metric.name}` is than in the run that `baseline.run` names; negative when it is better. "
        "The interval is that of both runs together.",
        "A limit that is kept says nothing about a release that made the service slower within it.",
        "Find with `readiness compare` which endpoint carries the change, then at what was deployed since.",
        "performance",
        "%",
        kind=Kind.MEAN,
    )


BASELINE: tuple[Metric, ...] = tuple(
    _against(metric) for metric in PERFORMANCE if metric.kind in (Kind.MEAN, Kind.QUANTILE)
)
