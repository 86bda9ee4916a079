"""Whether the sequences of a restored database go on beyond the rows of the columns that own them.

A dump of the data alone, or a restore that leaves `SEQUENCE SET` out, brings every row back, and the first inserts of
the service fail on numbers that are there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from psycopg import sql

from readiness.database.connect import Session
from readiness.database.identifiers import table_bytes
from readiness.errors import NotMeasured
from readiness.text import clean

# One that begins anew at its end meets old rows by intent.
_OWNED = sql.SQL(
    """select n.nspname, c.relname, tn.nspname, t.relname, a.attname, s.seqincrement, exists (
           select from pg_catalog.pg_index x join pg_catalog.pg_class i on i.oid = x.indexrelid
           join pg_catalog.pg_am m on m.oid = i.relam and m.amname = 'btree'
           where x.indrelid = t.oid and x.indkey[0] = a.attnum and x.indisvalid and x.indpred is null
       ) and (t.relkind = 'p' or not t.relhassubclass)
    from pg_catalog.pg_depend d
    join pg_catalog.pg_sequence s on s.seqrelid = d.objid and not s.seqcycle
    join pg_catalog.pg_class c on c.oid = d.objid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class t on t.oid = d.refobjid
    join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace and tn.nspname = any ({}::text[])
    join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
    join pg_catalog.pg_type y on y.oid = a.atttypid
    where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
      and d.deptype in ('a', 'i') and coalesce(nullif(y.typbasetype, 0), y.oid)::regtype in ('int2', 'int4', 'int8')
    order by 1, 2"""
)
_POSITION = sql.SQL(
    "select s.last_value, s.is_called, (select {furthest}(t.{column}) from {table} t) from {sequence} s"
)


@dataclass(frozen=True, slots=True)
class OwnedSequence:
    """A sequence and the column that it gives numbers to."""

    schema: str
    name: str
    table_schema: str
    table: str
    column: str
    increment: int
    indexed: bool
    """Whether an index knows the largest number of the column."""

    @property
    def subject(self) -> str:
        """For a reader."""
        return f"sequence {clean(self.schema)}.{clean(self.name)}"

    @property
    def place(self) -> str:
        """Its column, for a reader."""
        return f"{clean(self.table)}.{clean(self.column)}"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a sequence stands beside its column."""

    next_value: int
    furthest: int | None
    """The largest number of the column; of a descending sequence the smallest. None where it has none."""
    behind: bool
    """Whether the next value, or one after it, may be there already."""
    as_in_service: bool = False
    """Whether the service's own sequence is behind its column too."""


def owned_sequences(session: Session, schemas: tuple[str, ...]) -> tuple[OwnedSequence, ...]:
    """Those of whole numbers that do not begin anew; raises NotMeasured."""
    return tuple(OwnedSequence(*row) for row in session.rows(_OWNED.format(sql.Literal(list(schemas)))))


def position(session: Session, one: OwnedSequence) -> Position | str:
    """Where it stands, or why nobody knows."""
    table = sql.Identifier(one.table_schema, one.table)
    query = _POSITION.format(
        furthest=sql.SQL("pg_catalog.max" if one.increment > 0 else "pg_catalog.min"),
        column=sql.Identifier(one.column),
        table=table,
        sequence=sql.Identifier(one.schema, one.name),
    )
    try:
        if not one.indexed:
            session.spend(table_bytes(session, table), f"the search for the last number in {one.place}")
        ((last, called, furthest),) = session.rows(query)
    except NotMeasured as error:
        return str(error)
    next_value = int(last) + one.increment * bool(called)
    if furthest is None:
        return Position(next_value, None, behind=False)
    left = int(furthest) - next_value
    return Position(next_value, int(furthest), behind=left >= 0 if one.increment > 0 else left <= 0)


def compared(service: Session, found: Mapping[OwnedSequence, Position | str]) -> Mapping[OwnedSequence, Position | str]:
    """The same, and which of them are behind in the service's database too: there the restore is not at fault."""
    return {one: _beside(service, one, stands) for one, stands in found.items()}


def _beside(service: Session, one: OwnedSequence, restored: Position | str) -> Position | str:
    if isinstance(restored, str) or not restored.behind:
        return restored
    own = position(service, one)
    return replace(restored, as_in_service=not isinstance(own, str) and own.behind)
