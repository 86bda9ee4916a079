"""Metrics of moments before the end of a request; each moment is an optional recording of an Endpoint by that name."""

from __future__ import annotations

from readiness.metrics.metric import Kind, Metric

FIRST_BYTE = "first_byte"
_PREFIXES = {"latency.ttfb.": FIRST_BYTE}


def moment_of(name: str) -> str | None:
    """The moment that the metric is of, by its name in Endpoint; None for every other metric."""
    return next((moment for prefix, moment in _PREFIXES.items() if name.startswith(prefix)), None)


def _first_byte(q: float, title: str) -> Metric:
    percent = f"{q * 100:g}"
    return Metric(
        name=f"latency.ttfb.p{percent}",
        title=title,
        unit="ms",
        better="lower",
        kind=Kind.QUANTILE,
        area="performance",
        quantile=q,
        meaning=f"{percent} % of the answers began to come at least this fast (nearest rank), from when the request "
        "began or was due; failed and unfinished requests count as slower than any other. Measured only where a check "
        "asks for it.",
        why="Until the first byte a user sees nothing; what comes after it is the size of the answer and the line.",
        fix="Send the head before the work is done (stream the body), or cut what is done before it; where the first "
        "byte is early and the last one late, the answer is too large or is sent in pieces with pauses.",
    )


MOMENT_METRICS: tuple[Metric, ...] = (
    _first_byte(0.5, "Median Time to First Byte"),
    _first_byte(0.95, "P95 Time to First Byte"),
    _first_byte(0.99, "P99 Time to First Byte"),
)
