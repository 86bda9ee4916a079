"""Our settings of a session: sent before each statement, checked after it.

Start-up options would be simpler, but a pooler drops them, and a function that a statement calls can change them.
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import sql

from readiness.database.round_trip import DatabaseRow
from readiness.errors import NotMeasured

LOCK_TIMEOUT_S = 1.0
READ_ONLY = "transaction_read_only"
THEIRS = ("search_path", "role")
"""The login's own, which no statement may change for the next one."""

SessionSettings = Mapping[str, str]
"""Name to value."""


def ours(timeout_s: float, idle_s: float) -> SessionSettings:
    """What every transaction of ours sets; `idle_s` is how long it may wait between two statements."""
    return {
        "statement_timeout": f"{max(round(timeout_s * 1000), 1)}",
        "lock_timeout": f"{round(LOCK_TIMEOUT_S * 1000)}",
        "idle_in_transaction_session_timeout": f"{round(idle_s * 1000)}",
        "row_security": "off",  # rows that a policy hides must be an error, not a smaller count
        "max_parallel_workers_per_gather": "0",
    }


def setting(settings: SessionSettings) -> sql.Composed:
    """A select that sets them for this transaction."""
    calls = [
        sql.SQL("pg_catalog.set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
        for name, value in settings.items()
    ]
    return sql.SQL("select {}").format(sql.SQL(", ").join(calls))


def reading(names: tuple[str, ...]) -> sql.Composed:
    """A select that shows them as the server writes them."""
    calls = [sql.SQL("pg_catalog.current_setting({})").format(sql.Literal(name)) for name in names]
    return sql.SQL("select {}").format(sql.SQL(", ").join(calls))


def same(expected: SessionSettings, row: DatabaseRow) -> None:
    """Raise NotMeasured when `row`, the answer to `reading`, is not what was set."""
    for (name, value), found in zip(expected.items(), row, strict=True):
        if found != value:
            raise NotMeasured(f"the statement changed the setting {name}, so its answer does not count")
