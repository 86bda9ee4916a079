"""pg_stat_database and pg_stat_statements before and after: what the server itself counted in between.

Every statement is a transaction of its own: inside a longer one the statistics would stand still.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from readiness.database import statement_text
from readiness.database.connect import Sampling
from readiness.errors import NotMeasured
from readiness.measurements.database import Counters, Statement
from readiness.text import clean

IDLE_FLUSH_S = 10.2
"""An idle session hands in its counters after ten seconds (PGSTAT_IDLE_INTERVAL, PostgreSQL 15 and newer)."""
SETTLE_S = 12.5
IDLE_FLUSH_SINCE = 150000
OLDER_FLUSH_S = 1.5
"""Before that, deadlocks and temporary files are handed in at once, and the collector writes twice a second."""
SESSION_COUNTS_SINCE = 140000
STATEMENTS = 10
MAX_STATEMENT = 300
_LOST = "coalesce(sessions_abandoned, 0) + coalesce(sessions_fatal, 0) + coalesce(sessions_killed, 0)"
_COUNTERS = """
select xact_commit, xact_rollback, deadlocks, temp_files, temp_bytes, blks_hit, blks_read, {lost},
       coalesce(stats_reset::text, '')
from pg_catalog.pg_stat_database where datname = pg_catalog.current_database()
"""
# A session hands in its counters when a command ends at least a second after it did so last, or when it was idle long
# enough. So those of the window are in when it has ended a command a good second after the window, or is idle for long.
_PENDING = sql.SQL(
    """select pid from pg_catalog.pg_stat_activity
    where datname = pg_catalog.current_database() and backend_type = 'client backend'
      and application_name <> 'readiness' and pid <> pg_catalog.pg_backend_pid() and backend_start <= {ended}
      and (state = 'idle'
               and (state_change >= {ended} + interval '1.2 s'
                    or pg_catalog.clock_timestamp() - state_change >= {quiet} * interval '1 s')) is not true"""
)
_EXTENSION = b"""
select n.nspname, e.extversion from pg_catalog.pg_extension e
join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'
"""
_STATEMENTS = """
select queryid, pg_catalog.sum(calls)::bigint, pg_catalog.sum(total_exec_time)::float8, pg_catalog.sum(rows)::bigint
from {function}(false)
where dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())
  and userid <> session_user::regrole and queryid is not null
group by queryid
"""
_TEXTS = """
select queryid, pg_catalog.left(pg_catalog.min(query), {most}) from {function}(true)
where queryid = any ({ids}::bigint[]) group by queryid
"""


@dataclass(frozen=True, slots=True)
class CounterReading:
    """The server's counters at one moment."""

    numbers: tuple[int, ...]
    reset: str


def read_counters(sampling: Sampling) -> CounterReading:
    """The counters now, this connection's own share of them handed in before."""
    if sampling.server_version >= IDLE_FLUSH_SINCE:
        sampling.rows(b"select pg_catalog.pg_stat_force_next_flush()")
    lost = _LOST if sampling.server_version >= SESSION_COUNTS_SINCE else "0"
    row = sampling.rows(sql.SQL(_COUNTERS).format(lost=sql.SQL(lost)))[0]
    return CounterReading(tuple(int(number or 0) for number in row[:-1]), str(row[-1]))


def gained(before: CounterReading, after: CounterReading, own: int) -> Counters:
    """What was counted in between, without the `own` statements that this connection sent from the one to the other.

    Each of those was a transaction. Raises NotMeasured when the counters began anew.
    """
    if before.reset != after.reset:
        raise NotMeasured("the database's statistics were reset during the load")
    differences = [now - then for then, now in zip(before.numbers, after.numbers, strict=True)]
    if min(differences) < 0:
        raise NotMeasured("the database's counters went backwards during the load: the server was restarted")
    commits, *others = differences
    return Counters(max(commits - own, 0), *others)


def settle(sampling: Sampling, deadline_s: float, stop: Callable[[], bool]) -> tuple[bool, int]:
    """Wait until every session has handed in its counters of before; whether that is so, and the statements it took."""
    quiet_s = IDLE_FLUSH_S if sampling.server_version >= IDLE_FLUSH_SINCE else OLDER_FLUSH_S
    (ended,) = sampling.rows(b"select pg_catalog.clock_timestamp()::text")[0]
    moment = sql.SQL("{}::timestamptz").format(sql.Literal(ended))
    query = _PENDING.format(ended=moment, quiet=sql.Literal(quiet_s))
    pending: set[int] | None = None
    sent = 1
    while not stop():
        found = {int(pid) for (pid,) in sampling.rows(query)}
        pending = found if pending is None else pending & found
        sent += 1
        if not pending:
            return True, sent
        if time.monotonic() >= deadline_s:
            return False, sent
        time.sleep(0.25)
    return False, sent


def read_statements(sampling: Sampling) -> Mapping[int, tuple[int, float, int]]:
    """(calls, total ms, rows) by query id, of all roles but ours; raises NotMeasured when nobody counts them."""
    function = _function(sampling)
    try:
        rows = sampling.rows(sql.SQL(_STATEMENTS).format(function=function))
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise NotMeasured("pg_stat_statements is not in shared_preload_libraries") from None
    return {int(queryid): (int(calls), float(total), int(count)) for queryid, calls, total, count in rows}


def top_statements(
    sampling: Sampling,
    before: Mapping[int, tuple[int, float, int]],
    after: Mapping[int, tuple[int, float, int]],
) -> tuple[Statement, ...]:
    """The statements that took most time in between, with what may be shown of their text."""
    found: dict[int, tuple[int, float, int]] = {}
    for queryid, (calls, total_ms, rows) in after.items():
        calls_before, total_before_ms, rows_before = before.get(queryid, (0, 0.0, 0))
        if calls > calls_before:
            found[queryid] = (calls - calls_before, max(total_ms - total_before_ms, 0.0), max(rows - rows_before, 0))
    most = sorted(found, key=lambda queryid: -found[queryid][1])[:STATEMENTS]
    query = sql.SQL(_TEXTS).format(
        function=_function(sampling), ids=sql.Literal(most), most=sql.Literal(statement_text.MAX_READ)
    )
    texts = {int(queryid): statement_text.shown(str(text), MAX_STATEMENT) for queryid, text in sampling.rows(query)}
    return tuple(Statement(texts.get(queryid, "(text not kept)"), *found[queryid]) for queryid in most)


def _function(sampling: Sampling) -> sql.Identifier:
    rows = sampling.rows(_EXTENSION)
    if not rows:
        raise NotMeasured("the extension pg_stat_statements is not in this database")
    schema, version = rows[0]
    if tuple(int(part) for part in str(version).split(".")) < (1, 8):
        raise NotMeasured(f"pg_stat_statements {clean(version, 20)} is older than 1.8; alter extension … update")
    return sql.Identifier(str(schema), "pg_stat_statements")
