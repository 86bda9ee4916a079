"""Counts of thresholds.yaml. All counts of one table are one scan; an estimate is none."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from psycopg import sql

from readiness.config.model import Count
from readiness.database.connect import Session
from readiness.database.identifiers import identifier, table_bytes
from readiness.errors import NotMeasured

_ESTIMATE = sql.SQL(
    """with recursive part as (
        select {name}::regclass::oid as oid
        union select i.inhrelid from pg_catalog.pg_inherits i join part on i.inhparent = part.oid
    ) select pg_catalog.sum(c.reltuples)::numeric, pg_catalog.bool_or(c.reltuples < 0 or
           (c.reltuples = 0 and c.relpages = 0 and pg_catalog.pg_relation_size(c.oid) > 0))
      from part join pg_catalog.pg_class c on c.oid = part.oid where c.relkind in ('r', 'm')"""
)


def count_together(session: Session, counts: Mapping[str, Count]) -> dict[str, Fraction]:
    """Several counts of one table by one scan; raises NotMeasured when any of them fails."""
    (table,) = {identifier(count.table).as_string(session.connection): count for count in counts.values()}.values()
    name = identifier(table.table)
    session.spend(table_bytes(session, name), f"a scan of {table.table}")
    conditions = [_condition(count) for count in counts.values()]
    if len(conditions) == 1:
        (condition,) = conditions
        columns = sql.Composed([sql.SQL("pg_catalog.count(*)")])
        where = sql.SQL(" where {}").format(condition) if condition else sql.Composed([])
    else:
        columns = sql.SQL(", ").join(
            sql.SQL("pg_catalog.count(*) filter (where {})").format(condition)
            if condition
            else sql.SQL("pg_catalog.count(*)")
            for condition in conditions
        )
        some = [sql.SQL("({})").format(condition) for condition in conditions if condition]
        every = len(some) == len(conditions)
        where = sql.SQL(" where {}").format(sql.SQL(" or ").join(some)) if every else sql.Composed([])
    (row,) = session.rows(sql.SQL("select {} from {}{}").format(columns, name, where))
    return {key: Fraction(number) for key, number in zip(counts, row, strict=True)}


def estimate(session: Session, count: Count) -> Fraction:
    """The planner's idea of the table's rows; raises NotMeasured where it has none."""
    name = identifier(count.table).as_string(session.connection)
    (row,) = session.rows(_ESTIMATE.format(name=sql.Literal(name)))
    rows, unknown = row
    if rows is None or unknown:
        raise NotMeasured("the table was never analysed, so there is no estimate; run ANALYZE, or count it")
    return Fraction(rows)


def _condition(count: Count) -> sql.Composed | None:
    """The `where` of one count; None for all rows."""
    conditions = [
        sql.SQL("{} is null").format(sql.Identifier(column))
        if value is None
        else sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(value))
        for column, value in count.where.items()
    ]
    return sql.SQL(" and ").join(conditions) if conditions else None
