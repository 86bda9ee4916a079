"""The database: counts, queries, equations and integrity facts, from one read-only snapshot. Cheap to import."""

from readiness.database.entry import (
    before_load,
    check_role,
    from_environment,
    measure,
    parse,
    refuse_same,
    remarks,
    role_sql,
    schema_lock,
    secrets,
    unavailable,
)
from readiness.database.variable_names import DATABASE_VARIABLE, RESTORE_VARIABLE

__all__ = [
    "DATABASE_VARIABLE",
    "RESTORE_VARIABLE",
    "before_load",
    "check_role",
    "from_environment",
    "measure",
    "parse",
    "refuse_same",
    "remarks",
    "role_sql",
    "schema_lock",
    "secrets",
    "unavailable",
]
