"""Foreign keys and checks that the server does not vouch for, tables without a primary key, disabled triggers."""

from __future__ import annotations

from psycopg import sql

from readiness.database.connect import Session
from readiness.measurements.run import Detail
from readiness.text import clean

_NOT_ENFORCED_SINCE = 180000
"""The server version that added NOT ENFORCED and NOT NULL as a constraint that may be NOT VALID."""
_Fact = tuple[int, tuple[Detail, ...]]
_CHECKS = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, c.relname), k.conname, {enforced}
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where k.contype in ('c', 'n') and k.coninhcount = 0 and n.nspname = any ({schemas}::text[])
      and not (k.convalidated and {enforced})
    order by 1, 2"""
)
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
_WITHOUT_KEY = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.count(*) filter (where keyed) over (),
           pg_catalog.count(*) over (), keyed
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    cross join lateral (select exists (
        select from pg_catalog.pg_index x where x.indrelid = c.oid and x.indisprimary) as keyed) k
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any ({}::text[])
    order by keyed, 1 limit 200"""
)
_TRIGGERS = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, c.relname), t.tgname
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and t.tgenabled = 'D' and n.nspname = any ({}::text[])
    order by 1, 2"""
)


def unvalidated(session: Session, schemas: tuple[str, ...]) -> _Fact:
    """How many CHECK and NOT NULL constraints do not guarantee their rows, and each of them; raises NotMeasured."""
    rows = session.rows(_CHECKS.format(enforced=_enforced(session), schemas=sql.Literal(list(schemas))))
    details = tuple(
        Detail(f"{clean(table)}: {clean(name)}", "NOT VALID" if is_enforced else "NOT ENFORCED", False)
        for table, name, is_enforced in rows
    )
    return len(rows), details


def without_primary_key(session: Session, schemas: tuple[str, ...]) -> _Fact:
    """How many tables have no primary key, and which; raises NotMeasured."""
    rows = session.rows(_WITHOUT_KEY.format(sql.Literal(list(schemas))))
    details = tuple(Detail(clean(table), "no primary key", False) for table, _, _, keyed in rows if not keyed)
    keyed, total = rows[0][1:3] if rows else (0, 0)
    return total - keyed, (*details, Detail("tables", f"{total:,}", None))


def disabled_triggers(session: Session, schemas: tuple[str, ...]) -> _Fact:
    """How many triggers of the users are disabled, and which; raises NotMeasured."""
    rows = session.rows(_TRIGGERS.format(sql.Literal(list(schemas))))
    return len(rows), tuple(Detail(f"{clean(table)}: {clean(name)}", "disabled", False) for table, name in rows)


def unvalidated_keys(session: Session, schemas: tuple[str, ...]) -> _Fact:
    """How many foreign keys do not guarantee their rows, and each of them; raises NotMeasured."""
    rows = session.rows(_KEYS.format(enforced=_enforced(session), schemas=sql.Literal(list(schemas))))
    details = []
    for table, name, is_validated, is_enforced, is_disabled in rows:
        flaws = ["NOT ENFORCED"] if not is_enforced else ["NOT VALID"] if not is_validated else []
        flaws += ["triggers disabled"] if is_disabled else []
        if flaws:
            details.append(Detail(f"{clean(table)}: {clean(name)}", ", ".join(flaws), False))
    return len(details), (*details, Detail("foreign keys", f"{len(rows):,} declared", None))


def keys_without_index(session: Session, schemas: tuple[str, ...]) -> _Fact:
    """How many foreign keys have no index that begins with their columns, and which; raises NotMeasured."""
    rows = session.rows(_WITHOUT_INDEX.format(sql.Literal(list(schemas))))
    details = tuple(
        Detail(f"{clean(table)}: {clean(name)}", "no index on its columns", False, clean(definition))
        for table, name, definition in rows
    )
    return len(rows), details


def _enforced(session: Session) -> sql.SQL:
    """Whether a constraint is enforced, as this server can say it."""
    return sql.SQL("k.conenforced" if session.connection.info.server_version >= _NOT_ENFORCED_SINCE else "true")
