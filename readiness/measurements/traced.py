"""Requests of the load that can be found again in the service's traces, by their trace ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

MOST_SLOW, MOST_FAILED = 5, 6
"""Of each endpoint."""
MOST_OF_CLASS = 2
"""Failed requests of one class."""
STILL_OPEN = "in_flight"
"""The failure of a request that had no answer when the load ended."""


@dataclass(frozen=True, slots=True)
class TracedRequest:
    """One request that was sent with a `traceparent`."""

    trace_id: str
    """32 hexadecimal digits."""
    latency_ms: float
    status: int
    """Of the answer; 0 when there is none."""
    failure: str | None
    """Of FAILURE_CLASSES, or `in_flight`; None for a success."""
    start_us: int = 0
    """When it was started, or due in an open load, in microseconds since 1970; 0 in older runs."""


def most_telling(found: Iterable[TracedRequest]) -> tuple[TracedRequest, ...]:
    """The slowest successes, the slowest first, and then some failed ones of each class, in their order."""
    requests = list(dict.fromkeys(found))
    slow = sorted((one for one in requests if one.failure is None), key=lambda one: -one.latency_ms)
    failed: list[TracedRequest] = []
    of_class: Counter[str] = Counter()
    for one in requests:
        if one.failure is not None and of_class[one.failure] < MOST_OF_CLASS and len(failed) < MOST_FAILED:
            of_class[one.failure] += 1
            failed.append(one)
    return (*slow[:MOST_SLOW], *failed)


def is_trace_id(text: str) -> bool:
    """Whether it is 32 lower hexadecimal digits, not all of them zero."""
    return len(text) == 32 and set(text) <= set("0123456789abcdef") and text.strip("0") != ""
