"""Queries of thresholds.yaml: the one number that a statement of the user's yields."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

from psycopg import pq, sql

from readiness.config.model import Query
from readiness.database import called_functions
from readiness.database.connect import ServerError, Session, shown_size
from readiness.database.reads import bytes_to_read
from readiness.errors import NotMeasured
from readiness.text import clean

Number = int | float | Decimal
NUMERIC_OIDS = frozenset({20, 21, 23, 700, 701, 1700})
"""int8, int2, int4, float4, float8, numeric (pg_type.dat)."""
_PID = b"select pg_catalog.pg_backend_pid()"
_SIZE = sql.SQL(
    """select coalesce(pg_catalog.sum(size), 0)::bigint from pg_catalog.pg_ls_tmpdir()
    where name like {} escape '!'"""
)
_SHARE = 10
"""A query may hold one part of so many of database.max_scan in temporary files: a scan reads, these fill a disk."""


def answer(session: Session, query: Query) -> Fraction:
    """The one number that the query yields, on a connection of its own; raises NotMeasured.

    What a query does to its session ends with it. The server first parses the text alone, which runs nothing and says
    what comes out and what is called; then it runs wrapped in a select, which only a statement that reads survives.
    Both take one statement at most.
    """
    bare = query.sql.rstrip("; \t\r\n")
    if "\0" in bare:
        raise NotMeasured("holds a zero byte")
    with session.beside() as own:
        try:
            described, called = called_functions.parsed(own, bare)
        except ServerError as error:
            raise _placed(error, query, bare) from None
        _check_columns(described)
        called_functions.check(own, called)
        wrapped = b"select * from (\n" + bare.encode() + b"\n) q limit 2"
        own.spend(bytes_to_read(own, wrapped), "the query")
        rows = own.rows(wrapped, _watch_files(session, own))
    if len(rows) != 1:
        raise NotMeasured(f"must yield one row, not {'none' if not rows else 'several'}")
    return _finite(rows[0][0])


def _check_columns(answer: pq.abc.PGresult) -> None:
    if answer.nfields != 1:
        columns = "no columns" if answer.nfields == 0 else f"{answer.nfields} columns"
        raise NotMeasured(f"must be one select with one column, not {columns}")
    if answer.ftype(0) not in NUMERIC_OIDS:
        name = (answer.fname(0) or b"").decode(errors="replace")
        raise NotMeasured(f'must yield a number; the column "{name}" is of another type')


def _placed(error: ServerError, query: Query, text: str) -> NotMeasured:
    """The error with the place in the SQL where the server stopped, where it says one."""
    if not error.position:
        return error
    return NotMeasured(f"{error} ({_place(query, text, error.position)})")


def _place(query: Query, text: str, position: int) -> str:
    """Line and column of a file, else the words there."""
    before = text[: position - 1]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    near = clean(text[position - 1 :], 30)
    if query.file is not None:
        return f"{clean(query.file)}:{line}:{column}, at {near!r}"
    where = f"line {line} of the SQL, column {column}" if "\n" in text else f"position {position} of the SQL"
    return f"{where}, at {near!r}"


def _finite(value: Number | None) -> Fraction:
    if value is None:
        raise NotMeasured("yielded NULL, which is no number")
    if not math.isfinite(value):
        raise NotMeasured(f"yielded {value:.6g}, too large or no number")
    return Fraction(value)


def _watch_files(session: Session, own: Session) -> Callable[[], None]:
    """What to ask again and again while `own` runs a query; it raises NotMeasured beyond its share, or the bytes left.

    Asked on the connection of `session`: no plan announces temporary files, for they are no table. A role without
    pg_monitor sees none: then only time bounds them.
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
