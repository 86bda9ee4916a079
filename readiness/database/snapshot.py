"""Everything that is asked of the database, from one snapshot: cheap catalogue facts first, whole tables last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial

from psycopg import sql

from readiness.config.database import CHANGE
from readiness.config.model import Database
from readiness.database import (
    constraints,
    corruption,
    data,
    exhaustion,
    indexes,
    orphans,
    parallel,
    pooler,
    service_role,
)
from readiness.database.connect import Session
from readiness.database.fact_names import FOREIGN_KEYS, INDEXES, ORPHANS, SOURCE
from readiness.database.identifiers import identifier, table_bytes
from readiness.database.schema import measure as schema
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement

_Fact = tuple[float, tuple[Detail, ...]]
CATALOGUE_FACTS: Mapping[str, Callable[[Session, tuple[str, ...]], _Fact]] = {
    FOREIGN_KEYS: constraints.unvalidated_keys,
    "database.foreign_keys.unindexed": constraints.keys_without_index,
    "database.constraints.unvalidated": constraints.unvalidated,
    "database.triggers.disabled": constraints.disabled_triggers,
    "database.primary_keys.missing": constraints.without_primary_key,
    INDEXES: indexes.invalid,
    "database.indexes.duplicate": indexes.duplicate,
    "database.indexes.redundant": indexes.redundant,
    "database.indexes.unused": indexes.unused,
    "database.sequences.used": exhaustion.sequences,
    "database.transaction_ids.used": exhaustion.transaction_ids,
}
"""Facts of the catalogue, always taken: they read no table."""
DAMAGED = "database.indexes.damaged"
LAG = "database.replication_lag"
_STANDBY = sql.SQL(
    """select pg_catalog.pg_is_in_recovery(), case
        when not pg_catalog.pg_is_in_recovery() then 0
        when pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() then 0
        else extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp())
        end::float8"""
)
_TABLES = sql.SQL(
    """select s.name, n.oid is not null, exists (
        select from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p'))
    from pg_catalog.unnest({}::text[]) s(name) left join pg_catalog.pg_namespace n on n.nspname = s.name"""
)


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What to ask, and what is known from before."""

    url: str
    database: Database
    wanted: AbstractSet[str]
    before: Mapping[str, data.DataFound] = field(default_factory=dict)
    """Numbers before the load, where they are needed."""
    acknowledged: data.DataFound = "no write was acknowledged"


def take(session: Session, what: SnapshotRequest) -> tuple[Measurement, ...]:
    """All measurements; none is left out because another failed."""
    database = what.database
    standby = _standby(session)
    problem = _nowhere(session, database.schemas)
    facts = [
        one
        for metric, find in CATALOGUE_FACTS.items()
        if (one := _fact(metric, session, database.schemas, find, problem)).reason is None
        or metric in what.wanted
        or metric in (FOREIGN_KEYS, INDEXES)
    ]
    if database.schema_lock is not None or not what.wanted.isdisjoint(schema.SCHEMA_METRICS):
        facts += schema.measure(session, database)
    if database.service_role is not None or not what.wanted.isdisjoint(service_role.ROLE_METRICS):
        facts += service_role.measure(session, database.service_role, what.wanted)
    facts += [standby] if standby and (standby.value or LAG in what.wanted) else []
    measurements = [*_scans(session, what, problem), *facts]
    have = {measurement.metric for measurement in measurements}
    unknown = sorted(name for name in what.wanted - have if name.startswith(("data.", "database.")))
    measurements += [Measurement(name, None, None, SOURCE, reason=_why_not(name)) for name in unknown]
    stale = _stale(standby, database.max_lag_s)
    measurements = [
        replace(one, value=None, evidence=None, reason=stale)
        if stale and (one.metric.startswith("data.") or one.metric == ORPHANS) and one.reason is None
        else one
        for one in measurements
    ]
    return _noted(session, what.url, standby, measurements)


def _stale(standby: Measurement | None, max_lag_s: float | None) -> str | None:
    """Why rows of this server are not counted; None where they are."""
    if max_lag_s is None or (standby is not None and standby.value is not None and standby.value <= 1000 * max_lag_s):
        return None
    known = standby is not None and standby.value is not None
    behind = f"{standby.value / 1000:,.1f} s" if known else "nobody knows how far"  # type: ignore[union-attr,operator]
    return f"this standby is {behind} behind its primary; database.max_lag allows {max_lag_s:g} s"


def _why_not(metric: str) -> str:
    return "it was not counted before the load" if metric.endswith(CHANGE) else "nothing measures this"


def before_load(session: Session, database: Database, names: AbstractSet[str]) -> Mapping[str, data.DataFound]:
    """The numbers of the named counts and queries."""
    return data.numbers(database, [task(session) for task in data.tasks(database, names)]).found


def _scans(session: Session, what: SnapshotRequest, problem: str) -> list[Measurement]:
    """Counts, queries, orphans and damage: what reads tables, on several connections where that pays."""
    database = what.database
    asked = data.tasks(database, {*database.counts, *database.queries})
    keys: list[orphans.Key] = []
    nowhere = problem
    if ORPHANS in what.wanted and not problem:
        try:
            keys = orphans.keys(session, database.schemas, database.relations)
        except NotMeasured as error:
            problem = str(error)
    counted: dict[int, int | str] = {}

    def count_orphans(number: int, on: Session) -> Mapping[str, data.DataFound]:
        counted[number] = orphans.count(on, keys[number])
        return {}

    tasks: list[data.DataTask] = [*asked, *(partial(count_orphans, number) for number in range(len(keys)))]
    numbers = data.numbers(database, parallel.run(session, tasks, _bytes(session, database, keys)))
    measured = list(data.measurements(database, numbers, what.before, what.acknowledged))
    if ORPHANS in what.wanted:
        found = [(key, counted[number]) for number, key in enumerate(keys)]
        summed = lambda *_: orphans.summary(found, what.before)  # noqa: E731
        measured.append(_fact(ORPHANS, session, database.schemas, summed, problem))
    if DAMAGED in what.wanted or database.deep:
        deep = corruption.indexes if database.deep else _not_deep
        measured.append(_fact(DAMAGED, session, database.schemas, deep, nowhere))
    return measured


def _not_deep(session: Session, schemas: tuple[str, ...]) -> _Fact:
    raise NotMeasured("it reads every index whole; ask for it with --deep or database.deep: true")


def _bytes(session: Session, database: Database, keys: list[orphans.Key]) -> int:
    """Roughly what the scans read; 0 where nobody knows."""
    total = 0
    try:
        total += sum(orphans.bytes_to_read(session, key) for key in keys)
        for table in {count.table for count in database.counts.values() if not count.estimate}:
            total += table_bytes(session, identifier(table))
    except NotMeasured:
        return 0
    return total


def _fact(
    metric: str,
    session: Session,
    schemas: tuple[str, ...],
    find: Callable[[Session, tuple[str, ...]], _Fact],
    problem: str = "",
) -> Measurement:
    """The fact, or the reason why it is none: `problem`, where there is one already."""
    try:
        if problem:
            raise NotMeasured(problem)
        value, details = find(session, schemas)
    except NotMeasured as error:
        return Measurement(metric, None, None, SOURCE, reason=str(error))
    return Measurement(metric, None, float(value), SOURCE, details=details)


def _nowhere(session: Session, schemas: tuple[str, ...]) -> str:
    """Why nothing found in these schemas is no evidence: one is not there, or all are empty. Empty when it is some."""
    try:
        rows = session.rows(_TABLES.format(sql.Literal(list(schemas))))
    except NotMeasured as error:
        return str(error)
    for name, exists, _ in rows:
        if not exists:
            return f"the schema {name} does not exist in this database"
    return "" if any(filled for _, _, filled in rows) else f"no table in the schemas {', '.join(schemas)}"


def _standby(session: Session) -> Measurement | None:
    """How far this server is behind its primary; None when that cannot be asked."""
    try:
        standby, lag_s = session.rows(_STANDBY)[0]
    except NotMeasured:
        return None
    if not standby:
        return Measurement(LAG, None, 0.0, SOURCE, details=(Detail("server", "the primary", None),))
    if lag_s is None:
        return Measurement(LAG, None, None, SOURCE, reason="this standby has replayed nothing since it started")
    return Measurement(LAG, None, 1000 * lag_s, SOURCE, details=(Detail("server", "a standby", None),))


def _noted(
    session: Session, url: str, standby: Measurement | None, measurements: list[Measurement]
) -> tuple[Measurement, ...]:
    """With what a reader must know of the connection."""
    notes = []
    if standby is None or standby.value != 0.0 or standby.details[0].observed == "a standby":
        behind = "lag unknown" if standby is None or standby.value is None else f"{standby.value / 1000:.1f} s behind"
        notes.append(Detail("server", "a standby", None, f"rows may be behind the primary ({behind})"))
    if pooling := pooler.notice(session, url):
        notes.append(Detail("connection", pooling, None))
    return tuple(replace(one, details=(*one.details, *notes)) for one in measurements) if notes else tuple(measurements)
