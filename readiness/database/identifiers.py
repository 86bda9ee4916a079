"""Tables as the user wrote them -> identifiers, and what a scan of them would read."""

from __future__ import annotations

from psycopg import sql

from readiness.database.connect import Session
from readiness.database.reads import bytes_to_read
from readiness.errors import NotMeasured

_BYTES = sql.SQL(
    """with recursive part as (
        select pg_catalog.to_regclass({name})::oid as oid
        union select i.inhrelid from pg_catalog.pg_inherits i join part on i.inhparent = part.oid
    ) select coalesce(pg_catalog.sum(pg_catalog.pg_table_size(part.oid)), 0)::bigint,
             coalesce(pg_catalog.bool_or(c.relkind = 'v'), false) from part
      join pg_catalog.pg_class c on c.oid = part.oid and c.relkind in ('r', 'm', 'p', 'v')"""
)


def split_name(table: str) -> tuple[str, ...]:
    """`schema.table` into its parts, taken as written; double quotes keep a dot. Raises NotMeasured."""
    parts, part, quoted = [], "", False
    for character in table.replace('""', "\0"):
        if character == '"':
            quoted = not quoted
        elif character == "." and not quoted:
            parts.append(part)
            part = ""
        else:
            part += '"' if character == "\0" else character
    parts.append(part)
    if quoted or len(parts) > 2 or not all(parts):
        raise NotMeasured('the table must be written as table, schema.table or "quoted.table"')
    return tuple(parts)


def identifier(table: str) -> sql.Identifier:
    """The table for use in SQL; raises NotMeasured."""
    return sql.Identifier(*split_name(table))


def table_bytes(session: Session, table: sql.Identifier) -> int:
    """Bytes of the table and the tables below it, or of what a view reads; raises NotMeasured.

    0 for one that does not exist, which the scan then says.
    """
    name = sql.Literal(table.as_string(session.connection))
    size, is_view = session.rows(_BYTES.format(name=name))[0]
    if is_view:
        return bytes_to_read(session, sql.SQL("select * from {}").format(table).as_bytes(session.connection))
    return int(size)
