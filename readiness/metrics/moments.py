"""Metrics of moments before the end of a request; each moment is an optional recording of an Endpoint by that name."""

from __future__ import annotations

from readiness.metrics.metric import Metric, percentiles

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


_ASKED = "Of requests with stream=True; measured only where a check asks for it."
_GAP_UNKNOWN = (
    f"failed and unfinished streams count as longer than any other, streams with one event have no gap. {_ASKED}"
)
_WHY_GAP = "A stream that stops in the middle looks broken, however fast it began."
_FIX_GAP = (
    "Find what the stream waits for at that time: other requests in the same batch, a pause for garbage, a buffer of a "
    "proxy."
)

MOMENT_METRICS: tuple[Metric, ...] = (
    *percentiles(
        "latency.ttfb.",
        "Time to First Byte",
        "{percent} % of the answers began to come at least this fast (nearest rank), from when the request began or "
        "was due; failed and unfinished requests count as slower than any other. Measured only where a check asks for "
        "it.",
        "Until the first byte a user sees nothing; what comes after it is the size of the answer and the line.",
        "Send the head before the work is done (stream the body), or cut what is done before it; where the first byte "
        "is early and the last one late, the answer is too large or is sent in pieces with pauses.",
    ),
    *percentiles(
        f"{STREAM_PREFIX}first_event.",
        "Time to First Event",
        "{percent} % of the streams sent their first event at least this fast (nearest rank), from when the request "
        "began or was due; failed and unfinished streams, and those without an event, count as slower than any other. "
        f"{_ASKED}",
        "It is what a user waits for: a head or a comment that comes at once shows nothing.",
        "Measure what is done before the first event: a queue, a cold model, a prompt that is read each time.",
    ),
    *percentiles(
        f"{STREAM_PREFIX}longest_gap.",
        "of the Longest Gap Between Events",
        "In {percent} % of the streams no event came later than this after the one before (nearest rank); "
        f"{_GAP_UNKNOWN}",
        _WHY_GAP,
        _FIX_GAP,
    ),
    Metric(
        f"{STREAM_PREFIX}longest_gap.max",
        "Longest Gap Between Events",
        f"The longest time between two events that follow each other, in any stream; {_GAP_UNKNOWN}",
        _WHY_GAP,
        _FIX_GAP,
        "performance",
        "ms",
    ),
)
