"""Temporary files of a query while it runs: they are no table, so no plan announces them, and they fill the disk."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from psycopg import sql

from readiness.database.connect import Session, shown_size
from readiness.errors import NotMeasured

_PID = b"select pg_catalog.pg_backend_pid()"
_SIZE = sql.SQL(
    """select coalesce(pg_catalog.sum(size), 0)::bigint from pg_catalog.pg_ls_tmpdir()
    where name like {} escape '!'"""
)

_SHARE = 10
"""A query may hold one part of so many of database.max_scan in temporary files: a scan reads, these fill a disk."""


def watch(session: Session, own: Session) -> Callable[[], None]:
    """What to ask again and again while `own` runs a query; it raises NotMeasured beyond its share, or the bytes left.

    Asked on the connection of `session`. A role without pg_monitor sees no files: then only time bounds them.
    """
    ((pid,),) = own.rows(_PID)
    query = _SIZE.format(sql.Literal(f"pgsql!_tmp{pid}.%"))
    most = 0

    def measure() -> None:
        nonlocal most
        size = 0
        with suppress(NotMeasured):
            ((size,),) = session.rows(query)
        if size > most:
            if size * _SHARE > own.budget.limit:
                raise NotMeasured(
                    f"the query writes temporary files of {shown_size(size)}, more than a tenth of database.max_scan: "
                    f"{shown_size(own.budget.limit)}"
                )
            own.spend(int(size) - most, "the query", "writes temporary files of another")
            most = int(size)

    return measure
