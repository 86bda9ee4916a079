"""All looks at the database after the load: catalogs first, then the snapshot, big scans last."""

from __future__ import annotations

from collections.abc import Callable

from readiness import database as face
from readiness.config.model import Database
from readiness.database import connect, foreign_keys, indexes, orphans, snapshot
from readiness.errors import NotMeasured
from readiness.measurements.run import Measurement

Look = Callable[[connect.Session, Database], Measurement]

LOOKS: tuple[tuple[str, Look], ...] = (
    (foreign_keys.METRIC, foreign_keys.measure),
    (indexes.METRIC, indexes.measure),
    (orphans.METRIC, orphans.measure),
)
"""Metric and how it is looked for; one file each."""


def measure(url: str, database: Database, wanted: set[str]) -> tuple[Measurement, ...]:
    """One measurement for each of `names(database, wanted)`."""
    expected = face.names(database, wanted)
    if not expected:
        return ()
    found: dict[str, Measurement] = {}
    try:
        with connect.open_session(url, database.statement_timeout_s) as session:
            for metric, look in LOOKS[:-1]:
                if metric in wanted:
                    found[metric] = _one(metric, look, session, database)
            for measurement in snapshot.measure(session, database):
                found[measurement.metric] = measurement
            metric, look = LOOKS[-1]
            if metric in wanted:
                found[metric] = _one(metric, look, session, database)
    except NotMeasured as error:
        for name in expected:
            found.setdefault(name, Measurement(name, None, None, face.SOURCE, reason=str(error)))
    return tuple(found.get(name) or _unknown(name) for name in expected)


def _one(metric: str, look: Look, session: connect.Session, database: Database) -> Measurement:
    try:
        return look(session, database)
    except NotMeasured as error:
        return Measurement(metric, None, None, face.SOURCE, reason=str(error))


def _unknown(name: str) -> Measurement:
    return Measurement(name, None, None, face.SOURCE, reason="nothing in this version measures it")
