"""Slow and failed requests with their trace ids, and a link where thresholds.yaml says where traces are shown."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.judge.traces import EndpointTraces, Traces
from readiness.judge.verdict import Verdict
from readiness.measurements.traced import is_trace_id
from readiness.text import clean
from readiness.text.numbers import quantity
from readiness.text.trace_links import trace_link

_MOST_ENDPOINTS = 20


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One request."""

    endpoint: str
    scenario: str
    what: str
    """`slow`, or why it failed: `http_5xx, HTTP 503`."""
    took: str
    trace_id: str
    link: str | None
    """None without an address."""


@dataclass(frozen=True, slots=True)
class TracesView:
    """The section."""

    rows: tuple[TraceRow, ...]
    hidden: int
    """Endpoints that are not shown."""


def build(verdict: Verdict) -> TracesView | None:
    """None where no request is known by its trace. Endpoints with failures and the longest waits come first."""
    found = verdict.traces
    if found is None:
        return None
    ordered = sorted(found.endpoints, key=_weight)
    rows = [row for one in ordered[:_MOST_ENDPOINTS] for row in _rows(one, found)]
    return TracesView(tuple(rows), max(len(ordered) - _MOST_ENDPOINTS, 0)) if rows else None


def _weight(one: EndpointTraces) -> tuple[bool, float]:
    failed = any(request.failure is not None for request in one.requests)
    return not failed, -max((request.latency_ms for request in one.requests), default=0.0)


def _rows(one: EndpointTraces, found: Traces) -> list[TraceRow]:
    return [
        TraceRow(
            clean(one.name, 200),
            clean(one.scenario, 100),
            "slow"
            if request.failure is None
            else clean(request.failure, 40) + (f", HTTP {request.status}" if request.status else ""),
            quantity(request.latency_ms, "ms"),
            request.trace_id,
            trace_link(found.url, request.trace_id),
        )
        for request in one.requests
        if is_trace_id(request.trace_id)
    ]
