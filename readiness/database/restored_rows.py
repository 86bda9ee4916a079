"""A restored backup beside the service's database: whether they are two, and the rows and the schema of both."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fractions import Fraction

from psycopg import sql

from readiness.config.database import ACKNOWLEDGED, CHANGE
from readiness.config.model import Check, Database
from readiness.database.address import place
from readiness.database.before_load import identity
from readiness.database.connect import Budget, Session, open_read_only
from readiness.database.data import DataFound
from readiness.database.entry import DATABASE_VARIABLE, RESTORE_VARIABLE
from readiness.database.fact_names import ORPHANS
from readiness.database.identifiers import identifier
from readiness.database.schema import lines
from readiness.database.schema.drift import SchemaChange, compare
from readiness.database.snapshot import CATALOGUE_FACTS, DAMAGED, SnapshotRequest, before_load, take
from readiness.errors import ConfigError, NotMeasured
from readiness.measurements.run import Measurement

_OF_STATISTICS = {"database.indexes.unused", "database.transaction_ids.used"}
"""What a database that was made a moment ago cannot know."""
_STRUCTURE = frozenset({*CATALOGUE_FACTS, ORPHANS, DAMAGED} - _OF_STATISTICS)
_SAME = f"{RESTORE_VARIABLE} leads to the database of {DATABASE_VARIABLE}; it must be another one, made for this"
_HOLD_LOCK = "select pg_catalog.pg_try_advisory_xact_lock({})"
# An advisory lock belongs to a database of a server, and whoever is connected to that sees it. The identifier of the
# system would not do: a physical backup that was restored has the same one, and the same numbers of databases.
_SEE_LOCK = """select exists (
    select from pg_catalog.pg_locks l join pg_catalog.pg_database d on d.oid = l.database
    where l.locktype = 'advisory' and d.datname = pg_catalog.current_database()
      and l.classid::pg_catalog.int8 = {high} and l.objid::pg_catalog.int8 = {low} and l.objsubid = 1)"""
_FILLED = """select c.oid::text || '/' || pg_catalog.pg_relation_filenode(c.oid)::text
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname = any({}::text[]) and pg_catalog.pg_relation_size(c.oid) > 0
      and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')"""


@dataclass(frozen=True, slots=True)
class BeforeRestore:
    """What was there before the restore began."""

    rows: Mapping[str, DataFound]
    """Of each exact count in the service's database: the number, or the reason why there is none."""
    schema: tuple[str, ...]
    """Lines of the service's schema."""
    filled: frozenset[str]
    """Files of the tables in the scratch database that held something already; none where it was not there."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in the scratch database after the restore."""

    rows: Mapping[str, DataFound]
    """Of each exact count; 0 where its table is not there."""
    checked: Mapping[str, Measurement]
    """Metric to what it is there, for the checks that a backup must keep."""
    changes: tuple[SchemaChange, ...]
    """How the schema differs from the service's."""


def refuse_same(service_url: str, scratch_url: str, database: Database) -> None:
    """Raise ConfigError when both URLs lead to one database; one that cannot be reached is known by its URL alone."""
    if place(service_url, DATABASE_VARIABLE) == place(scratch_url, RESTORE_VARIABLE):
        raise ConfigError(_SAME)
    try:
        with (
            open_read_only(service_url, timeout_s=database.statement_timeout_s) as service,
            open_read_only(scratch_url, timeout_s=database.statement_timeout_s) as scratch,
        ):
            same = _is_same(service, scratch)
    except NotMeasured:
        return  # the service's is asked again before the command; a scratch database may have to be made by it
    if same:
        raise ConfigError(_SAME)


def before(service_url: str, scratch_url: str, database: Database) -> BeforeRestore:
    """The service's rows and schema, and what lies in the scratch database already. Raises NotMeasured."""
    names = _exact(database)
    budget = Budget(database.max_scan_bytes)
    with open_read_only(service_url, timeout_s=database.statement_timeout_s, budget=budget) as service:
        try:
            with open_read_only(scratch_url, timeout_s=database.statement_timeout_s) as scratch:
                if _is_same(service, scratch):
                    raise ConfigError(_SAME)
                filled = _filled(scratch, database.schemas)
        except NotMeasured:
            filled = frozenset()
        except ConfigError as error:
            raise NotMeasured(str(error)) from None
        schema = lines.read(service, database.schemas, roles=False)
        return BeforeRestore(before_load(service, database, names), schema, filled)


