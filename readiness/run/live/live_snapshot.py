"""A moment of a running load, as text and numbers that are ready to be shown: the same for terminal and page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from readiness.measurements.time_series import Second


class Standing(StrEnum):
    """How a number stands against its limit so far."""

    KEPT = "kept"
    BROKEN = "broken"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class LiveNumber:
    """A figure beside the limit that was declared for it."""

    label: str
    value: str
    limit: str
    """`< 100 ms`; empty where none was declared."""
    standing: Standing
    """OPEN without a limit or a value."""
    limit_ms: float | None = None
    """Of a latency."""


@dataclass(frozen=True, slots=True)
class LiveEndpoint:
    """An endpoint's requests so far; latencies in ms, of the successful ones."""

    scenario: str
    name: str
    requests: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class LiveCheck:
    """A check of the load's own requests, judged by what came so far."""

    title: str
    limit: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is shown of one moment. Text from outside is clean, and has no secret."""

    service: str
    target: str
    phase: str
    at_s: float
    total_s: float
    judged_from_s: float
    judged_until_s: float
    measured: bool
    """Whether totals are of the measurement window; before it began they are of all requests."""
    users: int
    in_flight: int
    requests: int
    failed: int
    numbers: tuple[LiveNumber, ...]
    """P50, P95, P99 and the share of failed requests."""
    failures: tuple[tuple[str, int], ...]
    """Failure classes, most frequent first."""
    endpoints: tuple[LiveEndpoint, ...]
    """The busiest first; at most 50."""
    left_out: int
    """Endpoints that are not in `endpoints`."""
    checks: tuple[LiveCheck, ...]
    """Of the load's own requests: broken ones first, then open, then kept."""
    judged_later: int
    """Checks of everything else, which are judged when the load has ended."""
    history: tuple[Second, ...]
    """Oldest first; neighbours are joined in a long load."""

    @property
    def left_s(self) -> float:
        """Time to the planned end of the load."""
        return max(self.total_s - self.at_s, 0.0)

    def count(self, standing: Standing) -> int:
        """How many checks stand so."""
        return sum(check.standing is standing for check in self.checks)
