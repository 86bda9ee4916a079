"""pool.headroom: connections still free at the busiest moment of the judged window, sampled from pg_stat_activity.

Its connection is in autocommit: inside a transaction the view would not change, and a transaction as long as the load
would hold back vacuum.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any, Protocol

import psycopg
from psycopg.conninfo import make_conninfo

from readiness.database import SOURCE
from readiness.database.address import parameters, passwords
from readiness.database.reasons import connection_reason, statement_reason
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement

METRIC = "pool.headroom"
EVERY_S = 0.5
TIMEOUT_S = 3.0
LOCK_TIMEOUT_S = 1.0

_ALLOWED = b"select pg_catalog.pg_has_role(session_user, 'pg_read_all_stats', 'USAGE'), pg_catalog.pg_is_in_recovery()"
_LIMIT = b"""
select pg_catalog.current_setting('max_connections')::int
     - pg_catalog.current_setting('superuser_reserved_connections')::int
     - coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0)
"""
# Connections of readiness would not be there without us; a pooler may hide the name, so our own pid counts as well.
_USED = b"""
select count(*), count(*) filter (where state = 'active'), count(*) filter (where wait_event_type = 'Lock')
from pg_catalog.pg_stat_activity
where backend_type = 'client backend' and application_name <> 'readiness' and pid <> pg_catalog.pg_backend_pid()
"""


class JudgedWindow(Protocol):
    """What is needed of readiness.probes.window.Window."""

    def wait_begin(self, timeout_s: float | None = None) -> bool:
        """Block until the window begins or can no longer begin; whether it is open."""
        ...

    def wait_end(self, timeout_s: float | None = None) -> bool:
        """Block until the window ends, at most `timeout_s`; whether it ended."""
        ...


def headroom(url: str, window: JudgedWindow) -> tuple[Measurement, ...]:
    """Sample twice a second until the window ends; what fails becomes the reason. Raises ConfigError for a bad URL."""
    given = parameters(url)
    try:
        if not window.wait_begin():
            raise NotMeasured("the judged window never began")
        return (_sample(given, passwords(url), window),)
    except NotMeasured as error:
        return (Measurement(METRIC, None, None, SOURCE, reason=str(error)),)


def _sample(given: dict[str, str], hidden: tuple[str, ...], window: JudgedWindow) -> Measurement:
    try:
        connection = psycopg.connect(_conninfo(given), autocommit=True)
    except (psycopg.Error, OSError, ValueError) as error:
        raise NotMeasured(connection_reason(error, (*hidden, given.get("password", "")))) from None
    with closing(connection):
        try:
            return _follow(connection, window)
        except (psycopg.Error, OSError) as error:
            raise NotMeasured(statement_reason(error, TIMEOUT_S, LOCK_TIMEOUT_S)) from None


def _follow(connection: psycopg.Connection[Any], window: JudgedWindow) -> Measurement:
    allowed, standby = connection.execute(_ALLOWED).fetchall()[0]
    if not allowed:
        raise NotMeasured("the role cannot see other sessions; grant pg_monitor to it")
    if standby:
        raise NotMeasured("this is a standby, whose connections are not the service's; use the primary's URL")
    limit = int(connection.execute(_LIMIT).fetchall()[0][0])
    samples = connection.execute(_USED).fetchall()
    while not window.wait_end(EVERY_S):
        samples += connection.execute(_USED).fetchall()
    used, active, waiting = (max(int(sample[column]) for sample in samples) for column in range(3))
    details = (
        Detail("most connections", f"{used:,} of {limit:,}", None, "at the busiest sample, without readiness's own"),
        Detail("most active", f"{active:,}", None),
        Detail("most waiting for a lock", f"{waiting:,}", None),
    )
    value = 100 * max(limit - used, 0) / max(limit, 1)
    return Measurement(METRIC, None, value, SOURCE, samples=len(samples), details=details)


def _conninfo(given: dict[str, str]) -> str:
    timeouts = f"-c statement_timeout={TIMEOUT_S * 1000:.0f} -c lock_timeout={LOCK_TIMEOUT_S * 1000:.0f}"
    ours = {
        "application_name": "readiness",
        "connect_timeout": "5",
        "tcp_user_timeout": "5000",  # a server that is gone without a word
        "options": f"{given.get('options', '')} -c default_transaction_read_only=on {timeouts}".strip(),
    }
    return make_conninfo("", **(given | ours))
