"""Rows that point at a row that does not exist, counted exactly below every declared foreign key."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from readiness.database.connect import Session
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail
from readiness.text import clean

PERIOD_SINCE = 180000
"""The server version that added temporal keys (`pg_constraint.conperiod`)."""
_KEYS = sql.SQL(
    """select k.conname, n.nspname, c.relname, c.relkind = 'r', pn.nspname, p.relname, p.relkind = 'r',
           k.confmatchtype = 'f', {period},
           array(select a.attname::text from pg_catalog.unnest(k.conkey) with ordinality u(number, place)
                 join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number
                 order by u.place),
           array(select a.attname::text from pg_catalog.unnest(k.confkey) with ordinality u(number, place)
                 join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number
                 order by u.place),
           array(select pg_catalog.format('operator(%I.%s)', opn.nspname, o.oprname)
                 from pg_catalog.unnest(k.conpfeqop) with ordinality u(operator, place)
                 join pg_catalog.pg_operator o on o.oid = u.operator
                 join pg_catalog.pg_namespace opn on opn.oid = o.oprnamespace
                 order by u.place)
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class p on p.oid = k.confrelid
    join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
    where k.contype = 'f' and k.conparentid = 0 and n.nspname = any ({schemas}::text[])
    order by n.nspname, c.relname, k.conname"""
)


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    child_schema: str
    child: str
    child_only: bool
    """A plain table: the key does not bind the tables that inherit from it."""
    parent_schema: str
    parent: str
    parent_only: bool
    match_full: bool
    temporal: bool
    columns: list[str]
    parent_columns: list[str]
    operators: list[str]
    """The key's own equality operators, parent on the left."""


def orphans(session: Session, schemas: tuple[str, ...]) -> tuple[int, tuple[Detail, ...]]:
    """How many rows of the schemas are orphans, and how many below each key; raises NotMeasured.

    One key that cannot be counted (no privilege, row security) leaves no value for the whole.
    """
    has_period = session.connection.info.server_version >= PERIOD_SINCE
    period = sql.SQL("k.conperiod") if has_period else sql.SQL("false")
    keys = [_Key(*row) for row in session.rows(_KEYS.format(period=period, schemas=sql.Literal(list(schemas))))]
    total, details = 0, []
    for key in keys:
        subject = f"{clean(key.child_schema)}.{clean(key.child)}: {clean(key.name)}"
        if key.temporal:
            raise NotMeasured(f"{subject}: a key over a PERIOD cannot be counted yet")
        try:
            found = session.rows(_query(key))[0][0]
        except NotMeasured as error:
            raise NotMeasured(f"{subject}: {error}") from None
        total += found
        details.append(Detail(subject, f"{found:,}", found == 0))
    return total, (*details, Detail("foreign keys", f"{len(keys):,} counted", None))


def _query(key: _Key) -> sql.Composed:
    """MATCH SIMPLE exempts a row with any NULL in the key; MATCH FULL only a row with nothing but NULL."""
    columns = [sql.Identifier("c", column) for column in key.columns]
    same = sql.SQL(" and ").join(
        sql.SQL("{} {} {}").format(sql.Identifier("p", theirs), sql.SQL(operator), ours)
        for theirs, operator, ours in zip(key.parent_columns, key.operators, columns, strict=True)
    )
    join = sql.SQL(" or ") if key.match_full else sql.SQL(" and ")
    bound = join.join(sql.SQL("{} is not null").format(column) for column in columns)
    return sql.SQL(
        "select pg_catalog.count(*) from {child_only} {child} c where ({bound}) "
        "and not exists (select from {parent_only} {parent} p where {same})"
    ).format(
        child_only=sql.SQL("only" if key.child_only else ""),
        child=sql.Identifier(key.child_schema, key.child),
        bound=bound,
        parent_only=sql.SQL("only" if key.parent_only else ""),
        parent=sql.Identifier(key.parent_schema, key.parent),
        same=same,
    )
