"""Metrics of the database."""

from __future__ import annotations

from functools import partial

from readiness.metrics.metric import Kind, Metric

_database = partial(Metric, area="database")

DATABASE: tuple[Metric, ...] = (
    _database(
        "database.foreign_keys.unvalidated",
        "Foreign Keys Not Validated",
        "Foreign keys that the server does not vouch for: NOT VALID, or with their triggers disabled.",
        "Such a key is listed as active while orphans lie below it.",
        "Repair the rows, then `ALTER TABLE … VALIDATE CONSTRAINT …`.",
    ),
    _database(
        "database.orphans",
        "Orphaned Rows",
        "Rows that point at a row that does not exist, over all declared foreign keys.",
        "An orphan is data that the application cannot reach or that breaks it.",
        "Find what wrote the rows, delete or re-attach them, and validate the foreign key.",
    ),
    _database(
        "database.indexes.invalid",
        "Invalid Indexes",
        "Indexes that are not valid or not ready, partitioned ones too that are not attached in every partition.",
        "A failed concurrent build leaves an index that costs writes and serves no read.",
        "`REINDEX INDEX CONCURRENTLY`, or drop it and build it again; of a partitioned one, build and attach the rest.",
    ),
    _database(
        "database.deadlocks",
        "Deadlocks",
        "Deadlocks that the server broke in the measurement window, by its own count.",
        "Each one is a transaction that was thrown away, and the next load brings more of them.",
        "Take locks in one order everywhere, and keep transactions short.",
    ),
    _database(
        "database.rollback_rate",
        "Rolled Back Transactions",
        "Transactions that were rolled back, of all that ended in the measurement window, by the server's own count.",
        "Work that was done for nothing, where the service meant to commit. Some libraries end every read with "
        "ROLLBACK, as SQLAlchemy does when it gives a connection back: there it counts reads and tells no errors.",
        "Read the errors in the server's log. Where reads end with ROLLBACK, set the limit from a healthy run, or "
        "leave the check out.",
        unit="%",
        kind=Kind.RATE,
    ),
    _database(
        "database.buffer_hit_rate",
        "Buffer Hit Rate",
        "Blocks found in PostgreSQL's shared buffers, of all that were asked for in the measurement window.",
        "What does not fit into memory is read again and again.",
        "Add the missing index, then give shared_buffers more memory.",
        unit="%",
        better="higher",
        kind=Kind.RATE,
    ),
    _database(
        "database.oldest_transaction",
        "Oldest Transaction",
        "Age of the transaction that had been open longest in any sample of the measurement window. A prepared one "
        "(two-phase commit) counts from its PREPARE on.",
        "A transaction that stays open holds its locks, its connection and the clean-up of dead rows.",
        "Commit before calling other services; set idle_in_transaction_session_timeout. pg_prepared_xacts lists what "
        "was prepared and never ended.",
        unit="ms",
    ),
    _database(
        "database.lock_waits",
        "Sessions Waiting for a Lock",
        "Most sessions that waited for a lock at once, in any sample of the measurement window.",
        "Requests that wait for each other do not get faster with more instances.",
        "Check the waits below it; shorten the transaction that holds the lock.",
    ),
    _database(
        "database.idle_in_transaction",
        "Sessions Idle in a Transaction",
        "Most sessions that were inside a transaction and doing nothing at once, in any sample of the measurement "
        "window.",
        "They hold locks and connections while the service does something else.",
        "Commit before calling other services.",
    ),
    _database(
        "database.temp_files",
        "Temporary Files",
        "Temporary files that queries wrote in the measurement window because work_mem was too small.",
        "A sort on disk is a query that gets slow at the worst moment.",
        "Add an index for the sort, or raise work_mem for that query.",
    ),
    _database(
        "database.sessions_lost",
        "Database Sessions Lost",
        "Sessions that were abandoned, killed or ended by an error in the measurement window "
        "(PostgreSQL 14 and newer).",
        "A pool that loses connections opens new ones when it can least afford it.",
        "Compare the time-outs of the pool, of a pooler between and of the server.",
    ),
    _database(
        "database.writes.lost",
        "Acknowledged Writes Lost",
        "Writes that the service acknowledged and that are not in the database after the load.",
        "The customer was told that it is done.",
        "Answer after the commit, never before; do not write from memory later.",
    ),
    _database(
        "database.writes.duplicated",
        "Writes Stored Twice",
        "Writes of the load that are in the database more than once.",
        "A retry must not become a second order.",
        "Make the idempotency key unique, and insert with ON CONFLICT DO NOTHING.",
    ),
    _database(
        "database.writes.phantom",
        "Unacknowledged Writes Stored",
        "Rows of this run that no acknowledged write explains: after a time-out or an error, or without their key.",
        "The client believes that it failed and does it again.",
        "Time out in the service before the client does, and store every write with its key.",
    ),
    _database(
        "database.schema.drift",
        "Schema Drift",
        "Differences between the database and the schema lock, line by line.",
        "What was tested is not what will run.",
        "Apply the missing migration, or review the change and run `readiness schema lock`.",
    ),
    _database(
        "database.schema.destructive",
        "Destructive Schema Changes",
        "Differences from the schema lock that the release before could not live with: gone, narrower, or stricter.",
        "They cannot be rolled back, and fail beside instances that still run the old release.",
        "Expand first, contract one release later.",
    ),
    _database(
        "database.foreign_keys.unindexed",
        "Foreign Keys without Index",
        "Foreign keys whose columns are not the first ones of any index.",
        "Every delete or key change of a parent reads the whole child table under a lock.",
        "`CREATE INDEX CONCURRENTLY` on the key's columns.",
    ),
    _database(
        "database.constraints.unvalidated",
        "Checks Not Validated",
        "CHECK and NOT NULL constraints that are NOT VALID or NOT ENFORCED.",
        "The rule looks active while rows that break it lie below.",
        "Repair the rows, then `ALTER TABLE … VALIDATE CONSTRAINT …`.",
    ),
    _database(
        "database.triggers.disabled",
        "Disabled Triggers",
        "Triggers of the users that are switched off.",
        "A trigger that was disabled for a bulk load and forgotten no longer keeps its promise.",
        "`ALTER TABLE … ENABLE TRIGGER …`, after checking what it missed.",
    ),
    _database(
        "database.primary_keys.missing",
        "Tables without Primary Key",
        "Tables that have no primary key.",
        "Their rows can be doubled and not told apart, and logical replication cannot update them.",
        "Add a primary key, with a unique index built concurrently first.",
    ),
    _database(
        "database.indexes.duplicate",
        "Duplicate Indexes",
        "Indexes that repeat another one exactly.",
        "Each costs every write and memory, and serves nothing that the other does not.",
        "`DROP INDEX CONCURRENTLY` the one that no constraint needs.",
    ),
    _database(
        "database.indexes.redundant",
        "Redundant Indexes",
        "Indexes whose columns are the first ones of a longer index of the same kind, or all those of a unique one.",
        "The other one serves the same reads.",
        "Drop it when the other one is not much larger.",
    ),
    _database(
        "database.indexes.unused",
        "Unused Indexes",
        "Indexes, not unique, that no query has read since the statistics began, at least seven days ago.",
        "They cost every write.",
        "Check the replicas too, which count for themselves, then `DROP INDEX CONCURRENTLY`.",
    ),
    _database(
        "database.indexes.damaged",
        "Damaged Indexes",
        "B-tree indexes in which amcheck finds damage; only with --deep.",
        "A damaged index gives wrong answers without an error.",
        "`REINDEX INDEX CONCURRENTLY`, and search for the cause in storage and collations.",
    ),
    _database(
        "database.sequences.used",
        "Fullest Sequence",
        "Numbers that the fullest sequence has used, of those that its column can hold.",
        "At 100 % every insert fails, and widening the column then rewrites the table.",
        "Widen the column to bigint long before.",
        unit="%",
    ),
    _database(
        "database.transaction_ids.used",
        "Transaction Id Age",
        "Age of the database's oldest transaction or multixact id, of the 2^31 until wraparound.",
        "Near wraparound the server stops taking writes.",
        "Find what holds vacuum back: old transactions, replication slots, prepared transactions.",
        unit="%",
    ),
    _database(
        "database.replication_lag",
        "Replication Lag",
        "How far the server that was counted on is behind its primary; 0 on the primary itself.",
        "Numbers of a standby are those of a moment ago.",
        "Count on the primary, or wait until the standby has caught up.",
        unit="ms",
    ),
)

DATA_METRICS = _database(
    "data",
    "Data",
    "A count, query or invariant of thresholds.yaml, from one read-only snapshot.",
    "The numbers that must add up are the ones that nobody sees until they do not.",
    "Compare the counts in the database section and find the rows that break the rule.",
    better="equal",
)
"""Every `data.<name>`: what a count, query or invariant in thresholds.yaml yields."""
