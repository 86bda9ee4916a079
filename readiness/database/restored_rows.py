"""A restored backup beside the service's database: whether they are two, and the rows and the schema of both."""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fractions import Fraction

from psycopg import sql

from readiness.config.database import ACKNOWLEDGED, CHANGE
from readiness.config.model import Check, Database
from readiness.database.address import place
from readiness.database.connect import Budget, Session, open_read_only
from readiness.database.data import DataFound
from readiness.database.fact_names import ORPHANS
from readiness.database.identifiers import identifier, table_bytes
from readiness.database.made_anew import ScratchBefore, filled_tables, refuse_old, server_before
from readiness.database.restored_sequences import OwnedSequence, Position, compared, owned_sequences, position
from readiness.database.schema import lines
from readiness.database.schema.drift import SchemaChange, compare
from readiness.database.snapshot import CATALOGUE_FACTS, DAMAGED, SnapshotRequest, before_load, take
from readiness.database.variable_names import DATABASE_VARIABLE, RESTORE_VARIABLE
from readiness.errors import ConfigError, NotMeasured
from readiness.measurements.run import Measurement

MOST_ROWS = 1_000_000
"""Of a table that is compared: eight bytes of each row come over, three times."""
_AS_TEXT = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}
"""Both servers write a value in the same way, whatever their own settings are."""
# SHA-256 and no hash of the server's own: those differ between versions and processors. In no order: rows of a table
# have none, and a restored one stores them in another.
_HASHES = """select pg_catalog.count(*), pg_catalog.string_agg(one.hash, ''::pg_catalog.bytea) from (
    select pg_catalog.substr(pg_catalog.sha256(pg_catalog.convert_to((r.*)::pg_catalog.text, 'UTF8')), 1, 8) as hash
    from {table} r limit {most}) one"""
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


@dataclass(frozen=True, slots=True)
class BeforeRestore:
    """What was there before the restore began."""

    rows: Mapping[str, DataFound]
    """Of each exact count in the service's database: the number, or the reason why there is none."""
    schema: tuple[str, ...]
    """Lines of the service's schema."""
    scratch: ScratchBefore
    """What the scratch server held already."""
    contents: Mapping[str, RowContents | str]
    """Of each counted table in the service's database, or why it is not known; empty where no check asks."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is in the scratch database after the restore."""

    rows: Mapping[str, DataFound]
    """Of each exact count; 0 where its table is not there."""
    checked: Mapping[str, Measurement]
    """Metric to what it is there, for the checks that a backup must keep."""
    changes: tuple[SchemaChange, ...]
    """How the schema differs from the service's."""
    changed: Mapping[str, Changed | str]
    """Of each table in `BeforeRestore.contents`; or why it is not known."""
    sequences: Mapping[OwnedSequence, Position | str]
    """Of each sequence that a column owns; or why it is not known."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Rows of a restored table, and how many of them the service's table held neither before nor after the restore."""

    rows: int
    changed: int


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


def before(service_url: str, scratch_url: str, database: Database, *, contents: bool) -> BeforeRestore:
    """The service's rows, what they hold if `contents`, its schema, and what lies on the scratch server already.

    Raises NotMeasured.
    """
    names = _exact(database)
    budget = Budget(database.max_scan_bytes)
    with open_read_only(service_url, timeout_s=database.statement_timeout_s, budget=budget) as service:
        try:
            with open_read_only(scratch_url, timeout_s=database.statement_timeout_s) as scratch:
                if _is_same(service, scratch):
                    raise ConfigError(_SAME)
        except NotMeasured:
            pass  # it may have to be made by the command
        except ConfigError as error:
            raise NotMeasured(str(error)) from None
        there = server_before(scratch_url, database.statement_timeout_s)
        schema = lines.read(service, database.schemas, roles=False)
        held = {table: _contents(service, table) for table in (_tables(database) if contents else ())}
        return BeforeRestore(before_load(service, database, names), schema, there, held)


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
        checked = {metric: found[metric] for metric in wanted if metric in found}
        restored = {table: _contents(scratch, table) for table in known.contents}
        apart = replace(scratch, budget=Budget(database.max_scan_bytes))  # what the rest needs of it is not theirs
        positions = {one: position(apart, one) for one in owned_sequences(scratch, database.schemas)}
    with open_read_only(service_url, timeout_s=database.statement_timeout_s, budget=budget) as service:
        # Again: the backup may have been made at any moment between the two.
        now = {table: _contents(service, table) for table in known.contents}
        sequences = compared(service, positions)
    changed = {table: _changed(restored[table], known.contents[table], now[table]) for table in now}
    return Restored(rows, checked, changes, changed, sequences)


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
    tables = filled_tables(scratch)
    filled = frozenset(file for file, schema in tables if schema in database.schemas)
    if not filled:
        raise NotMeasured(
            f"no table in the schemas {', '.join(database.schemas)} of the scratch database holds a row after it"
        )
    refuse_old(scratch, known.scratch, filled)


