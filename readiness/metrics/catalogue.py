"""Every metric: name, unit, which way is better, what it means, why it matters, how to mend it.

docs/metrics.md is generated from this list; reports take titles, reasons and next steps from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """How a metric is judged."""

    QUANTILE = "quantile"  # by the share of requests over the limit
    MEAN = "mean"  # by the spread of time blocks
    RATE = "rate"  # hits of a total, by an exact binomial bound
    EXACT = "exact"  # counts, headers, maxima: no interval


@dataclass(frozen=True, slots=True)
class Metric:
    """The definition of one number."""

    name: str
    title: str
    unit: str
    """`ms`, `%` (0 to 100), `/s`, or empty for counts and yes/no."""
    better: str
    """`lower`, `higher`, or `equal` where only the limit says."""
    kind: Kind
    area: str
    """The section of the report: performance, reliability, cache, pool, security, database."""
    meaning: str
    why: str
    fix: str
    quantile: float | None = None


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


CATALOGUE: tuple[Metric, ...] = (
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
        "Successful requests per second of the judged window.",
        "It tells how much work the latencies were measured under.",
        "Raise the load if the service has room, or find the resource that is full.",
    ),
    Metric(
        "health.latency.p95",
        "Health Check Response",
        "ms",
        "lower",
        Kind.QUANTILE,
        "reliability",
        "95th percentile of the health endpoint's own latency while the load ran.",
        "Load balancers take an instance out when its health check is slow.",
        "Keep the check small: bound its database and cache look-ups and let nothing queue before it.",
        quantile=0.95,
    ),
    Metric(
        "cache.hit_rate",
        "Cache Hit Rate",
        "%",
        "higher",
        Kind.RATE,
        "cache",
        "Look-ups answered by the cache, of all look-ups in the judged window.",
        "Every miss is paid by the database, and a cold cache is paid by users.",
        "Lengthen the time to live of what rarely changes, and warm the cache before traffic comes.",
    ),
    Metric(
        "pool.error_rate",
        "Connection Pool Stability",
        "%",
        "lower",
        Kind.RATE,
        "pool",
        "Requests for a pooled connection that failed or timed out, of all requests for one.",
        "A pool that runs dry turns load into errors.",
        "Shorten transactions, then size the pool to what the database can serve.",
    ),
    Metric(
        "pool.headroom",
        "Connection Head-room",
        "%",
        "higher",
        Kind.EXACT,
        "pool",
        "Connections still free on the database at the busiest sample, of those that clients may use.",
        "At zero the next instance that starts cannot connect.",
        "Lower the pool size per process, or put a pooler in front of the database.",
    ),
    Metric(
        "security.headers",
        "Security Headers",
        "%",
        "higher",
        Kind.EXACT,
        "security",
        "Required response-header rules that hold by value, of all that apply.",
        "Headers are the cheapest defence of a browser session.",
        "Set the headers that the findings list, with the value that they name.",
    ),
    Metric(
        "rate_limit.active",
        "Rate Limiting",
        "",
        "higher",
        Kind.EXACT,
        "security",
        "1 when the service declares a rate limit in its answers, else 0.",
        "Without a limit one client can take the service from all others.",
        "Limit requests per client and say so in RateLimit headers.",
    ),
    Metric(
        "database.foreign_keys.unvalidated",
        "Foreign Keys Not Validated",
        "",
        "lower",
        Kind.EXACT,
        "database",
        "Foreign keys that the server does not vouch for: NOT VALID, or with their triggers disabled.",
        "Such a key is listed as active while orphans lie below it.",
        "Repair the rows, then `ALTER TABLE … VALIDATE CONSTRAINT …`.",
    ),
    Metric(
        "database.orphans",
        "Orphaned Rows",
        "",
        "lower",
        Kind.EXACT,
        "database",
        "Rows that point at a row that does not exist, over all declared foreign keys.",
        "An orphan is data that the application cannot reach or that breaks it.",
        "Delete or re-attach the rows, then validate the foreign key.",
    ),
    Metric(
        "database.indexes.invalid",
        "Invalid Indexes",
        "",
        "lower",
        Kind.EXACT,
        "database",
        "Indexes that are not valid or not ready.",
        "A failed concurrent build leaves an index that costs writes and serves no read.",
        "`REINDEX INDEX CONCURRENTLY`, or drop it and build it again.",
    ),
)

_BY_NAME = {metric.name: metric for metric in CATALOGUE}

DATA = Metric(
    "data",
    "Data",
    "",
    "equal",
    Kind.EXACT,
    "database",
    "A count, query or invariant of thresholds.yaml, from one read-only snapshot.",
    "The numbers that must add up are the ones that nobody sees until they do not.",
    "Compare the counts in the database section and find the rows that break the rule.",
)
"""Every `data.<name>`: what a count, query or invariant in thresholds.yaml yields."""


def names() -> tuple[str, ...]:
    """Every name of the catalogue."""
    return tuple(_BY_NAME)


def find(name: str) -> Metric | None:
    """The metric called `name`, `data.<name>` included; None when there is none."""
    if name.startswith("data.") and len(name) > len("data."):
        subject = name.removeprefix("data.")
        return replace(DATA, name=name, title=subject.replace("_", " ").capitalize())
    return _BY_NAME.get(name)


def is_load(name: str) -> bool:
    """Whether the metric is computed from the load's own requests."""
    return name.startswith(("latency.", "http.")) or name == "throughput"
