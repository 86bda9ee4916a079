"""What a statement would read, by the server's plan of it: announced before it runs (`database.max_scan`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from psycopg import sql

from readiness.database.connect import Session

_BLOCK = 8192
_WHOLE = ("Seq Scan", "Sample Scan")
_INDEXED = ("Index Scan", "Index Only Scan")
_BYTES = sql.SQL(
    """select n.nspname, c.relname,
           case when c.relkind = 'i' then pg_catalog.pg_relation_size(c.oid) else pg_catalog.pg_table_size(c.oid) end
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where (n.nspname, c.relname) in ({})"""
)


def bytes_to_read(session: Session, statement: bytes) -> int:
    """Bytes of tables and indexes that the plan reads; raises NotMeasured.

    What is scanned without a condition counts whole, what is found by an index as a block for each row expected.
    """
    plan = session.rows(b"explain (verbose, format json) " + statement)[0][0]
    parts = plan if isinstance(plan, list) else json.loads(plan)
    reads = {read for part in parts for read in _reads(part["Plan"])}
    if not reads:
        return 0
    names = [sql.SQL("({}, {})").format(sql.Literal(schema), sql.Literal(name)) for schema, name, _ in sorted(reads)]
    sizes = {(schema, name): int(size) for schema, name, size in session.rows(_BYTES.format(sql.SQL(", ").join(names)))}
    most: dict[tuple[str, str], int] = {}
    for schema, name, limit in reads:
        size = sizes.get((schema, name), 0)
        most[schema, name] = max(most.get((schema, name), 0), size if limit < 0 else min(size, limit))
    return sum(most.values())


def _reads(node: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    """(schema, relation, bytes at most; -1 for all of it) of the node and all below it."""
    kind, schema = str(node.get("Node Type")).removeprefix("Parallel "), str(node.get("Schema", ""))
    if "Relation Name" in node:
        table, found = str(node["Relation Name"]), _BLOCK * int(node.get("Plan Rows", 0))
        whole = kind in _WHOLE or (kind in _INDEXED and "Index Cond" not in node)
        if kind != "Index Only Scan":
            yield schema, table, -1 if whole else found
        if "Index Name" in node:
            yield schema, str(node["Index Name"]), -1 if whole else found
    for child in node.get("Plans", ()):
        yield from _reads(child)
