"""The database while the load runs: one connection that samples sessions and reads the server's counters.

Every sample is a short transaction of its own, with an end of its own: a server that stops answering ends the
samples and not the run.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

from readiness.database.connect import Sampling, open_sampling
from readiness.database.counters import (
    SETTLE_S,
    CounterReading,
    gained,
    read_counters,
    read_statements,
    settle,
    top_statements,
)
from readiness.database.reasons import statement_reason
from readiness.database.round_trip import FAILURES
from readiness.database.session_settings import LOCK_TIMEOUT_S
from readiness.errors import NotMeasured
from readiness.measurements.database import Activity, Counters, Sessions, Statement
from readiness.text import clean

_EVERY_S = 0.4
_TIMEOUT_S = 3.0
MAX_SAMPLES = 600
"""Kept in the run; a longer load keeps the worst of neighbours."""
_MAX_NAMES = 20
"""Application names and waits kept."""

_ALLOWED = b"select pg_catalog.pg_has_role(session_user, 'pg_read_all_stats', 'USAGE'), pg_catalog.pg_is_in_recovery()"
_LIMIT = b"""
select pg_catalog.current_setting('max_connections')::int
     - pg_catalog.current_setting('superuser_reserved_connections')::int
     - coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0)
"""
# Connections of readiness would not be there without us; a pooler may hide the name, so our own pid counts as well.
# A prepared transaction holds its locks and the clean-up without any session: a row of none.
_SESSIONS = b"""
select datname = pg_catalog.current_database(), application_name, state,
       case when state = 'active' and wait_event is not null then wait_event_type || ': ' || wait_event end,
       pg_catalog.count(*)::int,
       coalesce(pg_catalog.max(extract(epoch from pg_catalog.clock_timestamp() - xact_start)), 0)::float8
