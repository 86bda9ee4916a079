"""What the rest of readiness asks of the database; psycopg is imported when a function is called, not before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING
from urllib.parse import quote

from readiness.config.model import Database
from readiness.database.before_load import BeforeLoad
from readiness.database.fact_names import FOREIGN_KEYS, INDEXES, ORPHANS, SOURCE
from readiness.database.variable_names import DATABASE_VARIABLE
from readiness.errors import ConfigError, NotMeasured, Refused
from readiness.measurements.run import Measurement
from readiness.measurements.writes import WriteBook

if TYPE_CHECKING:
    from readiness.database.connect import Session


def parse(url: str, variable: str = DATABASE_VARIABLE) -> None:
    """Raise ConfigError when `url` is no PostgreSQL URL; the text never repeats any of it."""
    from readiness.database.address import parameters

    parameters(url, variable)


def refuse_same(service_url: str, scratch_url: str, database: Database) -> None:
    """Raise ConfigError when both URLs lead to one database."""
    from readiness.database.restored_rows import refuse_same

    refuse_same(service_url, scratch_url, database)


def secrets(url: str) -> tuple[str, ...]:
    """The passwords in `url`, as written and percent-decoded; empty when there is none."""
    from readiness.database.address import passwords

    return passwords(url)


def from_environment(environ: Mapping[str, str]) -> str | None:
    """The connection: READINESS_DATABASE_URL, else the service that PGSERVICE names; None for neither."""
    if url := environ.get(DATABASE_VARIABLE):
        return url
    service = environ.get("PGSERVICE")
    return f"postgresql://?service={quote(service, safe='')}" if service else None


def role_sql(name: str, database: Database) -> str:
    """The statements that make a role which may do what readiness needs and nothing else, for psql."""
    from readiness.database.role import statements

    return statements(name, database.schemas)


def schema_lock(url: str, database: Database, *, roles: bool = True) -> str:
    """The text of a schema lock, with or without owners and privileges; raises NotMeasured."""
    from readiness.database.connect import open_read_only
    from readiness.database.schema.lines import has_tables, read, text

    with open_read_only(url, timeout_s=database.statement_timeout_s) as session:
        lines = read(session, database.schemas, roles=roles)
    if not has_tables(lines):
        raise NotMeasured(f"no table in the schemas {', '.join(database.schemas)}, so there is nothing to lock")
    return text(lines, roles=roles)


def check_role(url: str, database: Database, *, writer_allowed: bool = False) -> str:
    """Raise Refused when the role could write, NotMeasured when that cannot be found out.

    With `writer_allowed` nothing is refused; the answer is what would have been, or empty.
    """
    from readiness.database.connect import open_read_only
    from readiness.database.role import power_of, refuse

    with open_read_only(url, timeout_s=database.statement_timeout_s) as session:
        power = power_of(session)
    if power and not writer_allowed:
        refuse(power)
    return power


def remarks(url: str, database: Database) -> tuple[str, ...]:
    """What a role that can only read is not kept from by its server; raises NotMeasured."""
    from readiness.database.connect import open_read_only
    from readiness.database.role import remarks

    with open_read_only(url, timeout_s=database.statement_timeout_s) as session:
        return remarks(session)


def before_load(url: str, database: Database, wanted: AbstractSet[str], *, writer_allowed: bool = False) -> BeforeLoad:
    """The counts and queries whose change is judged, and orphans: exact numbers, or the reason why there is none."""
    from readiness.database import orphans
    from readiness.database.before_load import identity
    from readiness.database.connect import Budget, open_read_only
    from readiness.database.data import changing
    from readiness.database.role import power_of, refuse
    from readiness.database.snapshot import before_load

    names = changing(database, wanted)
    if not names and ORPHANS not in wanted:
        return BeforeLoad()
    try:
        budget = Budget(database.max_scan_bytes)
        with open_read_only(url, timeout_s=database.statement_timeout_s, budget=budget) as session:
            if (power := power_of(session)) and not writer_allowed:
                refuse(power)
            numbers = before_load(replace(session, any_function=writer_allowed), database, names)
            known = orphans.counts(session, database.schemas, database.relations) if ORPHANS in wanted else {}
            return BeforeLoad({**numbers, **known}, identity(session))
    except (ConfigError, NotMeasured, Refused) as error:
        return BeforeLoad(dict.fromkeys(names, f"before the load: {error}"))


def measure(
    url: str,
    database: Database,
    wanted: AbstractSet[str],
    *,
    before: BeforeLoad | None = None,
    book: WriteBook | None = None,
    stop: Callable[[], bool] = lambda: False,
    writer_allowed: bool = False,
) -> tuple[Measurement, ...]:
    """Every count, query and invariant, the structure, and the writes; one that failed has a reason instead of a value.

    Catalogue facts are always taken; what reads whole tables beyond the counts, only when `wanted` names it. The role
    is checked again: the database may have been away when `check_role` asked. `before` are the numbers before the
    load, `book` the writes of the load.
    """
    from readiness.database import writes
    from readiness.database.before_load import comparable
    from readiness.database.connect import Budget, open_read_only
    from readiness.database.role import power_of, refuse
    from readiness.database.snapshot import SnapshotRequest, take

    acknowledged: Fraction | str = "the load sent no writes with keys of ours"
    if book is not None and book.sent:
        acknowledged = Fraction(book.acknowledged) if book.complete else "the load's record of its writes is incomplete"

    def taken(session: Session) -> tuple[Measurement, ...]:
        known = comparable(before or BeforeLoad(), session)
        what = SnapshotRequest(url, database, wanted - set(writes.WRITE_METRICS), known, acknowledged)
        return take(replace(session, any_function=writer_allowed), what)

    try:
        budget = Budget(database.max_scan_bytes)
        with open_read_only(url, timeout_s=database.statement_timeout_s, budget=budget) as session:
            if (power := power_of(session)) and not writer_allowed:
                refuse(power)
            if database.writes is None and wanted.isdisjoint(writes.WRITE_METRICS):
                return taken(session)
        reconciled = writes.reconcile(url, database, book, stop) if database.writes else ()
        if database.writes is None and not wanted.isdisjoint(writes.WRITE_METRICS):
            reconciled = writes.unavailable("database.writes does not say where the writes are")
        with open_read_only(url, timeout_s=database.statement_timeout_s, budget=budget) as session:
            return (*taken(session), *reconciled)
    except (ConfigError, NotMeasured, Refused) as error:
        return unavailable(str(error), database, wanted)


def unavailable(reason: str, database: Database, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """What `measure` would have returned, each without a value and for the same reason."""
    data = [f"data.{name}" for name in (*database.counts, *database.queries, *database.invariants)]
    facts = [name for name in (FOREIGN_KEYS, INDEXES, ORPHANS) if name in wanted]
    others = sorted(name for name in wanted if name.startswith(("data.", "database.")))
    return tuple(Measurement(name, None, None, SOURCE, reason=reason) for name in dict.fromkeys(data + facts + others))
