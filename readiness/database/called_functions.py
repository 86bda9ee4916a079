"""The functions that SQL of thresholds.yaml calls, by the server's own parse of it, and which of them it may not.

A read-only transaction stops writes to tables, and no more: a plain select can write WAL, send data to another host,
read files, hold locks, signal sessions, or run as the owner of a function. A name can be spelled in many ways, so the
text is not read: the server is asked for its parse tree (`debug_print_parse`), which holds every function's oid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from psycopg import pq, sql

from readiness.database import round_trip, session_settings
from readiness.database.connect import OURS_S, Session
from readiness.errors import NotMeasured
from readiness.text import clean

_OID = re.compile(r":(?:\w*funcid|aggfnoid|winfnoid)\s+([0-9]{1,10})\b", re.ASCII)  # the server breaks lines at spaces
_SHOWING = {"debug_print_parse": "on", "debug_pretty_print": "off", "client_min_messages": "log"}
_HARMLESS = (
    "clock_timestamp", "currval", "gen_random_uuid", "lastval", "pg_blocking_pids", "pg_current_wal_flush_lsn",
    "pg_current_wal_insert_lsn", "pg_current_wal_lsn", "pg_database_size", "pg_get_sequence_data", "pg_indexes_size",
    "pg_is_in_recovery", "pg_is_wal_replay_paused", "pg_last_wal_receive_lsn", "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp", "pg_lock_status", "pg_notification_queue_usage", "pg_partition_ancestors",
    "pg_partition_tree", "pg_prepared_xact", "pg_relation_size", "pg_sequence_last_value", "pg_sleep", "pg_sleep_for",
    "pg_sleep_until", "pg_table_size", "pg_tablespace_size", "pg_total_relation_size", "pg_xact_commit_timestamp",
    "random", "random_normal", "timeofday", "txid_status", "uuidv4", "uuidv7",
)  # fmt: skip
"""The server's own volatile functions that leave nothing behind; the size of a table is one."""
_STABLE_BUT = ("pg_current_xact_id", "txid_current")
"""Take a transaction id."""
_RUN_TEXT = ("tablefunc", "xml2", "dblink")
"""Extensions whose functions run SQL that they get as text, some of them called stable."""
_FORBIDDEN = sql.SQL(
    """select p.oid::regprocedure::text,
           case when p.prosecdef then 'runs with the rights of its owner (SECURITY DEFINER)'
                when e.extname is not null then 'belongs to the extension ' || e.extname
                when p.oid < 16384 then 'does more than read'
                else 'is VOLATILE; where it only reads, alter it to STABLE' end
    from pg_catalog.pg_proc p
    left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
         and d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::regclass
    left join pg_catalog.pg_extension e on e.oid = d.refobjid
    where (p.oid = any ({called}::oid[]) or p.oid in (
        select pg_catalog.unnest(array[aggtransfn, aggfinalfn, aggcombinefn, aggmtransfn, aggminvtransfn, aggmfinalfn,
                                       aggserialfn, aggdeserialfn]::oid[])
        from pg_catalog.pg_aggregate where aggfnoid = any ({called}::oid[])))
      and (p.prosecdef or e.extname = any ({text}::text[])
           or (p.provolatile = 'v' and not (p.oid < 16384 and p.proname = any ({harmless}::text[])))
           or (p.oid < 16384 and p.proname = any ({but}::text[])))
    order by 1 limit 1"""
)


def check(session: Session, oids: Iterable[int] | None) -> None:
    """Raise NotMeasured when one of the functions does more than read, with its name, or when nobody knows them."""
    if session.any_function:
        return
    if oids is None:
        raise NotMeasured("the server did not say which functions it calls (debug_print_parse), so it was not run")
    query = _FORBIDDEN.format(
        called=sql.Literal(sorted(oids)),
        text=sql.Literal(list(_RUN_TEXT)),
        harmless=sql.Literal(list(_HARMLESS)),
        but=sql.Literal(list(_STABLE_BUT)),
    )
    for name, why in session.rows(query):
        raise NotMeasured(f"calls {clean(name)}, which {clean(why)}; a query may only call what reads")


def parsed(session: Session, text: str) -> tuple[pq.abc.PGresult, frozenset[int] | None]:
    """The description of one statement, which runs nothing, and the oids of what it calls; raises ServerError.

    None in the place of the oids: the server showed no parse tree.
    """
    trees: list[str] = []

    def keep(notice: object) -> None:
        trees.append(str(getattr(notice, "message_detail", "") or ""))

    connection = session.connection
    with session.guarded() as limit_s:
        query = text.encode()
        was = round_trip.row(connection, session_settings.reading(tuple(_SHOWING)), OURS_S)
        round_trip.simple(connection, session_settings.setting(_SHOWING), OURS_S)
        connection.add_notice_handler(keep)
        try:
            round_trip.exchange(connection, lambda pgconn: pgconn.send_prepare(b"", query), limit_s)
        finally:
            connection.remove_notice_handler(keep)
        (answer,) = round_trip.exchange(connection, lambda pgconn: pgconn.send_describe_prepared(b""), limit_s)
        back = {name: str(value) for name, value in zip(_SHOWING, was, strict=True)}
        round_trip.simple(connection, session_settings.setting(back), OURS_S)
    if not any("QUERY" in tree for tree in trees):
        return answer, None
    return answer, frozenset(int(oid) for tree in trees for oid in _OID.findall(tree))
