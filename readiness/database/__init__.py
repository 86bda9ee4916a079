"""The database: counts, queries, equations and integrity facts, from one read-only snapshot.

psycopg is imported when a function is called, so that `import readiness.database` costs nothing.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from readiness.config.model import Database
from readiness.errors import ConfigError, NotMeasured, Refused
from readiness.measurements.run import Measurement

__all__ = ["check_role", "measure", "parse", "secrets", "unavailable"]

SOURCE = "database"
FOREIGN_KEYS = "database.foreign_keys.unvalidated"
INDEXES = "database.indexes.invalid"
ORPHANS = "database.orphans"


def parse(url: str) -> None:
    """Raise ConfigError when `url` is no PostgreSQL URL; the text never repeats any of it."""
    from readiness.database.address import parameters

    parameters(url)


def secrets(url: str) -> tuple[str, ...]:
    """The passwords in `url`, as written and percent-decoded; empty when there is none."""
    from readiness.database.address import passwords

    return passwords(url)


def check_role(url: str, database: Database) -> None:
    """Raise Refused when the role could write, NotMeasured when that cannot be found out."""
    from readiness.database.connect import open_read_only
    from readiness.database.role import refuse_writer

    with open_read_only(url, timeout_s=database.statement_timeout_s) as session:
        refuse_writer(session)


def measure(url: str, database: Database, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """Every count, query and invariant, and the integrity facts; a failed look has a reason instead of a value.

    Catalogue facts are always taken; orphans, which read whole tables, only when `wanted` names them. The role is
    looked at again: the database may have been away when `check_role` asked.
    """
    from readiness.database.connect import open_read_only
    from readiness.database.role import refuse_writer
    from readiness.database.snapshot import look

    try:
        with open_read_only(url, timeout_s=database.statement_timeout_s) as session:
            refuse_writer(session)
            return look(session, database, wanted)
    except (ConfigError, NotMeasured, Refused) as error:
        return unavailable(str(error), database, wanted)


def unavailable(reason: str, database: Database, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """What `measure` would have returned, each without a value and for the same reason."""
    data = [f"data.{name}" for name in (*database.counts, *database.queries, *database.invariants)]
    facts = [name for name in (FOREIGN_KEYS, INDEXES, ORPHANS) if name in wanted]
    others = sorted(name for name in wanted if name.startswith(("data.", "database.")))
    return tuple(Measurement(name, None, None, SOURCE, reason=reason) for name in dict.fromkeys(data + facts + others))
