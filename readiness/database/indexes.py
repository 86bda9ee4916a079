"""Indexes that cost writes and serve no read."""

from __future__ import annotations

from psycopg import sql

from readiness.database.connect import Session
from readiness.measurements.run import Detail
from readiness.text import clean

_INVALID = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, i.relname), pg_catalog.format('%I.%I', tn.nspname, t.relname),
           x.indisvalid, exists (
               select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = x.indexrelid)
    from pg_catalog.pg_index x
    join pg_catalog.pg_class i on i.oid = x.indexrelid
    join pg_catalog.pg_namespace n on n.oid = i.relnamespace
    join pg_catalog.pg_class t on t.oid = x.indrelid
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
    where n.nspname = any ({}::text[]) and not (x.indisvalid and x.indisready and x.indislive)
    order by 1"""
)


def invalid(session: Session, schemas: tuple[str, ...]) -> tuple[int, tuple[Detail, ...]]:
    """How many indexes of the schemas are not valid or not ready, and each of them; raises NotMeasured."""
    rows = session.rows(_INVALID.format(sql.Literal(list(schemas))))
    details = tuple(
        Detail(
            f"{clean(index)} on {clean(table)}",
            "not ready" if valid else "not valid",
            False,
            "being built now" if building else "left by a build that failed",
        )
        for index, table, valid, building in rows
    )
    return len(rows), details
