"""Everything that is asked of the database, from one snapshot: cheap catalogue facts first, whole tables last."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from psycopg import sql

from readiness.config.model import Database
from readiness.database import FOREIGN_KEYS, INDEXES, ORPHANS, SOURCE, data, foreign_keys, indexes, orphans
from readiness.database.connect import Session
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement

Fact = tuple[int, tuple[Detail, ...]]
_STANDBY = sql.SQL("select pg_catalog.pg_is_in_recovery()")
_TABLES = sql.SQL(
    """select s.name, n.oid is not null, exists (
        select from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p'))
    from pg_catalog.unnest({}::text[]) s(name) left join pg_catalog.pg_namespace n on n.nspname = s.name"""
)


def look(session: Session, database: Database, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """All measurements; none is left out because another failed."""
    facts = [
        _fact(FOREIGN_KEYS, session, database.schemas, foreign_keys.unvalidated),
        _fact(INDEXES, session, database.schemas, indexes.invalid),
    ]
    measurements = [*data.look(session, database), *facts]
    if ORPHANS in wanted:
        measurements.append(_fact(ORPHANS, session, database.schemas, orphans.orphans))
    have = {measurement.metric for measurement in measurements}
    unknown = sorted(name for name in wanted - have if name.startswith(("data.", "database.")))
    measurements += [Measurement(name, None, None, SOURCE, reason="nothing measures this") for name in unknown]
    return _noted(session, measurements)


def _fact(
    metric: str, session: Session, schemas: tuple[str, ...], find: Callable[[Session, tuple[str, ...]], Fact]
) -> Measurement:
    try:
        _require_tables(session, schemas)
        value, details = find(session, schemas)
    except NotMeasured as error:
        return Measurement(metric, None, None, SOURCE, reason=str(error))
    return Measurement(metric, None, float(value), SOURCE, details=details)


def _require_tables(session: Session, schemas: tuple[str, ...]) -> None:
    """Nothing found in a schema that is not there, or is empty, is no evidence."""
    rows = session.rows(_TABLES.format(sql.Literal(list(schemas))))
    for name, exists, _ in rows:
        if not exists:
            raise NotMeasured(f"the schema {name} does not exist in this database")
    if not any(filled for _, _, filled in rows):
        raise NotMeasured(f"no table in the schemas {', '.join(schemas)}")


def _noted(session: Session, measurements: list[Measurement]) -> tuple[Measurement, ...]:
    try:
        standby = session.rows(_STANDBY)[0][0]
    except NotMeasured:
        return tuple(measurements)
    if not standby:
        return tuple(measurements)
    note = Detail("server", "a standby", None, "rows may be behind the primary")
    return tuple(replace(one, details=(*one.details, note)) for one in measurements)
