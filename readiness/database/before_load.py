"""The numbers before the load, and of which database they are: a change is a difference within one database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from readiness.database.connect import Session

OTHER_DATABASE = "the database that answered before the load is not the one that answered after it"
_OID = b"select oid::text from pg_catalog.pg_database where datname = pg_catalog.current_database()"
_MAY_ASK = b"""select coalesce(pg_catalog.has_function_privilege(
    pg_catalog.to_regprocedure('pg_catalog.pg_control_system()'), 'execute'), false)"""
_SYSTEM = b"select system_identifier::text from pg_catalog.pg_control_system()"


@dataclass(frozen=True, slots=True)
class BeforeLoad:
    """What was counted before the load."""

    numbers: Mapping[str, Fraction | str] = field(default_factory=dict)
    """Exact, or the reason why there is none."""
    identity: str | None = None
    """Of the database; None where nothing was counted."""


def identity(session: Session) -> str:
    """The cluster, as far as the role may know it, and the database in it: the same on a standby, and after a restart.

    Raises NotMeasured.
    """
    ((oid,),) = session.rows(_OID)
    ((may,),) = session.rows(_MAY_ASK)
    system = session.rows(_SYSTEM)[0][0] if may is True else ""
    return f"{system}/{oid}"


def comparable(before: BeforeLoad, session: Session) -> Mapping[str, Fraction | str]:
    """The numbers before the load; a reason for each when `session` is of another database. Raises NotMeasured."""
    if before.identity is None or before.identity == identity(session):
        return before.numbers
    return dict.fromkeys(before.numbers, OTHER_DATABASE)
