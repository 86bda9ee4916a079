"""The database: counts, queries, equations and integrity facts, from one read-only snapshot. Cheap to import."""

from readiness.database.entry import (
    DATABASE_VARIABLE,
    RESTORE_VARIABLE,
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