def after(
    service_url: str, scratch_url: str, database: Database, known: BeforeRestore, wanted: AbstractSet[str]
) -> Restored:
    """What was restored. Raises NotMeasured where nothing shows that it was."""
    budget = Budget(database.max_scan_bytes)
    with open_read_only(scratch_url, timeout_s=database.statement_timeout_s, budget=budget) as scratch:
        _refuse_old(service_url, scratch, database, known)
        bare = replace(database, schema_lock=None, service_role=None, max_lag_s=None)
        found = {one.metric: one for one in take(scratch, SnapshotRequest(scratch_url, bare, wanted))}
        rows = {name: _rows(scratch, database, name, found) for name in _exact(database)}
        try:
            changes = compare(known.schema, lines.read(scratch, database.schemas, roles=False))
        except ValueError as error:
            raise NotMeasured(str(error)) from None
        return Restored(rows, {metric: found[metric] for metric in wanted if metric in found}, changes)


def kept(checks: Collection[Check], database: Database) -> tuple[Check, ...]:
    """The checks that a backup must keep: of data and of structure, not of the load, of roles or of statistics."""
    of_load = {
        f"data.{name}"
        for name, one in database.invariants.items()
        if any(term == ACKNOWLEDGED or term.endswith(CHANGE) for _, term in one.terms)
    }
    return tuple(
        check
        for check in checks
        if check.not_applicable is None
        and check.metric not in of_load
        and (check.metric in _STRUCTURE or (check.metric.startswith("data.") and not check.metric.endswith(CHANGE)))
    )


def _refuse_old(service_url: str, scratch: Session, database: Database, known: BeforeRestore) -> None:
    """Raise NotMeasured where what is there need not come from the restore."""
    with open_read_only(service_url, timeout_s=database.statement_timeout_s) as service:
        if _is_same(service, scratch):
            raise NotMeasured(_SAME)
    ((standby,),) = scratch.rows(b"select pg_catalog.pg_is_in_recovery()")
    if standby:
        raise NotMeasured("the scratch database is a standby, or its recovery has not ended; promote it in the command")
    filled = _filled(scratch, database.schemas)
    if not filled:
        raise NotMeasured(
            f"no table in the schemas {', '.join(database.schemas)} of the scratch database holds a row after it"
        )
    if old := len(filled & known.filled):
        raise NotMeasured(
            f"the scratch database held {old:,} of its tables before the restore already, so nothing shows that this "
            "restore brought them; let `undo` drop the database, or the command begin with that"
        )


def _exact(database: Database) -> frozenset[str]:
    return frozenset(name for name, count in database.counts.items() if not count.estimate)


def _rows(scratch: Session, database: Database, name: str, found: Mapping[str, Measurement]) -> DataFound:
    one = found[f"data.{name}"]
    if one.value is not None:
        return Fraction(one.value)
    table = sql.Literal(identifier(database.counts[name].table).as_string(scratch.connection))
    ((there,),) = scratch.rows(sql.SQL("select pg_catalog.to_regclass({}) is not null").format(table))
    return (one.reason or "it was not counted") if there else Fraction(0)


def _filled(session: Session, schemas: tuple[str, ...]) -> frozenset[str]:
    """Each table with something in it, by its file: a table that is made or filled anew has another one."""
    database = identity(session)
    rows = session.rows(sql.SQL(_FILLED).format(sql.Literal(list(schemas))))
    return frozenset(f"{database}/{file}" for (file,) in rows)


def _is_same(service: Session, scratch: Session) -> bool:
    number = secrets.randbits(62)
    ((held,),) = service.rows(sql.SQL(_HOLD_LOCK).format(sql.Literal(number)))
    if held is not True:
        raise NotMeasured("the service's database gave no lock, so nobody knows whether both URLs lead to it")
    seen = sql.SQL(_SEE_LOCK).format(high=sql.Literal(number >> 32), low=sql.Literal(number & 0xFFFFFFFF))
    ((same,),) = scratch.rows(seen)
    return same is True
