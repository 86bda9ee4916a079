"""Checks that only a database can answer, told before any load when there is none."""

from __future__ import annotations

from readiness.config.model import Check, Config, OnFail
from readiness.database.under_load import HEADROOM
from readiness.database.variable_names import DATABASE_VARIABLE
from readiness.errors import ConfigError

OTHERS = (HEADROOM, "health.touches_database")


def without_database(config: Config) -> str | None:
    """What will not be measured, as one line; None for nothing.

    Raises ConfigError when such a check blocks: the answer could never be READY, so the load would be for nothing.
    """
    missing = [check for check in config.checks if _needs(check)]
    blocking = [check for check in missing if check.on_fail is OnFail.BLOCK]
    if blocking:
        raise ConfigError(
            *(
                f"{config.file}:{check.line}: checks.{check.key}: blocks and needs the database, but "
                f"{DATABASE_VARIABLE} is not set; set it, or declare the check not_applicable"
                for check in blocking
            )
        )
    if not missing:
        return None
    names = ", ".join(check.key for check in missing)
    return f"{DATABASE_VARIABLE} is not set, so these checks will not be measured: {names}"


def _needs(check: Check) -> bool:
    return check.not_applicable is None and (check.metric.startswith(("data.", "database.")) or check.metric in OTHERS)
