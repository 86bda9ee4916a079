"""Metrics of moments before the end of a request; each moment is an optional recording of an Endpoint by that name."""

from __future__ import annotations

from readiness.metrics.metric import Kind, Metric

FIRST_BYTE, FIRST_EVENT, LONGEST_GAP = "first_byte", "first_event", "longest_gap"
MOMENT_NAMES = (FIRST_BYTE, FIRST_EVENT, LONGEST_GAP)
STREAM_PREFIX = "stream."
_PREFIXES = {
    "latency.ttfb.": FIRST_BYTE,
    f"{STREAM_PREFIX}first_event.": FIRST_EVENT,
    f"{STREAM_PREFIX}longest_gap.": LONGEST_GAP,
}


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


def _first_event(q: float, title: str) -> Metric:
    percent = f"{q * 100:g}"
    return Metric(
        name=f"{STREAM_PREFIX}first_event.p{percent}",
        title=title,
        unit="ms",
        better="lower",
        kind=Kind.QUANTILE,
        area="performance",
        quantile=q,
        meaning=f"{percent} % of the streams sent their first event at least this fast (nearest rank), from when the "
        "request began or was due; failed and unfinished streams, and those without an event, count as slower than any "
        "other. Of requests with stream=True; measured only where a check asks for it.",
        why="It is what a user waits for: a head or a comment that comes at once shows nothing.",
        fix="Measure what is done before the first event: a queue, a cold model, a prompt that is read each time.",
    )


def _longest_gap(q: float | None, title: str) -> Metric:
    percent = "" if q is None else f"{q * 100:g}"
    said = (
        f"In {percent} % of the streams no event came later than this after the one before (nearest rank)"
        if q
        else "The longest time between two events that follow each other, in any stream"
    )
    return Metric(
        name=f"{STREAM_PREFIX}longest_gap.{f'p{percent}' if q else 'max'}",
        title=title,
        unit="ms",
        better="lower",
        kind=Kind.QUANTILE if q else Kind.EXACT,
        area="performance",
        quantile=q,
        meaning=f"{said}; failed and unfinished streams count as longer than any other, streams with one event have no "
        "gap. Of requests with stream=True; measured only where a check asks for it.",
        why="A stream that stops in the middle looks broken, however fast it began.",
        fix="Find what the stream waits for at that time: other requests in the same batch, a pause for garbage, a "
        "buffer of a proxy.",
    )


MOMENT_METRICS: tuple[Metric, ...] = (
    _first_byte(0.5, "Median Time to First Byte"),
    _first_byte(0.95, "P95 Time to First Byte"),
    _first_byte(0.99, "P99 Time to First Byte"),
    _first_event(0.5, "Median Time to First Event"),
    _first_event(0.95, "P95 Time to First Event"),
    _first_event(0.99, "P99 Time to First Event"),
    _longest_gap(0.5, "Median of the Longest Gap Between Events"),
    _longest_gap(0.95, "P95 of the Longest Gap Between Events"),
    _longest_gap(0.99, "P99 of the Longest Gap Between Events"),
    _longest_gap(None, "Longest Gap Between Events"),
)
