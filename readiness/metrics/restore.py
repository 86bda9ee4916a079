"""Metrics of a backup that was restored into a scratch database. They have no scope."""

from __future__ import annotations

from functools import partial

from readiness.metrics.metric import Metric

_drills = partial(Metric, area="drills")

RESTORE_PREFIX = "restore."
RESTORE_FACT = "restore"
"""Of the plan of a run: the command that restored; a run without one does not have it."""
RESTORE_DURATION = "restore.duration"
ROWS_MISSING, ROWS_SURPLUS = "restore.rows_missing", "restore.rows_surplus"
ROWS_CHANGED = "restore.rows_changed"
CHECKS_FAILED, SCHEMA_CHANGES = "restore.checks_failed", "restore.schema_changes"
CONTENT = (ROWS_MISSING, CHECKS_FAILED, ROWS_CHANGED)
"""One of these has to be asked for: how fast something was restored says nothing of what."""

RESTORES: tuple[Metric, ...] = (
    _drills(
        RESTORE_DURATION,
        "Time to Restore the Backup",
        "From the start of the `restore` command to its end; not measured where it restored nothing.",
        "The service is away at least as long as this when its database is lost.",
        "Restore in parallel (`pg_restore --jobs`), build indexes last, or keep a standby or a physical backup.",
        unit="ms",
    ),
    _drills(
        ROWS_MISSING,
        "Rows Missing from the Restored Backup",
        "Rows of `database.counts` that the service's database had just before the restore, and the restored one has "
        "not: of each count what is missing, added up.",
        "A backup that leaves out rows is found on the day when nothing else is left.",
        "Read the errors of backup and restore, make both end at the first one (`pg_restore --exit-on-error`), and "
        "back up more often where the rows are only too new.",
    ),
    _drills(
        ROWS_SURPLUS,
        "Rows Too Many in the Restored Backup",
        "Rows of `database.counts` that the restored database has beyond those of the service's: of each count what is "
        "too many, added up.",
        "Rows that were restored twice, or that were deleted since, come back.",
        "Restore into an empty database, in one transaction (`pg_restore --single-transaction`).",
    ),
    _drills(
        ROWS_CHANGED,
        "Restored Rows that Hold Something Else",
        "Rows of the counted tables in the restored database whose values the service's table has in no row, neither "
        "just before the restore nor after it; all columns are compared, up to 1,000,000 rows of a table. Rows that "
        "the service changed or deleted since an older backup count too: nobody knows how old it is.",
        "As many rows as before say nothing of what is in them.",
        "Compare some of the rows; with a backup that is made during the run there is no excuse for any. With an "
        "older one set the limit to what the service changes meanwhile.",
    ),
    _drills(
        CHECKS_FAILED,
        "Checks that Fail on the Restored Backup",
        "Checks of the file on `data.…` and on the structure of the database that do not hold in the restored one; "
        "`….change`, writes of the load, roles and statistics are left out. A sequence counts too whose next value is "
        "not beyond the numbers of the column that owns it, unless it is so in the service's database.",
        "What must add up in the service's database must add up in the one that replaces it.",
        "Read the checks below it; restore everything from one snapshot, with constraints, indexes and sequences.",
    ),
    _drills(
        SCHEMA_CHANGES,
        "Schema Differences of the Restored Backup",
        "Lines of the schema (tables, columns, constraints, indexes, triggers, functions) that differ between the "
        "service's database and the restored one; owners and privileges are left out.",
        "A restore that failed half-way often has all rows and no index, key or trigger.",
        "Read the errors of the restore, and make it end at the first one.",
    ),
)
