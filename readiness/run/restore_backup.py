"""The restored backup's part of one run: after the drills, so that it is compared with what they left."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from readiness import database
from readiness.database.stages import Stages
from readiness.drills.commands import shown
from readiness.drills.restore_command import RestoreResult, restore, unavailable
from readiness.load.controller import LoadOutcome
from readiness.load.surroundings import for_commands
from readiness.run.plan import Plan
from readiness.run.progress import Progress


def restore_backup(
    plan: Plan,
    stages: Stages,
    outcome: LoadOutcome,
    progress: Progress,
    interrupted: Callable[[], str | None],
    environment: Mapping[str, str],
) -> RestoreResult:
    """What the restored backup showed; empty where none is to be restored."""
    if plan.config.restore is None or plan.restore_url is None:
        return RestoreResult()
    if outcome.load is None or interrupted() is not None:
        reason = next(iter(outcome.doubts), "the run was ended before")
        return unavailable(f"nothing was restored: {reason}", plan.config)
    progress.step(f"restoring a backup: {shown(plan.config.restore.command)}")
    seen = {**for_commands(environment, plan.allow_env), database.RESTORE_VARIABLE: plan.restore_url}
    return restore(plan.config, plan.restore_url, stages, seen, lambda: interrupted() is not None)
