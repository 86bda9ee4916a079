"""Temporary files of a query while it runs: they are no table, so no plan announces them, and they fill the disk."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from psycopg import sql

from readiness.database.connect import Session
from readiness.errors import NotMeasured

_PID = b"select pg_catalog.pg_backend_pid()"
_SIZE = sql.SQL(
    """select coalesce(pg_catalog.sum(size), 0)::bigint from pg_catalog.pg_ls_tmpdir()
    where name like {} escape '!'"""
)


def watch(session: Session, own: Session) -> Callable[[], None]:
    """What to ask again and again while `own` runs a query; it raises NotMeasured beyond the bytes that are left.

    Asked on the connection of `session`. A role without pg_monitor sees no files: then only time bounds them.
    """
    ((pid,),) = own.rows(_PID)
    query = _SIZE.format(sql.Literal(f"pgsql!_tmp{pid}.%"))
    most = 0

    def look() -> None:
        nonlocal most
        size = 0
        with suppress(NotMeasured):
            ((size,),) = session.rows(query)
        if size > most:
            own.spend(int(size) - most, "the query", "writes temporary files of another")
            most = int(size)

    return look
