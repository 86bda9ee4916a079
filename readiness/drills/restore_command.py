"""A backup restored into a scratch database: the command, what is there afterwards, and the metrics of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Protocol

from readiness.config.model import Check, Config
from readiness.config.restore import RESTORE
from readiness.drills.commands import Commands, Ran, commander, shown
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Drilled, Measurement
from readiness.metrics import restore as names
from readiness.metrics.catalogue import is_restore
from readiness.text import clean
from readiness.text.numbers import count

if TYPE_CHECKING:
    from readiness.database.restored_rows import BeforeRestore, Restored

_SOURCE = "restore"
_POLL_S = 0.1
_MOST_DETAILS = 50


class RestoreReader(Protocol):
    """Who reads both databases; both calls raise NotMeasured."""

    def before_restore(self, scratch_url: str) -> BeforeRestore:
        """The service's rows and schema, and what the scratch database holds already."""
        ...

    def after_restore(self, scratch_url: str, known: BeforeRestore, wanted: AbstractSet[str]) -> Restored:
        """What was restored."""
        ...


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What the report gets of it."""

    measurements: tuple[Measurement, ...] = ()
    courses: tuple[Drilled, ...] = ()
    notes: tuple[str, ...] = ()


def restore(
    config: Config,
    scratch_url: str,
    reader: RestoreReader,
    environment: Mapping[str, str],
    interrupted: Callable[[], bool],
) -> RestoreResult:
    """Run the command, compare what it restored with the service's database, and run the undo, whatever happens."""
    from readiness.database.restored_rows import kept  # late: it imports psycopg

    assert config.restore is not None
    drills = {RESTORE: config.restore.drill}
    keeps = kept(config.checks, config.database)
    notes: list[str] = []
    try:
        known = reader.before_restore(scratch_url)
        with commander(drills, environment, str(Path(config.file).resolve().parent)) as commands:
            assert commands is not None
            try:
                ran = _run(commands, interrupted)
                notes.append(f"Restore, command: {ran.words(config.restore.command)}.")
                if ran.problem:
                    raise NotMeasured(f"its command {ran.words(config.restore.command)}")
                found = reader.after_restore(scratch_url, known, {check.metric for check in keeps})
            finally:
                if config.restore.undo:
                    notes += _undone(commands, config.restore.undo)
    except NotMeasured as error:
        return unavailable(clean(error), config, tuple(notes))
    course = Drilled(RESTORE, _words(config), 0.0, round(ran.ended_s - ran.began_s, 3))
    return RestoreResult(_measurements(config, keeps, ran, known, found), (course,), tuple(notes))


def unavailable(reason: str, config: Config, notes: tuple[str, ...] = ()) -> RestoreResult:
    """Nothing was restored: what the checks ask for, each with the reason."""
    asked = dict.fromkeys(check.metric for check in config.checks if is_restore(check.metric))
    missing = tuple(Measurement(metric, None, None, _SOURCE, reason=reason) for metric in asked)
    return RestoreResult(missing, (Drilled(RESTORE, _words(config), problem=reason),), notes)


def _words(config: Config) -> str:
    assert config.restore is not None
    return f"`{shown(config.restore.command)}` was run"


def _run(commands: Commands, interrupted: Callable[[], bool]) -> Ran:
    over = Event()
    with ThreadPoolExecutor(1, thread_name_prefix=RESTORE) as pool:
        running = pool.submit(commands.run, RESTORE, over)
        while not running.done():
            if interrupted():
                over.set()
            wait((running,), _POLL_S)
        return running.result()


def _undone(commands: Commands, line: tuple[str, ...]) -> list[str]:
    """What became of the undo, for the report: it decides nothing, because everything is counted before it."""
    try:
        return [f"Restore, undo: {commands.undo(RESTORE).words(line)}."]
    except NotMeasured as error:
        return [f"Restore, undo: {clean(error)}."]


def _measurements(
    config: Config, keeps: Collection[Check], ran: Ran, known: BeforeRestore, found: Restored
) -> tuple[Measurement, ...]:
    asked = {check.metric for check in config.checks}
    lasted_ms = 1000 * (ran.ended_s - ran.began_s)
    measured = [
        Measurement(names.RESTORE_DURATION, None, lasted_ms, _SOURCE),
        _rows(names.ROWS_MISSING, known, found, lambda was, now: was - now),
        _rows(names.ROWS_SURPLUS, known, found, lambda was, now: now - was),
        _contents(found),
        _checks(keeps, found),
        _changes(found),
    ]
    return tuple(one for one in measured if one.reason is None or one.metric in asked)


