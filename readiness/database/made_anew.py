"""Whether a scratch database was made, and its tables filled, after a certain moment.

The server's own numbers say it where it ran all the time: a database that was not there has a new number, a table that
was filled anew has a new file. A server that was started, or changed for another, meanwhile could bring old rows along
under any numbers. There the file system has to say when the folder of the database was made.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from psycopg import sql

from readiness.database.before_load import identity
from readiness.database.connect import Session, open_read_only
from readiness.errors import NotMeasured

_STARTED = b"select pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time())::text"
_DATABASES = b"select oid::text from pg_catalog.pg_database"
_FILLED = """select c.oid::text || '/' || pg_catalog.pg_relation_filenode(c.oid)::text, n.nspname
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
      and pg_catalog.pg_relation_size(c.oid) > 0
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')"""
_MAY_ASK = b"select pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text)', 'execute')"
# PG_VERSION is written with the folder of a database and never again. Not its time of modification, which a program
# that copies files keeps: the time of its last change of any kind, which none can set. By the server's own clock.
_IS_NEW = """select coalesce(f.change, f.creation) > pg_catalog.clock_timestamp() - {} * interval '1 second'
    from pg_catalog.pg_stat_file(pg_catalog.regexp_replace(
        pg_catalog.pg_relation_filepath('pg_catalog.pg_class'), '[^/]*$', 'PG_VERSION')) f"""
_ROUNDING_S = 2.0
"""File times come in whole seconds."""
_ALWAYS_THERE = ("postgres", "template1")
_OTHER = "was not the one that answered before the command, or none did"


@dataclass(frozen=True, slots=True)
class ScratchBefore:
    """What a scratch server held at a moment."""

    at_s: float
    """Of time.monotonic."""
    server: tuple[str, str] | None = None
    """When it was started, and which cluster it is; None where no server answered."""
    databases: frozenset[str] = frozenset()
    filled: frozenset[str] | None = None
    """Files of the tables in the scratch database that held something; None where it was not there by its name."""


def server_before(url: str, timeout_s: float) -> ScratchBefore:
    """What there is now. A database that is not there yet is asked for by its neighbours. Raises ConfigError."""
    at_s = time.monotonic()
    for name in ("", *_ALWAYS_THERE):
        # libpq lets the last one win, also over the one in the path
        other = f"{url}{'&' if '?' in url else '?'}dbname={name}" if name else url
        try:
            with open_read_only(other, timeout_s=timeout_s) as session:
                filled = None if name else frozenset(file for file, _ in filled_tables(session))
                databases = frozenset(str(number) for (number,) in session.rows(_DATABASES))
                return ScratchBefore(at_s, _server(session), databases, filled)
        except NotMeasured:
            continue
    return ScratchBefore(at_s)


def filled_tables(session: Session) -> tuple[tuple[str, str], ...]:
    """(file, schema) of each table with something in it: a table that is made or filled anew has another file."""
    database = identity(session)
    return tuple((f"{database}/{file}", str(schema)) for file, schema in session.rows(_FILLED.encode()))


def refuse_old(session: Session, before: ScratchBefore, now: frozenset[str]) -> None:
    """Raise NotMeasured where the tables with the files `now` need not have been filled after `before`."""
    if before.server != _server(session):
        _refuse_old_folder(session, time.monotonic() - before.at_s)
        return
    number = identity(session).rpartition("/")[2]
    if number not in before.databases:
        return
    if before.filled is None:
        raise NotMeasured(
            "the scratch database was there before the command, by another name or closed to its role, so its rows "
            "may be old; let the command make the database anew"
        )
    if old := len(now & before.filled):
        raise NotMeasured(
            f"the scratch database held {old:,} of its tables before the restore already, so nothing shows that this "
            "restore brought them; let `undo` drop the database, or the command begin with that"
        )


def _server(session: Session) -> tuple[str, str]:
    ((started,),) = session.rows(_STARTED)
    return str(started), identity(session).rpartition("/")[0]


def _refuse_old_folder(session: Session, since_s: float) -> None:
    ((may,),) = session.rows(_MAY_ASK)
    if may is not True:
        raise NotMeasured(
            f"the server of the scratch database {_OTHER}, and its role may not ask when its files were made, so its "
            "rows may be old; let the server run before the command, or grant execute on function "
            "pg_catalog.pg_stat_file(text)"
        )
    ((new,),) = session.rows(sql.SQL(_IS_NEW).format(sql.Literal(since_s + _ROUNDING_S)))
    if new is not True:
        raise NotMeasured(
            f"the server of the scratch database {_OTHER}, and the folder of that database is older than the command, "
            "so its rows may be old; restore into an empty folder, or make the database anew"
        )
