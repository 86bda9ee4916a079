"""B-tree indexes verified with amcheck, when asked for: reads every index whole under a lock that readers share."""

from __future__ import annotations

from psycopg import sql

from readiness.database.connect import ServerError, Session
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail
from readiness.text import clean

CORRUPTED = ("XX001", "XX002")
"""data_corrupted, index_corrupted"""
_EXTENSION = sql.SQL(
    """select n.nspname from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'amcheck'"""
)
_INDEXES = sql.SQL(
    """select i.oid::bigint, pg_catalog.format('%I.%I', n.nspname, i.relname), pg_catalog.pg_relation_size(i.oid)
    from pg_catalog.pg_index x
    join pg_catalog.pg_class i on i.oid = x.indexrelid
    join pg_catalog.pg_am m on m.oid = i.relam
    join pg_catalog.pg_namespace n on n.oid = i.relnamespace
    where n.nspname = any ({}::text[]) and m.amname = 'btree' and i.relkind = 'i' and i.relpersistence = 'p'
      and x.indisvalid and x.indisready
    order by 3, 2"""
)


def indexes(session: Session, schemas: tuple[str, ...]) -> tuple[int, tuple[Detail, ...]]:
    """How many indexes are damaged, and how; raises NotMeasured when one of them cannot be checked."""
    found = session.rows(_EXTENSION)
    if not found:
        raise NotMeasured("the extension amcheck is not in this database; create extension amcheck")
    check = sql.SQL("select {}({}::oid::regclass)")
    function = sql.Identifier(found[0][0], "bt_index_check")
    details, verified = [], 0
    for oid, name, size in session.rows(_INDEXES.format(sql.Literal(list(schemas)))):
        session.spend(size, f"verifying {clean(name)}")
        try:
            session.rows(check.format(function, sql.Literal(oid)))
            verified += 1
        except ServerError as error:
            if error.sqlstate == "42501":
                raise NotMeasured(f"{error}; grant execute on function bt_index_check(regclass) to the role") from None
            if error.sqlstate not in CORRUPTED:
                raise NotMeasured(f"{clean(name)}: {error}") from None
            details.append(Detail(clean(name), "damaged", False, str(error)))
    return len(details), (*details, Detail("indexes", f"{verified:,} without a flaw", None))
