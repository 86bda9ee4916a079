"""Stretches of time in which nearly every request was bad: they happened, so that they need no statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from readiness.measurements.recordings import joined
from readiness.measurements.run import OWN_FAULTS, Endpoint

OUTAGE_S = 2.0
"""A stretch of this length in which nearly every request was over the limit happened; no chance explains it."""
OUTAGE_SHARE = 0.9
OUTAGE_TIMES = 2.0
"""Outages decide where they take this many times the time that the limit allows."""
_LEAST = 10
"""Requests in such a stretch of one endpoint: two that fail one after the other are no outage of a rare endpoint."""


@dataclass(frozen=True, slots=True)
class EndpointOutage:
    """An endpoint that failed altogether while others may have answered."""

    name: str
    seconds: float
    weighted_s: float
    """The same, by the endpoint's share of the requests."""


def outage_s(blocks: Sequence[tuple[int, int]], window_s: float, *, least: int = 1) -> float:
    """Seconds in stretches of OUTAGE_S and more, with `least` requests, in which nearly all of them were hits.

    `blocks` are (hits, requests) by time block.
    """
    each_s = window_s / len(blocks) if blocks else 0.0
    total_s, run_s, requests = 0.0, 0.0, 0
    for k, n in (*blocks, (0, 1)):
        if n and k >= OUTAGE_SHARE * n:
            run_s, requests = run_s + each_s, requests + n
        else:
            total_s += run_s if run_s >= OUTAGE_S and requests >= least else 0.0
            run_s, requests = 0.0, 0
    return total_s


def endpoint_outages(endpoints: Iterable[Endpoint], window_s: float) -> tuple[EndpointOutage, ...]:
    """Of each endpoint that had one, the longest first: one page that still works hides no outage of the others."""
    every = list(endpoints)
    total = sum(one.judged.requests for one in every)
    found = []
    for one in every:
        if not one.judged.failures:
            continue
        record = joined((one.judged,), OWN_FAULTS)
        blocks = [(block.failed, block.ok.total + block.failed) for block in record.slices]
        if seconds := outage_s(blocks, window_s, least=_LEAST):
            found.append(EndpointOutage(one.name, seconds, seconds * record.requests / total))
    return tuple(sorted(found, key=lambda outage: (-outage.seconds, outage.name)))
