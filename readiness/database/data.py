"""Counts, queries and invariants of thresholds.yaml: exact numbers from the session's snapshot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from psycopg import errors, pq, sql

from readiness.config.model import Count, Database, Invariant, Query
from readiness.database import SOURCE
from readiness.database.connect import Session
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement

Number = int | float | Decimal
Found = Fraction | str
"""An exact number, or the reason why there is none."""
NUMERIC_OIDS = frozenset({20, 21, 23, 700, 701, 1700})
"""int8, int2, int4, float4, float8, numeric (pg_type.dat)."""


def look(session: Session, database: Database) -> tuple[Measurement, ...]:
    """One measurement for every count, query and invariant, in the order of the file."""
    found: dict[str, Found] = {}
    for name, count in database.counts.items():
        found[name] = _attempt(session, f"count {name}{_line(count.line)}", count)
    for name, query in database.queries.items():
        found[name] = _attempt(session, f"query {name}{_line(query.line)}", query)
    data = [_measurement(name, value) for name, value in found.items()]
    return (*data, *(_invariant(name, one, found) for name, one in database.invariants.items()))


def split_name(table: str) -> tuple[str, ...]:
    """`schema.table` into its parts, taken as written; double quotes keep a dot. Raises NotMeasured."""
    parts, part, quoted = [], "", False
    for character in table.replace('""', "\0"):
        if character == '"':
            quoted = not quoted
        elif character == "." and not quoted:
            parts.append(part)
            part = ""
        else:
            part += '"' if character == "\0" else character
    parts.append(part)
    if quoted or len(parts) > 2 or not all(parts):
        raise NotMeasured('the table must be written as table, schema.table or "quoted.table"')
    return tuple(parts)


def _attempt(session: Session, what: str, asked: Count | Query) -> Found:
    try:
        return _count(session, asked) if isinstance(asked, Count) else _query(session, asked.sql)
    except NotMeasured as error:
        return f"{what}: {error}"


def _count(session: Session, count: Count) -> Fraction:
    conditions = [
        sql.SQL("{} is null").format(sql.Identifier(column))
        if value is None
        else sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(value))
        for column, value in count.where.items()
    ]
    query = sql.SQL("select pg_catalog.count(*) from {}").format(sql.Identifier(*split_name(count.table)))
    if conditions:
        query += sql.SQL(" where ") + sql.SQL(" and ").join(conditions)
    return Fraction(session.rows(query)[0][0])


def _query(session: Session, text: str) -> Fraction:
    """The one number that `text` yields.

    The server first parses the text alone, which runs nothing and says what comes out; then it runs wrapped in a
    select, which only a statement that reads survives. Both take one statement at most.
    """
    bare = text.strip().rstrip("; \t\r\n")
    if "\0" in bare:
        raise NotMeasured("holds a zero byte")
    with session.guarded():
        _describe(session, bare)
    rows = session.rows(b"select * from (\n" + bare.encode() + b"\n) q limit 2")
    if len(rows) != 1:
        raise NotMeasured(f"must yield one row, not {'none' if not rows else 'several'}")
    return _finite(rows[0][0])


def _describe(session: Session, text: str) -> None:
    pgconn = session.connection.pgconn
    parsed = pgconn.prepare(b"", text.encode())
    if parsed.status != pq.ExecStatus.COMMAND_OK:
        raise _error(parsed)
    answer = pgconn.describe_prepared(b"")
    if answer.status != pq.ExecStatus.COMMAND_OK:
        raise _error(answer)
    if answer.nfields != 1:
        columns = "no columns" if answer.nfields == 0 else f"{answer.nfields} columns"
        raise NotMeasured(f"must be one select with one column, not {columns}")
    if answer.ftype(0) not in NUMERIC_OIDS:
        name = (answer.fname(0) or b"").decode(errors="replace")
        raise NotMeasured(f'must yield a number; the column "{name}" is of another type')


def _error(result: pq.abc.PGresult) -> Exception:
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"XX000").decode()
    message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message).decode(errors="replace")
    try:
        return errors.lookup(state)(message)
    except KeyError:
        return errors.DatabaseError(message)


def _finite(value: Number | None) -> Fraction:
    if value is None:
        raise NotMeasured("yielded NULL, which is no number")
    if not math.isfinite(value):
        raise NotMeasured(f"yielded {value:.6g}, too large or no number")
    return Fraction(value)


def _measurement(name: str, value: Found, details: tuple[Detail, ...] = ()) -> Measurement:
    metric = f"data.{name}"
    if isinstance(value, str):
        return Measurement(metric, None, None, SOURCE, reason=value, details=details)
    try:
        return Measurement(metric, None, float(value), SOURCE, details=details)
    except OverflowError:
        return Measurement(metric, None, None, SOURCE, reason="the number is too large", details=details)


def _invariant(name: str, invariant: Invariant, found: Mapping[str, Found]) -> Measurement:
    """Left minus right, exact; a term without a value leaves none for the whole."""
    total, missing = Fraction(invariant.constant), []
    details: dict[str, Detail] = {}
    for factor, term in invariant.terms:
        value = found.get(term, f"{term} is neither a count nor a query")
        if isinstance(value, str):
            missing.append(value)
            details[term] = Detail(term, "not measured", None, value)
        else:
            total += factor * value
            details[term] = Detail(term, _shown(value), None)
    reason = "; ".join(dict.fromkeys(missing))
    return _measurement(name, reason or total, tuple(details.values()))


def _shown(value: Fraction) -> str:
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):,.6g}"


def _line(line: int) -> str:
    return f" (line {line})" if line else ""
