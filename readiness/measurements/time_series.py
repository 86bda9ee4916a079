"""Points in time: of the load, and of each drill after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Second:
    """One point of the time series over all endpoints; requests are counted where they ended."""

    at_s: float
    duration_s: float
    users: int
    ok: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    classes: Mapping[str, int] = field(default_factory=dict)
    """The failed requests by class of FAILURE_CLASSES; empty where nothing failed."""

    @property
    def per_s(self) -> float:
        """Requests that ended per second."""
        return (self.ok + self.failed) / self.duration_s if self.duration_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Drilled:
    """The course of one drill. Its times are seconds since the window before the fault began."""

    name: str
    what: str
    """What happened to whom, and for how long: `database hung for 10 s`."""
    begin_s: float | None = None
    """When the fault began; None when it never did."""
    end_s: float | None = None
    """When it ended."""
    series: tuple[Second, ...] = ()
    """Its three windows; requests are counted where they ended."""
    problem: str | None = None
    """Why it proves nothing; None when it happened as planned."""
    unseen: str | None = None
    """Why nobody can say that its command did anything; None where something shows it, and for other drills."""
