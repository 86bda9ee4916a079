"""Rows that point at a row that does not exist, counted exactly below every declared foreign key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from psycopg import sql

from readiness.config.model import Relation
from readiness.database.connect import Session
from readiness.database.identifiers import split_name, table_bytes
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
class Key:
    """A relation between two tables, declared or not."""

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

    @property
    def subject(self) -> str:
        """For a reader."""
        table = f"{clean(self.child_schema)}.{clean(self.child)}" if self.child_schema else clean(self.child)
        return f"{table}: {clean(self.name)}"


def keys(session: Session, schemas: tuple[str, ...], relations: Mapping[str, Relation]) -> list[Key]:
    """Every declared foreign key of the schemas and every relation that thresholds.yaml names; raises NotMeasured."""
    has_period = session.connection.info.server_version >= PERIOD_SINCE
    period = sql.SQL("k.conperiod") if has_period else sql.SQL("false")
    declared = [Key(*row) for row in session.rows(_KEYS.format(period=period, schemas=sql.Literal(list(schemas))))]
    return declared + [_undeclared(name, relation) for name, relation in relations.items()]


def _undeclared(name: str, relation: Relation) -> Key:
    try:
        child, parent = split_name(relation.table), split_name(relation.references)
    except NotMeasured as error:
        raise NotMeasured(f"relation {name} (line {relation.line}): {error}") from None
    equal = "operator(pg_catalog.=)"
    return Key(
        f"relation {name} (line {relation.line})",
        "" if len(child) == 1 else child[0],
        child[-1],
        False,
        "" if len(parent) == 1 else parent[0],
        parent[-1],
        False,
        False,
        False,
        list(relation.columns),
        list(relation.keys),
        [equal] * len(relation.columns),
    )


def count(session: Session, key: Key) -> int | str:
    """Rows below one key without their parent, or why nobody knows."""
    if key.temporal:
        return f"{key.subject}: a key over a PERIOD cannot be counted yet"
    try:
        session.spend(bytes_to_read(session, key), "its two tables")
        return int(session.rows(_query(key))[0][0])
    except NotMeasured as error:
        return f"{key.subject}: {error}"


def counts(
    session: Session, schemas: tuple[str, ...], relations: Mapping[str, Relation]
) -> Mapping[str, Fraction | str]:
    """Rows below each key, by its subject, as numbers from before the load are kept; none where no key is known."""
    try:
        found = [(key.subject, count(session, key)) for key in keys(session, schemas, relations)]
    except NotMeasured:
        return {}
    return {subject: number if isinstance(number, str) else Fraction(number) for subject, number in found}


def bytes_to_read(session: Session, key: Key) -> int:
    """Bytes of both tables; raises NotMeasured."""
    return table_bytes(session, _table(key.child_schema, key.child)) + table_bytes(
        session, _table(key.parent_schema, key.parent)
    )


def summary(
    found: Sequence[tuple[Key, int | str]], before: Mapping[str, Fraction | str]
) -> tuple[int, tuple[Detail, ...]]:
    """The sum, and how many below each key; beside those that are there, how many of them the time of the load made.

    One key that could not be counted (no privilege, row security) leaves no value for the whole, and without any key
    no row was compared: raises NotMeasured.
    """
    if not found:
        raise NotMeasured(
            "no row was compared, because the schemas have no foreign key and the file no relation: name under "
            "database.relations which columns point to another table, or declare the check not_applicable"
        )
    details = []
    total = 0
    for key, number in found:
        if isinstance(number, str):
            raise NotMeasured(number)
        total += number
        details.append(Detail(key.subject, f"{number:,}", number == 0, _since(number, before.get(key.subject))))
    details.sort(key=lambda detail: detail.ok is not False)
    return total, (*details, Detail("relations", f"{len(found):,} counted", None))


def _since(number: int, before: Fraction | str | None) -> str:
    """Whose doing they are, where that is known."""
    if not number or not isinstance(before, Fraction):
        return ""
    more = number - int(before)
    return f"{more if more > 0 else 'no'} more than before the load"


def _table(schema: str, table: str) -> sql.Identifier:
    return sql.Identifier(schema, table) if schema else sql.Identifier(table)


def _query(key: Key) -> sql.Composed:
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
        child=_table(key.child_schema, key.child),
        bound=bound,
        parent_only=sql.SQL("only" if key.parent_only else ""),
        parent=_table(key.parent_schema, key.parent),
        same=same,
    )
