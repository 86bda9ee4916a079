"""Indexes that cost writes and serve no read."""

from __future__ import annotations

from psycopg import sql

from readiness.database.connect import Session
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail
from readiness.text import clean

_INVALID = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, i.relname), pg_catalog.format('%I.%I', tn.nspname, t.relname),
           x.indisvalid, exists (
               select from pg_catalog.pg_stat_progress_create_index p where p.index_relid = x.indexrelid),
           i.relkind = 'I'
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
            "being built now"
            if building
            else "not attached yet in every partition"
            if partitioned
            else "left by a build that failed",
        )
        for index, table, valid, building, partitioned in rows
    )
    return len(rows), details


_SAME = """x.indrelid, x.indkey::text, x.indclass::text, x.indcollation::text, x.indoption::text, x.indisunique,
    x.indnkeyatts, i.relam, coalesce(pg_catalog.pg_get_expr(x.indexprs, x.indrelid), ''),
    coalesce(pg_catalog.pg_get_expr(x.indpred, x.indrelid), '')"""
_DUPLICATE = sql.SQL(
    f"""select pg_catalog.min(pg_catalog.format('%I.%I', n.nspname, t.relname)),
           pg_catalog.array_agg(i.relname::text order by x.indisprimary desc, i.oid),
           pg_catalog.sum(pg_catalog.pg_relation_size(i.oid))::bigint
    from pg_catalog.pg_index x
    join pg_catalog.pg_class i on i.oid = x.indexrelid
    join pg_catalog.pg_class t on t.oid = x.indrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where n.nspname = any ({{}}::text[]) and x.indisvalid and not t.relispartition
    group by {_SAME} having pg_catalog.count(*) > 1
    order by 1"""  # noqa: S608 - our own text
)
# An index whose columns are the first ones of another, or all of a unique one: PgHero's rule. Unique, partial and
# expression indexes do more.
_REDUNDANT = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, t.relname), i.relname,
           pg_catalog.min(j.relname::text) filter (where y.indnkeyatts = x.indnkeyatts),
           pg_catalog.min(j.relname::text)
    from pg_catalog.pg_index x
    join pg_catalog.pg_class i on i.oid = x.indexrelid
    join pg_catalog.pg_class t on t.oid = x.indrelid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    join pg_catalog.pg_index y on y.indrelid = x.indrelid and y.indexrelid <> x.indexrelid
    join pg_catalog.pg_class j on j.oid = y.indexrelid
    where n.nspname = any ({}::text[]) and not t.relispartition
      and x.indisvalid and y.indisvalid and not x.indisunique and not x.indisexclusion
      and i.relam = j.relam
      and x.indexprs is null and x.indpred is null and y.indexprs is null and y.indpred is null
      and x.indnatts = x.indnkeyatts
      and (y.indnkeyatts > x.indnkeyatts or (y.indnkeyatts = x.indnkeyatts and y.indisunique))
      and (y.indkey::int2[])[0:x.indnkeyatts - 1] = (x.indkey::int2[])[0:x.indnkeyatts - 1]
      and (y.indclass::oid[])[0:x.indnkeyatts - 1] = (x.indclass::oid[])[0:x.indnkeyatts - 1]
      and (y.indcollation::oid[])[0:x.indnkeyatts - 1] = (x.indcollation::oid[])[0:x.indnkeyatts - 1]
      and (y.indoption::int2[])[0:x.indnkeyatts - 1] = (x.indoption::int2[])[0:x.indnkeyatts - 1]
    group by 1, 2 order by 1, 2"""
)
_AGE = sql.SQL(
    """select extract(epoch from pg_catalog.now()
               - coalesce(stats_reset, pg_catalog.pg_postmaster_start_time()))::float8
    from pg_catalog.pg_stat_database where datname = pg_catalog.current_database()"""
)
_UNUSED = sql.SQL(
    """select pg_catalog.format('%I.%I', s.schemaname, s.relname), s.indexrelname,
           pg_catalog.pg_relation_size(s.indexrelid)
    from pg_catalog.pg_stat_user_indexes s
    join pg_catalog.pg_index x on x.indexrelid = s.indexrelid
    where s.schemaname = any ({}::text[]) and s.idx_scan = 0 and not x.indisunique and x.indisvalid
    order by 3 desc, 1, 2"""
)
LEAST_AGE_S = 7 * 86400.0
"""An index may serve the job that runs once a week."""


def duplicate(session: Session, schemas: tuple[str, ...]) -> tuple[int, tuple[Detail, ...]]:
    """How many indexes repeat another one exactly, and which; raises NotMeasured."""
    rows = session.rows(_DUPLICATE.format(sql.Literal(list(schemas))))
    details = tuple(
        Detail(f"{clean(table)}: {clean(', '.join(names[1:]))}", f"same as {clean(names[0])}", False, f"{size:,} bytes")
        for table, names, size in rows
    )
    return sum(len(names) - 1 for _, names, _ in rows), details


def redundant(session: Session, schemas: tuple[str, ...]) -> tuple[int, tuple[Detail, ...]]:
    """How many indexes are the first columns of a longer one or all of a unique one; raises NotMeasured."""
    rows = session.rows(_REDUNDANT.format(sql.Literal(list(schemas))))
    details = tuple(
        Detail(
            f"{clean(table)}: {clean(name)}",
            f"has the columns of {clean(unique)}, which is unique"
            if unique
            else f"is the beginning of {clean(longer)}",
            False,
        )
        for table, name, unique, longer in rows
    )
    return len(rows), details


def unused(session: Session, schemas: tuple[str, ...]) -> tuple[int, tuple[Detail, ...]]:
    """How many indexes no query has read since the statistics began; raises NotMeasured while those are young."""
    (age_s,) = session.rows(_AGE)[0]
    if age_s < LEAST_AGE_S:
        raise NotMeasured(
            f"the statistics are {age_s / 86400:.1f} days old; after {LEAST_AGE_S / 86400:.0f} days they tell which"
            " indexes nobody reads"
        )
    rows = session.rows(_UNUSED.format(sql.Literal(list(schemas))))
    details = tuple(
        Detail(f"{clean(table)}: {clean(name)}", "never read", False, f"{size:,} bytes") for table, name, size in rows
    )
    return len(rows), (*details, Detail("statistics", f"{age_s / 86400:,.1f} days old", None, "of this server only"))
