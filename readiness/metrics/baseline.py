"""How much worse the load's own numbers are than those of a baseline run, for `baseline:` in thresholds.yaml."""

from __future__ import annotations

from readiness.metrics.metric import Kind, Metric

BASELINE_PREFIX = "baseline."


def _against(name: str, title: str) -> Metric:
    worse = "smaller" if name == "throughput" else "longer"
    return Metric(
        name=f"{BASELINE_PREFIX}{name}",
        title=f"{title} against the Baseline",
        unit="%",
        better="lower",
        kind=Kind.MEAN,
        area="performance",
        meaning=f"How much {worse} `{name}` is than in the run that `baseline.run` names; negative when it is better. "
        "The interval is that of both runs together.",
        why="A limit that is kept says nothing about a release that made the service slower within it.",
        fix="Look with `readiness compare` at which endpoint carries the change, then at what was deployed since.",
    )


BASELINE: tuple[Metric, ...] = (
    _against("latency.mean", "Average Response Time"),
    _against("latency.p50", "Median Response Time"),
    _against("latency.p90", "P90 Response Time"),
    _against("latency.p95", "P95 Response Time"),
    _against("latency.p99", "P99 Response Time"),
    _against("throughput", "Throughput"),
)
