"""Checks that the server does not vouch for, tables without a primary key, triggers that are switched off."""

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
    knows = session.connection.info.server_version >= _NOT_ENFORCED_SINCE
    enforced = sql.SQL("k.conenforced" if knows else "true")
    rows = session.rows(_CHECKS.format(enforced=enforced, schemas=sql.Literal(list(schemas))))
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
