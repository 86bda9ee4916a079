"""Foreign keys that the server does not vouch for."""

from __future__ import annotations

from psycopg import sql

from readiness.database.connect import Session
from readiness.measurements.run import Detail
from readiness.text import clean

_NOT_ENFORCED_SINCE = 180000
"""The server version that added NOT ENFORCED (`pg_constraint.conenforced`)."""
# A key of a partitioned table has one constraint per partition below it; it is as good as its worst one.
_KEYS = sql.SQL(
    """with recursive key as (
        select k.oid as root, k.oid, k.convalidated, {enforced} as enforced
        from pg_catalog.pg_constraint k
        join pg_catalog.pg_class c on c.oid = k.conrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where k.contype = 'f' and k.conparentid = 0 and n.nspname = any ({schemas}::text[])
        union all
        select key.root, k.oid, k.convalidated, {enforced}
        from pg_catalog.pg_constraint k join key on k.conparentid = key.oid and k.contype = 'f'
    ), state as (
        select key.root, pg_catalog.bool_and(key.convalidated) as validated,
               pg_catalog.bool_and(key.enforced) as enforced,
               coalesce(pg_catalog.bool_or(t.tgenabled in ('D', 'R')), false) as disabled
        from key left join pg_catalog.pg_trigger t on t.tgconstraint = key.oid
        group by key.root
    )
    select pg_catalog.format('%I.%I', n.nspname, c.relname), k.conname, s.validated, s.enforced, s.disabled
    from state s
    join pg_catalog.pg_constraint k on k.oid = s.root
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    order by 1, 2"""
)


def unvalidated(session: Session, schemas: tuple[str, ...]) -> tuple[int, tuple[Detail, ...]]:
    """How many foreign keys do not guarantee their rows, and each of them; raises NotMeasured."""
    knows_enforced = session.connection.info.server_version >= _NOT_ENFORCED_SINCE
    enforced = sql.SQL("k.conenforced") if knows_enforced else sql.SQL("true")
    rows = session.rows(_KEYS.format(enforced=enforced, schemas=sql.Literal(list(schemas))))
    details = []
    for table, name, is_validated, is_enforced, is_disabled in rows:
        flaws = []
        if not is_enforced:
            flaws.append("NOT ENFORCED")
        elif not is_validated:
            flaws.append("NOT VALID")
        if is_disabled:
            flaws.append("triggers disabled")
        if flaws:
            details.append(Detail(f"{clean(table)}: {clean(name)}", ", ".join(flaws), False))
    summary = Detail("foreign keys", f"{len(rows):,} declared", None)
    return len(details), (*details, summary)


_WITHOUT_INDEX = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, c.relname), k.conname, pg_catalog.pg_get_constraintdef(k.oid)
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where k.contype = 'f' and k.conparentid = 0 and n.nspname = any ({}::text[])
      and not exists (
        select from pg_catalog.pg_index x
        where x.indrelid = k.conrelid and x.indisvalid and x.indpred is null
          and (x.indkey::int2[])[0:pg_catalog.cardinality(k.conkey) - 1] operator(pg_catalog.@>) k.conkey)
    order by 1, 2"""
)


def without_index(session: Session, schemas: tuple[str, ...]) -> tuple[int, tuple[Detail, ...]]:
    """How many foreign keys have no index that begins with their columns, and which; raises NotMeasured."""
    rows = session.rows(_WITHOUT_INDEX.format(sql.Literal(list(schemas))))
    details = tuple(
        Detail(f"{clean(table)}: {clean(name)}", "no index on its columns", False, clean(definition))
        for table, name, definition in rows
    )
    return len(rows), details
