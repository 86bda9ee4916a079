"""Numbers that run out: sequences near the end of their column, transaction ids near wraparound."""

from __future__ import annotations

from psycopg import sql

from readiness.database.connect import Session
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail
from readiness.text import clean

WRAPAROUND = 2**31
_SHOWN = 5
# A sequence belongs to a column by ownership (serial, identity) or by the column's default; one that the service itself
# asks belongs to none. Its end is its own maximum or that of the column's type, whichever comes first: a bigint
# sequence behind an integer column is the classic.
_SEQUENCES = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, c.relname),
           pg_catalog.min(case when a.attname is not null then pg_catalog.format('%I.%I', t.relname, a.attname) end),
           pg_catalog.bool_or(pg_catalog.has_sequence_privilege(c.oid, 'SELECT')),
           pg_catalog.min(v.last_value)::numeric,
           least(pg_catalog.min(s.seqmax), pg_catalog.min(case a.atttypid when 'int2'::regtype then 32767
               when 'int4'::regtype then 2147483647 else 9223372036854775807 end))::numeric
    from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_sequences v on v.schemaname = n.nspname and v.sequencename = c.relname
    left join (
        select d.objid as sequence, d.refobjid as tableoid, d.refobjsubid as number from pg_catalog.pg_depend d
        where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
        union all
        select d.refobjid, f.adrelid, f.adnum from pg_catalog.pg_depend d
        join pg_catalog.pg_attrdef f on d.classid = 'pg_attrdef'::regclass and d.objid = f.oid
        where d.refclassid = 'pg_class'::regclass
    ) o on o.sequence = c.oid
    left join pg_catalog.pg_class t on t.oid = o.tableoid
    left join pg_catalog.pg_attribute a on a.attrelid = o.tableoid and a.attnum = o.number
    where n.nspname = any ({}::text[]) and not s.seqcycle and s.seqincrement > 0
    group by 1"""
)
_AGES = sql.SQL(
    """select pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid),
           pg_catalog.current_setting('autovacuum_freeze_max_age')::bigint
    from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()"""
)


def sequences(session: Session, schemas: tuple[str, ...]) -> tuple[float, tuple[Detail, ...]]:
    """Per cent of the numbers that the fullest sequence has used, and the fullest ones; raises NotMeasured."""
    rows = session.rows(_SEQUENCES.format(sql.Literal(list(schemas))))
    hidden = [clean(name) for name, _, visible, *_ in rows if not visible]
    if hidden:
        more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
        raise NotMeasured(f"no privilege on the sequence {hidden[0]}{more}; grant select on all sequences to the role")
    used = sorted(
        ((100 * float(last or 0) / float(end), name, column, last, end) for name, column, _, last, end in rows),
        key=lambda one: one[:2],
        reverse=True,
    )
    details = tuple(
        Detail(
            f"{clean(name)} for {clean(column)}" if column else clean(name),
            f"{share:.2f} %",
            None,
            f"{int(last or 0):,} of {int(end):,}",
        )
        for share, name, column, last, end in used[:_SHOWN]
    )
    return (used[0][0] if used else 0.0), (*details, Detail("sequences", f"{len(rows):,}", None))


def transaction_ids(session: Session, schemas: tuple[str, ...]) -> tuple[float, tuple[Detail, ...]]:
    """Per cent of the way to wraparound, of transaction or multixact ids; raises NotMeasured."""
    del schemas  # it is a property of the database
    age, multixact_age, freeze = session.rows(_AGES)[0]
    details = (
        Detail("transaction ids", f"{age:,} old", None, f"vacuum to prevent wraparound begins at {freeze:,}"),
        Detail("multixact ids", f"{multixact_age:,} old", None),
    )
    return 100 * max(age, multixact_age) / WRAPAROUND, details
