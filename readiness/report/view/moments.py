"""What is known of answers before their end, as rows of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readiness.judge.verdict import EndpointResult
from readiness.report.view.endpoints import MOST_ENDPOINT_ROWS, slowest
from readiness.text import clean, numbers


@dataclass(frozen=True, slots=True)
class MomentRow:
    """One moment of one endpoint's successful requests."""

    scenario: str
    name: str
    what: str
    figures: tuple[str, ...]
    """P50, P95, P99 and the largest, in ms."""


def moment_rows(endpoints: Sequence[EndpointResult]) -> tuple[MomentRow, ...]:
    """Endpoint by endpoint; empty where no check asked for any."""
    return tuple(
        MomentRow(
            clean(one.scenario),
            clean(one.name),
            what,
            tuple(numbers.number(value, "ms") or "–" for value in (at.p50, at.p95, at.p99, at.max)),
        )
        for one in slowest(endpoints, MOST_ENDPOINT_ROWS)
        for what, at in (
            ("First byte", one.first_byte_ms),
            ("First event", one.first_event_ms),
            ("Longest gap between events", one.longest_gap_ms),
        )
        if at is not None
    )