from pg_catalog.pg_stat_activity
where backend_type = 'client backend' and application_name <> 'readiness' and pid <> pg_catalog.pg_backend_pid()
group by 1, 2, 3, 4
union all
select true, null, null, null, 0, extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.min(prepared))::float8
from pg_catalog.pg_prepared_xacts where database = pg_catalog.current_database() having pg_catalog.count(*) > 0
"""


class JudgedWindow(Protocol):
    """What is needed of readiness.probes.window.Window."""

    def wait_begin(self, timeout_s: float | None = None) -> bool:
        """Block until the window begins or can no longer begin; whether it is open."""
        ...

    def wait_end(self, timeout_s: float | None = None) -> bool:
        """Block until the window ends, at most `timeout_s`; whether it ended."""
        ...


@dataclass(slots=True)
class ActivitySeen:
    """What is known so far; it survives a connection that breaks."""

    server: str = ""
    limit: int = 0
    begun_s: float = field(default_factory=time.monotonic)
    ended_s: float | None = None
    sessions: list[Sessions] = field(default_factory=list)
    applications: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    before: CounterReading | None = None
    counters: Counters | None = None
    settled: bool = False
    statements: tuple[Statement, ...] = ()
    statements_reason: str | None = None

    def result(self, reason: str | None = None) -> Activity:
        ended_s = time.monotonic() if self.ended_s is None else self.ended_s
        return Activity(
            server=self.server,
            limit=self.limit,
            window_s=round(ended_s - self.begun_s, 3),
            sessions=thinned(self.sessions),
            applications=dict(self.applications.most_common(_MAX_NAMES)),
            waits=dict(self.waits.most_common(_MAX_NAMES)),
            counters=self.counters,
            settled=self.settled,
            statements=self.statements,
            statements_reason=self.statements_reason,
            reason=reason,
        )


def watch(
    url: str,
    window: JudgedWindow,
    *,
    wait_for_counters: bool,
    stop: Callable[[], bool],
    seen: ActivitySeen | None = None,
) -> Activity:
    """Sample until the window ends, then read the counters; what fails becomes the reason. Raises ConfigError.

    `wait_for_counters`: wait up to SETTLE_S until idle sessions have handed in theirs; `stop` ends that wait. `seen`
    is where everything is kept, for one who does not wait for the end.
    """
    seen = seen or ActivitySeen()
    try:
        if not window.wait_begin():
            raise NotMeasured("the measurement window never began")
        seen.begun_s = time.monotonic()
        with closing(open_sampling(url, timeout_s=_TIMEOUT_S)) as sampling:
            try:
                _follow(sampling, window, seen)
                _count(sampling, seen, wait_for_counters=wait_for_counters, stop=stop)
            except FAILURES as error:
                raise NotMeasured(statement_reason(error, _TIMEOUT_S, LOCK_TIMEOUT_S)) from None
    except NotMeasured as error:
        return seen.result(str(error))
    return seen.result()


def _follow(sampling: Sampling, window: JudgedWindow, seen: ActivitySeen) -> None:
    allowed, standby = sampling.rows(_ALLOWED)[0]
    if not allowed:
        raise NotMeasured("the role cannot see other sessions; grant pg_monitor to it")
    if standby:
        raise NotMeasured("this is a standby, whose connections are not the service's; use the primary's URL")
    version = sampling.server_version
    seen.server = f"PostgreSQL {version // 10000}.{version % 10000}"
    seen.limit = int(sampling.rows(_LIMIT)[0][0])
    statements = _statements(sampling, seen)
    seen.before = read_counters(sampling)
    seen.sent = 1
    _sample(sampling, seen)
    while not window.wait_end(_EVERY_S):
        _sample(sampling, seen)
    seen.ended_s = time.monotonic()
    if statements is not None:
        seen.statements = top_statements(sampling, statements, read_statements(sampling))
        seen.sent += 4


def _statements(sampling: Sampling, seen: ActivitySeen) -> Any:
    try:
        return read_statements(sampling)
    except NotMeasured as error:
        seen.statements_reason = str(error)
        return None


def _sample(sampling: Sampling, seen: ActivitySeen) -> None:
    rows = sampling.rows(_SESSIONS)
    seen.sent += 1
    here = [(name, state, wait, count, age_s) for ours, name, state, wait, count, age_s in rows if ours]
    applications: Counter[str] = Counter()
    for name, _, wait, count, _ in here:
        if not count:
            continue
        applications[_application(name)] += count
        if wait:
            seen.waits[clean(wait, 60)] += count
    for name, count in applications.items():
        seen.applications[name] = max(seen.applications[name], count)

    def counted(states: tuple[str, ...]) -> int:
        return sum(count for _, state, _, count, _ in here if state in states)

    seen.sessions.append(
        Sessions(
            at_s=round(time.monotonic() - seen.begun_s, 3),
            connected=sum(row[4] for row in rows),
            active=counted(("active", "fastpath function call")),
            idle_in_transaction=counted(("idle in transaction", "idle in transaction (aborted)")),
            waiting_for_lock=sum(count for _, _, wait, count, _ in here if wait and wait.startswith("Lock:")),
            oldest_transaction_ms=round(1000 * max((age_s for *_, age_s in here), default=0.0), 1),
        )
    )
    if len(seen.sessions) > 2 * MAX_SAMPLES:
        seen.sessions = list(thinned(seen.sessions))


def _application(name: str) -> str:
    """Its name without numbers: those of a process or a request are many, and a token is nobody's business."""
    return re.sub("[0-9]+", "#", clean(name, 60)) or "(no name)"


def _count(sampling: Sampling, seen: ActivitySeen, *, wait_for_counters: bool, stop: Callable[[], bool]) -> None:
    assert seen.before is not None
    if wait_for_counters:
        ended_s = seen.ended_s if seen.ended_s is not None else time.monotonic()
        seen.settled, sent = settle(sampling, ended_s + SETTLE_S, stop)
        seen.sent += sent
    seen.counters = gained(seen.before, read_counters(sampling), seen.sent + 1)


def thinned(samples: list[Sessions]) -> tuple[Sessions, ...]:
    """At most MAX_SAMPLES: neighbours become one that has the worst of both, so that no peak is lost."""
    while len(samples) > MAX_SAMPLES:
        pairs = [_worse(left, right) for left, right in zip(samples[::2], samples[1::2], strict=False)]
        samples = pairs + samples[len(pairs) * 2 :]
    return tuple(samples)


def _worse(left: Sessions, right: Sessions) -> Sessions:
    return Sessions(
        left.at_s,
        max(left.connected, right.connected),
        max(left.active, right.active),
        max(left.idle_in_transaction, right.idle_in_transaction),
        max(left.waiting_for_lock, right.waiting_for_lock),
        max(left.oldest_transaction_ms, right.oldest_transaction_ms),
    )