def _rows(metric: str, known: BeforeRestore, found: Restored, differ: Callable[[int, int], int]) -> Measurement:
    """Differences of each count, added up; one that is not known leaves none for the whole."""
    total, details, reasons, rows = 0, [], [], 0
    for name, was in known.rows.items():
        now = found.rows[name]
        if isinstance(was, str) or isinstance(now, str):
            reasons += [f"the service's {was}"] if isinstance(was, str) else []
            reasons += [f"the restored {now}"] if isinstance(now, str) else []
            continue
        off = max(differ(int(was), int(now)), 0)
        total, rows = total + off, rows + int(was)
        details.append(Detail(name, f"{int(now):,} restored of {int(was):,}", off == 0))
    if not known.rows:
        reasons.append("the file counts nothing; give it database.counts")
    elif not rows and not reasons and metric == names.ROWS_MISSING:
        reasons.append("the counts of the service's database found no row, so none could be missing")
    reason = "; ".join(dict.fromkeys(reasons)) or None
    return Measurement(metric, None, None if reason else float(total), _SOURCE, rows, reason, None, tuple(details))


def _contents(found: Restored) -> Measurement:
    """Rows that differ, added up; a table that could not be compared leaves no number for the whole."""
    known = {table: one for table, one in found.changed.items() if not isinstance(one, str)}
    reasons = [one for one in found.changed.values() if isinstance(one, str)]
    if not found.changed:
        reasons.append("the file counts no table; give it database.counts")
    details = tuple(
        Detail(
            table, f"{one.changed:,} of {count(one.rows, 'restored row')} not as the service has them", not one.changed
        )
        for table, one in known.items()
    )
    reason = "; ".join(dict.fromkeys(reasons)) or None
    value = None if reason else float(sum(one.changed for one in known.values()))
    rows = sum(one.rows for one in known.values())
    return Measurement(names.ROWS_CHANGED, None, value, _SOURCE, rows, reason, None, details)


def _checks(checks: Collection[Check], found: Restored) -> Measurement:
    details, unknown, failed = [], [], 0
    for check in checks:
        one = found.checked.get(check.metric)
        if one is None or one.value is None:
            unknown.append(f"{check.key}: {one.reason if one else 'nothing measures this'}")
            details.append(Detail(check.key, "not measured", None, unknown[-1]))
            continue
        holds = any(limit.holds(one.value) for limit in (check.pass_limit, check.warn_limit) if limit)
        failed += not holds
        details.append(Detail(check.key, f"{one.value:,.15g}", holds, f"needs {check.pass_limit.text}"))
    sequences = _sequences(found)
    failed += sum(detail.ok is False for detail in sequences)
    reason = None
    if not checks and not failed:
        reason = "the file has no check of data.… or of the database's structure that a backup must keep"
    elif unknown and not failed:  # with one that fails, it has failed, whatever the others are
        reason = f"{count(len(unknown), 'check')} could not be measured there: {clean('; '.join(unknown), 300)}"
    value = None if reason else float(failed)
    details += sorted(sequences, key=lambda detail: detail.ok is not False)[:_MOST_DETAILS]
    return Measurement(names.CHECKS_FAILED, None, value, _SOURCE, len(checks), reason, None, tuple(details))


def _sequences(found: Restored) -> list[Detail]:
    """Each one whose next value may be there already, and each that nobody could check."""
    details = []
    for one, stands in found.sequences.items():
        if isinstance(stands, str):
            details.append(Detail(one.subject, "not checked", None, clean(stands, 300)))
        elif stands.behind:
            note = f"{one.place} holds {stands.furthest:,}"
            if stands.as_in_service:
                note += "; behind it in the service's database too"
            details.append(
                Detail(one.subject, f"next value {stands.next_value:,}", None if stands.as_in_service else False, note)
            )
    return details


def _changes(found: Restored) -> Measurement:
    details = [
        Detail(clean(one.subject), "new" if one.before is None else "gone" if one.after is None else "changed", False)
        for one in found.changes[:_MOST_DETAILS]
    ]
    return Measurement(names.SCHEMA_CHANGES, None, float(len(found.changes)), _SOURCE, details=tuple(details))
