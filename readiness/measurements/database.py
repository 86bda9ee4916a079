"""What the database did while the load ran: samples of its sessions, and what its own counters gained.

`Activity.commits` and `Activity.statements` are a second witness beside the service's own words: a service that says
"all from the cache" leaves no transactions behind, and one that does no work has none at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sessions:
    """One sample of pg_stat_activity: sessions of clients other than readiness."""

    at_s: float
    """Seconds since the measurement window began."""
    connected: int
    """On the whole server, as they share `max_connections`; everything below is of this database only."""
    active: int
    idle_in_transaction: int
    waiting_for_lock: int
    oldest_transaction_ms: float
    """Age of the transaction that had been open longest."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What pg_stat_statements counted for one normalised statement in the measurement window."""

    text: str
    calls: int
    total_ms: float
    rows: int

    @property
    def mean_ms(self) -> float:
        """Time of one call."""
        return self.total_ms / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Counters:
    """What pg_stat_database counted for this database, readiness's own statements left out of the commits."""

    commits: int = 0
    rollbacks: int = 0
    deadlocks: int = 0
    temp_files: int = 0
    temp_bytes: int = 0
    blocks_hit: int = 0
    """Found in shared buffers; the operating system's cache counts as read."""
    blocks_read: int = 0
    sessions_lost: int = 0
    """Abandoned, ended by an error or killed; PostgreSQL 14 and newer."""


@dataclass(frozen=True, slots=True)
class Activity:
    """The database beside the load, over the measurement window."""

    server: str
    """Such as `PostgreSQL 18.1`."""
    limit: int
    """Connections that clients may have."""
    window_s: float
    sessions: tuple[Sessions, ...] = ()
    applications: Mapping[str, int] = field(default_factory=dict)
    """Application name to the most sessions of it in any sample, of this database."""
    waits: Mapping[str, int] = field(default_factory=dict)
    """`type: event` to the number of times that an active session was seen in it."""
    counters: Counters | None = None
    """None when they could not be read; `reason` says why."""
    settled: bool = False
    """Whether idle sessions had time to hand in their counters (about ten seconds); otherwise the last second of each
    session may be missing."""
    statements: tuple[Statement, ...] = ()
    """The most expensive ones by total time, most expensive first."""
    statements_reason: str | None = None
    """Why there are no statements."""
    reason: str | None = None
    """Why sampling ended early or never began."""

    @property
    def transactions(self) -> int | None:
        """Transactions that ended in the measurement window, committed or not; None when nobody counted."""
        return None if self.counters is None else self.counters.commits + self.counters.rollbacks
