"""Queries of thresholds.yaml: the one number that a statement of the user's yields."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from psycopg import errors, pq, sql

from readiness.config.model import Query
from readiness.database.connect import Session
from readiness.errors import NotMeasured
from readiness.text import clean

Number = int | float | Decimal
NUMERIC_OIDS = frozenset({20, 21, 23, 700, 701, 1700})
"""int8, int2, int4, float4, float8, numeric (pg_type.dat)."""
_WHOLE = ("Seq Scan", "Parallel Seq Scan", "Sample Scan")
_BYTES = sql.SQL(
    """select coalesce(pg_catalog.sum(pg_catalog.pg_table_size(c.oid)), 0)::bigint from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace where (n.nspname, c.relname) in ({})"""
)


def answer(session: Session, query: Query) -> Fraction:
    """The one number that the query yields; raises NotMeasured.

    The server first parses the text alone, which runs nothing and says what comes out; then it runs wrapped in a
    select, which only a statement that reads survives. Both take one statement at most.
    """
    bare = query.sql.rstrip("; \t\r\n")
    if "\0" in bare:
        raise NotMeasured("holds a zero byte")
    with session.guarded():
        _describe(session, query, bare)
    wrapped = b"select * from (\n" + bare.encode() + b"\n) q limit 2"
    session.spend(_bytes_to_read(session, wrapped), "the query")
    rows = session.rows(wrapped)
    if len(rows) != 1:
        raise NotMeasured(f"must yield one row, not {'none' if not rows else 'several'}")
    return _finite(rows[0][0])


def _describe(session: Session, query: Query, text: str) -> None:
    pgconn = session.connection.pgconn
    parsed = pgconn.prepare(b"", text.encode())
    if parsed.status != pq.ExecStatus.COMMAND_OK:
        raise _error(parsed, query, text)
    answer = pgconn.describe_prepared(b"")
    if answer.status != pq.ExecStatus.COMMAND_OK:
        raise _error(answer, query, text)
    if answer.nfields != 1:
        columns = "no columns" if answer.nfields == 0 else f"{answer.nfields} columns"
        raise NotMeasured(f"must be one select with one column, not {columns}")
    if answer.ftype(0) not in NUMERIC_OIDS:
        name = (answer.fname(0) or b"").decode(errors="replace")
        raise NotMeasured(f'must yield a number; the column "{name}" is of another type')


def _error(result: pq.abc.PGresult, query: Query, text: str) -> Exception:
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"XX000").decode()
    message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message).decode(errors="replace")
    position = result.error_field(pq.DiagnosticField.STATEMENT_POSITION)
    if position is not None:
        message = f"{message} ({_place(query, text, int(position))})"
    try:
        return errors.lookup(state)(message)
    except KeyError:
        return errors.DatabaseError(message)


def _place(query: Query, text: str, position: int) -> str:
    """Where in the SQL the server stopped: line and column of a file, else the words there."""
    before = text[: position - 1]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    near = clean(text[position - 1 :], 30)
    if query.file is not None:
        return f"{clean(query.file)}:{line}:{column}, at {near!r}"
    where = f"line {line} of the SQL, column {column}" if "\n" in text else f"position {position} of the SQL"
    return f"{where}, at {near!r}"


def _bytes_to_read(session: Session, wrapped: bytes) -> int:
    """Bytes of the tables that the plan reads whole."""
    plan = session.rows(b"explain (verbose, format json) " + wrapped)[0][0]
    found = {node for part in (plan if isinstance(plan, list) else json.loads(plan)) for node in _scans(part["Plan"])}
    if not found:
        return 0
    names = [sql.SQL("({}, {})").format(sql.Literal(schema), sql.Literal(table)) for schema, table in sorted(found)]
    return int(session.rows(_BYTES.format(sql.SQL(", ").join(names)))[0][0])


def _scans(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if node.get("Node Type") in _WHOLE and "Relation Name" in node:
        yield str(node.get("Schema", "")), str(node["Relation Name"])
    for child in node.get("Plans", ()):
        yield from _scans(child)


def _finite(value: Number | None) -> Fraction:
    if value is None:
        raise NotMeasured("yielded NULL, which is no number")
    if not math.isfinite(value):
        raise NotMeasured(f"yielded {value:.6g}, too large or no number")
    return Fraction(value)
