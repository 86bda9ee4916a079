"""Root causes: which endpoints carry the slow tail, and which part of the service their time went into. Pure.

The tail is the slowest twentieth of all judged requests (failed ones are no part of it: they have their own causes).
An endpoint carries it when it has a larger share of the tail than of the requests. Where the service names the parts
of its time (`Server-Timing`), the slow answers of the endpoint are split by them; what the client waited beyond their
sum is network and queue, which no server can see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.measurements.histogram import merge
from readiness.measurements.run import Load
from readiness.measurements.seen import Parts, Seen
from readiness.numbers import quantity, share_words

TAIL = 0.05
LEAST_SHARE = 0.1
"""Endpoints with less of the tail than this are not named."""
MOST = 3
TOTAL = "total"
"""A part of this name is the whole of the server's time (so many frameworks call it) and no part beside the others."""
REST = "network and queue"


@dataclass(frozen=True, slots=True)
class RootCause:
    """One endpoint that carries the tail."""

    scenario: str
    endpoint: str
    tail_share: float
    """Share (0 to 1) of the slowest twentieth of all requests."""
    request_share: float
    """Share (0 to 1) of all requests."""
    p95_ms: float
    parts_ms: Mapping[str, float]
    """Mean time of its slow answers by part, `network and queue` included; empty where the service says nothing."""
    sentence: str


def root_causes(load: Load) -> tuple[RootCause, ...]:
    """The endpoints with the most of the tail first; empty when no request succeeded."""
    everything = merge(*(endpoint.judged.ok for endpoint in load.endpoints))
    limit_ms = everything.quantile_ms(1 - TAIL)
    if limit_ms is None:
        return ()
    seen = {(one.scenario, one.name): one for one in load.seen}
    slow = {
        (endpoint.scenario, endpoint.name): endpoint.judged.ok.count_over_ms(limit_ms, inclusive=True)[0]
        for endpoint in load.endpoints
    }
    tail = max(sum(slow.values()), 1)
    found = []
    for endpoint in load.endpoints:
        p95_ms = endpoint.judged.ok.quantile_ms(0.95)
        tail_share = slow[endpoint.scenario, endpoint.name] / tail
        request_share = endpoint.judged.ok.total / everything.total
        if p95_ms is None or (tail_share < max(LEAST_SHARE, request_share) and len(load.endpoints) > 1):
            continue
        parts_ms = split(_slow(seen.get((endpoint.scenario, endpoint.name))))
        sentence = _sentence(endpoint.name, tail_share, request_share, p95_ms, parts_ms)
        found.append(RootCause(endpoint.scenario, endpoint.name, tail_share, request_share, p95_ms, parts_ms, sentence))
    found.sort(key=lambda cause: -cause.tail_share)
    return tuple(found[:MOST])


def split(parts: Parts) -> dict[str, float]:
    """Mean ms by part, the longest first, and what is beyond the service's own account; empty without samples."""
    if not parts.samples or not parts.parts_ms:
        return {}
    named = {name: spent_ms for name, spent_ms in parts.parts_ms.items() if name != TOTAL}
    server_ms = max(parts.parts_ms.get(TOTAL, 0.0), sum(named.values()))
    if server_ms > sum(named.values()):
        named["app"] = named.get("app", 0.0) + server_ms - sum(named.values())
    named[REST] = max(parts.total_ms - server_ms, 0.0)
    means = {name: spent_ms / parts.samples for name, spent_ms in named.items()}
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def _slow(seen: Seen | None) -> Parts:
    """The endpoint's slow answers, or where there are too few, all that were read."""
    if seen is None:
        return Parts()
    return seen.slow if seen.slow.samples >= 5 else seen.timing


def _sentence(name: str, tail_share: float, request_share: float, p95_ms: float, parts_ms: Mapping[str, float]) -> str:
    head = (
        f"{name} has {share_words(tail_share)} of the slowest twentieth of all requests and "
        f"{share_words(request_share)} of the requests (P95 {quantity(p95_ms, 'ms')})"
    )
    if not parts_ms:
        return f"{head}; where its time goes is not known: the service sends no Server-Timing, or nobody read it"
    whole = sum(parts_ms.values()) or 1.0
    shares = ", ".join(f"{part} {share_words(spent_ms / whole)}" for part, spent_ms in list(parts_ms.items())[:4])
    return f"{head}; its slow answers spend their time in: {shares}"
