"""Metrics of the database."""

from __future__ import annotations

from readiness.metrics.metric import Kind, Metric

DATABASE: tuple[Metric, ...] = (
    Metric(
        "database.foreign_keys.unvalidated",
        "Foreign Keys Not Validated",
        "",
        "lower",
        Kind.EXACT,
        "database",
        "Foreign keys that the server does not vouch for: NOT VALID, or with their triggers disabled.",
        "Such a key is listed as active while orphans lie below it.",
        "Repair the rows, then `ALTER TABLE … VALIDATE CONSTRAINT …`.",
    ),
    Metric(
        "database.orphans",
        "Orphaned Rows",
        "",
        "lower",
        Kind.EXACT,
        "database",
        "Rows that point at a row that does not exist, over all declared foreign keys.",
        "An orphan is data that the application cannot reach or that breaks it.",
        "Delete or re-attach the rows, then validate the foreign key.",
    ),
    Metric(
        "database.indexes.invalid",
        "Invalid Indexes",
        "",
        "lower",
        Kind.EXACT,
        "database",
        "Indexes that are not valid or not ready.",
        "A failed concurrent build leaves an index that costs writes and serves no read.",
        "`REINDEX INDEX CONCURRENTLY`, or drop it and build it again.",
    ),
)

DATA = Metric(
    "data",
    "Data",
    "",
    "equal",
    Kind.EXACT,
    "database",
    "A count, query or invariant of thresholds.yaml, from one read-only snapshot.",
    "The numbers that must add up are the ones that nobody sees until they do not.",
    "Compare the counts in the database section and find the rows that break the rule.",
)
"""Every `data.<name>`: what a count, query or invariant in thresholds.yaml yields."""
