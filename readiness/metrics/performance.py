"""Metrics of the load's own requests."""

from __future__ import annotations

from functools import partial

from readiness.metrics.metric import Kind, Metric, percentiles

_performance = partial(Metric, area="performance")
_rate = partial(Metric, area="reliability", unit="%", kind=Kind.RATE)


PERFORMANCE: tuple[Metric, ...] = (
    _performance(
        "latency.mean",
        "Average Response Time",
        "Arithmetic mean of the latency of successful requests.",
        "Cheap to understand and to compare with older reports; judge the tail by percentiles.",
        "Shorten the most frequent endpoint first: it moves the mean most.",
        unit="ms",
        kind=Kind.MEAN,
    ),
    *percentiles(
        "latency.",
        "Response Time",
        "{percent} % of the requests were answered at least this fast (nearest rank); "
        "failed and unfinished requests count as slower than any other.",
        "The slow tail is what users remember; a mean hides it.",
        "Find the endpoint that carries the tail in the endpoint table and cut its slowest part: "
        "a missing index, a cache miss, a lock, or work that can be done after the answer.",
        shares=(0.5, 0.9, 0.95, 0.99),
    ),
    _performance(
        "latency.max",
        "Slowest Response",
        "Latency of the slowest request; not bounded when any request failed or did not finish.",
        "One frozen request can hold a whole page.",
        "Give every call a deadline and check what ran at that second.",
        unit="ms",
    ),
    _rate(
        "http.success_rate",
        "Success Rate",
        "Share of started requests that were answered as the scenario expects.",
        "A fast wrong answer is an outage that no latency shows.",
        "Read the failures by class and endpoint in this report, then the service's log for those seconds.",
        better="higher",
    ),
    _rate(
        "http.error_rate",
        "Error Rate",
        "Share of started requests that failed or did not finish.",
        "Errors under load are the first sign that a limit was reached.",
        "Read the failures by class and endpoint in this report, then the service's log for those seconds.",
    ),
    _performance(
        "throughput",
        "Throughput",
        "Successful requests per second of the measurement window.",
        "It tells how much work the latencies were measured under.",
        "Raise the load if the service has room, or find the resource that is full.",
        unit="/s",
        better="higher",
        kind=Kind.MEAN,
    ),
)
