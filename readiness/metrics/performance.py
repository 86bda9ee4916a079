"""Metrics of the load's own requests."""

from __future__ import annotations

from readiness.metrics.metric import Kind, Metric


def _latency_quantile(q: float, title: str) -> Metric:
    percent = f"{q * 100:g}"
    return Metric(
        name=f"latency.p{percent}",
        title=title,
        unit="ms",
        better="lower",
        kind=Kind.QUANTILE,
        area="performance",
        quantile=q,
        meaning=f"{percent} % of the requests were answered at least this fast (nearest rank); "
        "failed and unfinished requests count as slower than any other.",
        why="The slow tail is what users remember; a mean hides it.",
        fix="Find the endpoint that carries the tail in the endpoint table and cut its slowest part: "
        "a missing index, a cache miss, a lock, or work that can be done after the answer.",
    )


PERFORMANCE: tuple[Metric, ...] = (
    Metric(
        "latency.mean",
        "Average Response Time",
        "ms",
        "lower",
        Kind.MEAN,
        "performance",
        "Arithmetic mean of the latency of successful requests.",
        "Cheap to understand and to compare with older reports; judge the tail by percentiles.",
        "Shorten the most frequent endpoint first: it moves the mean most.",
    ),
    _latency_quantile(0.5, "Median Response Time"),
    _latency_quantile(0.9, "P90 Response Time"),
    _latency_quantile(0.95, "P95 Response Time"),
    _latency_quantile(0.99, "P99 Response Time"),
    Metric(
        "latency.max",
        "Slowest Response",
        "ms",
        "lower",
        Kind.EXACT,
        "performance",
        "Latency of the slowest request; not bounded when any request failed or did not finish.",
        "One frozen request can hold a whole page.",
        "Give every call a deadline and look at what ran at that second.",
    ),
    Metric(
        "http.success_rate",
        "Success Rate",
        "%",
        "higher",
        Kind.RATE,
        "reliability",
        "Share of started requests that were answered as the scenario expects.",
        "A fast wrong answer is an outage that no latency shows.",
        "Read the failures by class and endpoint in this report, then the service's log for those seconds.",
    ),
    Metric(
        "http.error_rate",
        "Error Rate",
        "%",
        "lower",
        Kind.RATE,
        "reliability",
        "Share of started requests that failed or did not finish.",
        "Errors under load are the first sign that a limit was reached.",
        "Read the failures by class and endpoint in this report, then the service's log for those seconds.",
    ),
    Metric(
        "throughput",
        "Throughput",
        "/s",
        "higher",
        Kind.MEAN,
        "performance",
        "Successful requests per second of the measurement window.",
        "It tells how much work the latencies were measured under.",
        "Raise the load if the service has room, or find the resource that is full.",
    ),
)
