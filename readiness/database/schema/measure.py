"""database.schema.drift and database.schema.destructive: the database against the lock of the repository."""

from __future__ import annotations

from pathlib import Path

from readiness.config.database import MAX_LOCK_BYTES
from readiness.config.model import Database
from readiness.database.connect import Session
from readiness.database.fact_names import SOURCE
from readiness.database.schema import lines
from readiness.database.schema.drift import SchemaChange, compare
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.text import clean
from readiness.text.foreign_files import Missing, read_text

_DRIFT, DESTRUCTIVE = "database.schema.drift", "database.schema.destructive"
SCHEMA_METRICS = (_DRIFT, DESTRUCTIVE)
_SHOWN = 100
CONTEXT = 40
"""Characters before the first difference that are shown of a long line."""


def measure(session: Session, database: Database) -> tuple[Measurement, ...]:
    """Both measurements, with every difference as a line of their details."""
    try:
        lock, roles = _lock(database)
        changes = compare(lock, lines.read(session, database.schemas, roles=roles))
    except (NotMeasured, ValueError) as error:
        return tuple(Measurement(metric, None, None, SOURCE, reason=str(error)) for metric in SCHEMA_METRICS)
    harm = tuple(change for change in changes if change.destructive)
    return (
        Measurement(_DRIFT, None, float(len(changes)), SOURCE, details=_details(changes)),
        Measurement(DESTRUCTIVE, None, float(len(harm)), SOURCE, details=_details(harm)),
    )


def _lock(database: Database) -> tuple[tuple[str, ...], bool]:
    if database.schema_lock is None:
        raise NotMeasured("database.schema_lock names no file; write one with `readiness schema lock`")
    path = Path(database.schema_lock)
    try:
        return lines.parse(read_text(path, MAX_LOCK_BYTES, below=path.parent))
    except Missing:
        raise NotMeasured(f"{path.name}: there is no such file; write it with `readiness schema lock`") from None
    except ValueError as error:
        raise NotMeasured(f"{path.name}: {clean(error)}") from None


def _details(changes: tuple[SchemaChange, ...]) -> tuple[Detail, ...]:
    found = [
        Detail(
            clean(change.subject),
            "new" if change.before is None else "gone" if change.after is None else "changed",
            False if change.destructive else None,
            clean(
                "; ".join(part for part in (_words(change), change.why or change.remark or _harmless(change)) if part)
            ),
        )
        for change in sorted(changes, key=lambda change: not change.destructive)[:_SHOWN]
    ]
    if len(changes) > _SHOWN:
        found.append(Detail("more", f"{len(changes) - _SHOWN:,} differences", None))
    return tuple(found)


def _harmless(change: SchemaChange) -> str:
    return "the release before this one runs without it" if change.after is None else "additive"


def _shown_from(before: str, after: str) -> int:
    """Where to begin, so that the first difference of two long lines is seen."""
    same = next((at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), 0)
    return same - CONTEXT if same > 2 * CONTEXT else 0


def _words(change: SchemaChange) -> str:
    match change.before, change.after:
        case None, after:
            return after or ""
        case before, None:
            return f"was {before}" if before else ""
        case str(before), str(after):
            start = _shown_from(before, after)
            dots = "…" if start else ""
            return f"{dots}{before[start:]} -> {dots}{after[start:]}"
