"""What the database says: counts, queries and invariants in one snapshot, and what its catalogs know.

The functions that the run needs; psycopg is imported when the first of them is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.config.model import Database
from readiness.measurements.run import Measurement

if TYPE_CHECKING:
    from readiness.database.activity import JudgedWindow

SOURCE = "database"


def parse(url: str) -> str:
    """The connection string for libpq. Raises ConfigError without any part of the URL."""
    from readiness.database import connect

    return connect.parse(url)


def secrets(url: str) -> tuple[str, ...]:
    """What of the URL must be shown nowhere. Never raises."""
    from readiness.database import connect

    return connect.secrets(url)


def check_role(url: str, database: Database) -> None:
    """Raises Refused when the role can do more than read, NotMeasured when the database cannot be asked."""
    from readiness.database import role

    role.check(url, database.schemas)


def measure(url: str, database: Database, wanted: set[str]) -> tuple[Measurement, ...]:
    """Every count, query and invariant, and each wanted `database.…` metric; never raises for a database's failure."""
    from readiness.database import look

    return look.measure(url, database, wanted)


def sample_connections(url: str, window: JudgedWindow) -> tuple[Measurement, ...]:
    """`pool.headroom`, sampled until the window ends; never raises for a database's failure."""
    from readiness.database import activity

    return activity.sample(url, window)


def names(database: Database, wanted: set[str]) -> tuple[str, ...]:
    """The metrics that `measure` yields, in their order."""
    declared = [f"data.{name}" for part in (database.counts, database.queries, database.invariants) for name in part]
    asked = sorted(name for name in wanted if name.startswith(("data.", "database.")))
    return tuple(dict.fromkeys([*declared, *asked]))


def unavailable(reason: str, database: Database, wanted: set[str]) -> tuple[Measurement, ...]:
    """The same metrics as `measure`, each without a value and with `reason`."""
    return tuple(Measurement(name, None, None, SOURCE, reason=reason) for name in names(database, wanted))