def _exact(database: Database) -> frozenset[str]:
    return frozenset(name for name, count in database.counts.items() if not count.estimate)


def _rows(scratch: Session, database: Database, name: str, found: Mapping[str, Measurement]) -> DataFound:
    one = found[f"data.{name}"]
    if one.value is not None:
        return Fraction(one.value)
    table = sql.Literal(identifier(database.counts[name].table).as_string(scratch.connection))
    ((there,),) = scratch.rows(sql.SQL("select pg_catalog.to_regclass({}) is not null").format(table))
    return (one.reason or "it was not counted") if there else Fraction(0)


def _tables(database: Database) -> tuple[str, ...]:
    return tuple(dict.fromkeys(database.counts[name].table for name in database.counts if name in _exact(database)))


def _contents(session: Session, table: str) -> RowContents | str:
    try:
        return row_contents(session, table)
    except NotMeasured as error:
        return str(error)


def _changed(restored: RowContents | str, *service: RowContents | str) -> Changed | str:
    known = [one for one in service if not isinstance(one, str)]
    if reasons := [one for one in (restored, *service) if isinstance(one, str)]:
        return reasons[0]
    assert not isinstance(restored, str)
    return Changed(len(restored.hashes), restored.beyond(*known))


def _is_same(service: Session, scratch: Session) -> bool:
    number = secrets.randbits(62)
    ((held,),) = service.rows(sql.SQL(_HOLD_LOCK).format(sql.Literal(number)))
    if held is not True:
        raise NotMeasured("the service's database gave no lock, so nobody knows whether both URLs lead to it")
    seen = sql.SQL(_SEE_LOCK).format(high=sql.Literal(number >> 32), low=sql.Literal(number & 0xFFFFFFFF))
    ((same,),) = scratch.rows(seen)
    return same is True


@dataclass(frozen=True, slots=True)
class RowContents:
    """What the rows of a table hold: a number for each, in ascending order, equal where the text of the row is."""

    hashes: array[int]

    def beyond(self, *others: RowContents) -> int:
        """Rows that none of `others` holds as often as this one."""
        known, *more = others
        for one in more:  # each row as often as the one of them that has it most often
            known = RowContents(array("Q", sorted(known.hashes + _without(one.hashes, known.hashes))))
        return len(_without(self.hashes, known.hashes))


def row_contents(session: Session, table: str) -> RowContents:
    """Of all rows of `table`, as thresholds.yaml names it. Raises NotMeasured."""
    name = identifier(table)
    session.spend(table_bytes(session, name), f"the comparison of {table}")
    query = sql.SQL(_HASHES).format(table=name, most=sql.Literal(MOST_ROWS + 1))
    ((rows, joined),) = session.under(**_AS_TEXT).rows(query)
    if rows > MOST_ROWS:
        raise NotMeasured(f"{table} has more than {MOST_ROWS:,} rows, too many to compare what they hold")
    hashes = array("Q", bytes(joined or b""))
    if len(hashes) != rows:
        raise NotMeasured(f"{table}: the server did not say what each of its rows holds")
    return RowContents(array("Q", sorted(hashes)))


def _without(some: array[int], others: array[int]) -> array[int]:
    """What is in `some` more often than in `others`; both ascend."""
    left = array("Q")
    if some == others:
        return left
    at, end = 0, len(others)
    for one in some:
        while at < end and others[at] < one:
            at += 1
        if at < end and others[at] == one:
            at += 1
        else:
            left.append(one)
    return left
