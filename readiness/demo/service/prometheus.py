"""`/metrics`: everything the service counts, in Prometheus' text format 0.0.4."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from readiness.demo.service.circuit_breaker import CircuitBreaker, State
from readiness.demo.service.parts import ServiceParts
from readiness.demo.service.pool import pool_statistics
from readiness.demo.service.request_statistics import BOUNDS_MS, Monitor

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_MS = (1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
"""All of them are ends of the monitor's own counters, so the shown counts are exact."""

_Sample = tuple[str, dict[str, str], float]
"""Suffix of the name, labels, value."""


def render(parts: ServiceParts) -> str:
    """The whole document."""
    breakers = (parts.database.breaker, parts.cache.breaker)
    pool, cache = pool_statistics(parts.database.pool), parts.cache
    hits = [("", {"kind": kind}, count) for kind, count in sorted(cache.hits.items())]
    misses = [("", {"kind": kind}, count) for kind, count in sorted(cache.misses.items())]
    pool_samples = [("", {"connections": name}, pool[name]) for name in ("size", "available", "max")]
    families = (
        _family("requests_total", "counter", "Answers by endpoint and class of status.", _requests(parts.monitor)),
        _family("request_duration_seconds", "histogram", "Time to answer.", _durations(parts.monitor)),
        _family("cache_hits_total", "counter", "Look-ups that the cache answered.", hits),
        _family("cache_misses_total", "counter", "Look-ups that were computed.", misses),
        _family("cache_fallbacks_total", "counter", "Falls back to memory.", [("", {}, cache.fallbacks)]),
        _family("pool_connections", "gauge", "Database connections.", pool_samples),
        _family("pool_requests_total", "counter", "Connections asked for.", [("", {}, pool["requests"])]),
        _family("pool_errors_total", "counter", "Connections not given.", [("", {}, pool["errors"])]),
        _family("circuit_breaker_state", "gauge", "1 for the state a breaker is in.", _states(breakers)),
        _family("rate_limited_total", "counter", "Requests refused with 429.", [("", {}, parts.limiter.refused)]),
        _family(
            "logins_total",
            "counter",
            "Password checks by outcome.",
            [("", {"check": name}, count) for name, count in parts.passwords.statistics().items()],
        ),
    )
    return "".join(families)


def _family(name: str, kind: str, text: str, samples: Iterable[_Sample]) -> str:
    name = f"bag_tracker_{name}"
    lines = [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
    for suffix, labels, value in samples:
        inner = ",".join(f'{label}="{_escape(text)}"' for label, text in labels.items())
        lines.append(f"{name}{suffix}{'{' + inner + '}' if inner else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _requests(monitor: Monitor) -> Iterator[_Sample]:
    for name, endpoint in sorted(monitor.endpoints.items()):
        for status, count in sorted(endpoint.statuses.items()):
            yield "", {"endpoint": name, "status": status}, count


def _durations(monitor: Monitor) -> Iterator[_Sample]:
    for name, endpoint in sorted(monitor.endpoints.items()):
        reached = list(accumulate(endpoint.counts, initial=0))
        for bound_ms in BUCKETS_MS:
            yield (
                "_bucket",
                {"endpoint": name, "le": f"{bound_ms / 1000:g}"},
                reached[bisect_right(BOUNDS_MS, bound_ms)],
            )
        yield "_bucket", {"endpoint": name, "le": "+Inf"}, reached[-1]
        yield "_sum", {"endpoint": name}, endpoint.sum_ms / 1000
        yield "_count", {"endpoint": name}, reached[-1]


def _states(breakers: Iterable[CircuitBreaker]) -> Iterator[_Sample]:
    for breaker in breakers:
        for state in State:
            yield "", {"breaker": breaker.name, "state": state.value}, breaker.state is state


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
