"""The acknowledged-write ledger: rows of the database against what the service said it has.

Lost: acknowledged and not there. Duplicated: there more than once. Phantom: there without an acknowledgement, as after
a time-out, or a row of this run that no write of ours explains, as after a retry without its key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from psycopg import sql

from readiness.config.model import Database, Writes
from readiness.database import round_trip
from readiness.database.connect import Budget, Session, open_read_only
from readiness.database.fact_names import SOURCE
from readiness.database.identifiers import identifier, table_bytes
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.measurements.writes import WriteBook, WriteCount, WriteKeys, WritePart, WritesFound
from readiness.text import clean

LOST, DUPLICATED, PHANTOM = "database.writes.lost", "database.writes.duplicated", "database.writes.phantom"
WRITE_METRICS = (LOST, DUPLICATED, PHANTOM)
LATE_S = 5.0
"""How long an acknowledged row may still take to appear before it is lost, and a late retry to store one again."""
_EVERY_S = 0.5
EXAMPLES = 5


@dataclass(slots=True)
class WriteRows:
    """What one reading of the table found."""

    total: int = 0
    by_user: dict[int, np.ndarray] = field(default_factory=dict)
    """User to how often each of its writes is there, 255 at most."""
    strange: int = 0
    """Rows of the run that no write of ours explains."""
    strange_examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The book against the rows: how many, and a few of each."""

    rows: int
    lost: tuple[int, tuple[str, ...]]
    duplicated: tuple[int, tuple[str, ...]]
    phantom: tuple[int, tuple[str, ...]]


def reconcile(url: str, section: Database, book: WriteBook | None, stop: Callable[[], bool]) -> tuple[Measurement, ...]:
    """The three measurements; waits LATE_S for rows that are not there yet or come twice."""
    assert section.writes is not None
    try:
        if book is None or book.sent == 0:
            raise NotMeasured(f"no write was sent: {_who(section.writes)} took no key from self.write_key()")
        if book.acknowledged == 0:
            raise NotMeasured(f"none of {book.sent:,} writes was acknowledged, so none can be missing")
        _, found, waited_s, standby = _compare(url, section, book, stop)
    except NotMeasured as error:
        reason = f"writes{f' (line {section.writes.line})' if section.writes.line else ''}: {error}"
        return unavailable(reason)
    return _measurements(found, book, waited_s, standby)


def reconcile_parts(
    url: str, section: Database, book: WriteBook, parts: Mapping[str, WritePart], stop: Callable[[], bool]
) -> Mapping[str, WritesFound]:
    """What the rows say of each part of the book; waits as `reconcile` does. Raises NotMeasured."""
    rows, _, waited_s, standby = _compare(url, section, book, stop)
    return {name: _found(book, rows, part, waited_s, standby) for name, part in parts.items()}


def _found(book: WriteBook, rows: WriteRows, part: WritePart, waited_s: float, standby: bool) -> WritesFound:
    within = compare(book, rows, part)
    acknowledged = sum(
        bytes(marks[part[user][0] - 1 : part[user][1]]).count(1) for user, marks in book.users() if user in part
    )
    found = {one.metric: one for one in _measurements(within, book, waited_s, standby)}
    lost, duplicated = (
        WriteCount(count, tuple(line for line in found[metric].details if line.ok is False), found[metric].reason)
        for metric, count in ((LOST, within.lost[0]), (DUPLICATED, within.duplicated[0]))
    )
    return WritesFound(acknowledged, lost, duplicated)


def unavailable(reason: str) -> tuple[Measurement, ...]:
    """The three measurements without a value."""
    return tuple(Measurement(metric, None, None, SOURCE, reason=reason) for metric in WRITE_METRICS)


def _who(writes: Writes) -> str:
    return f"the scenario {writes.scenario}" if writes.scenario else "the scenarios"


def _compare(
    url: str, section: Database, book: WriteBook, stop: Callable[[], bool]
) -> tuple[WriteRows, Reconciliation, float, bool]:
    assert section.writes is not None
    begun_s, reads_again = time.monotonic(), True
    while True:
        read_s = time.monotonic() - begun_s
        budget = Budget(section.max_scan_bytes)  # each reading scans the table again, and LATE_S bounds their number
        with open_read_only(url, timeout_s=section.statement_timeout_s, budget=budget) as session:
            (standby,) = session.rows(b"select pg_catalog.pg_is_in_recovery()")[0]
            rows = _rows(session, section.writes, book)
            found = compare(book, rows)
        wrong = found.duplicated[0] or found.phantom[0]
        if read_s >= LATE_S or (found.lost[0] == 0 and (wrong or not reads_again)) or stop():
            return rows, found, time.monotonic() - begun_s, bool(standby)
        if found.lost[0]:
            time.sleep(_EVERY_S)
            continue
        reads_again = False  # nothing is wrong yet: one reading more at the end finds what a retry stores again
        while time.monotonic() - begun_s < LATE_S and not stop():
            time.sleep(_EVERY_S)


def _rows(session: Session, writes: Writes, book: WriteBook) -> WriteRows:
    """Every row of the run, streamed: memory is a byte for each write."""
    table, keys = identifier(writes.table), WriteKeys(book.run_id)
    session.spend(table_bytes(session, table), f"a scan of {writes.table}")
    key = sql.SQL("{}::pg_catalog.text").format(sql.Identifier(writes.key))
    if writes.run is not None:
        ours = sql.SQL("{}::pg_catalog.text = {}").format(sql.Identifier(writes.run), sql.Literal(book.run_id))
    else:
        ours = sql.SQL("pg_catalog.starts_with({key}, {text}) or pg_catalog.starts_with({key}, {uuid})").format(
            key=key, text=sql.Literal(f"{book.run_id}."), uuid=sql.Literal(keys.uuid(0, 1)[:18])
        )
    query = sql.SQL("copy (select {} from {} where {}) to stdout").format(key, table, ours)
    rows = WriteRows(by_user={user: np.zeros(len(marks), np.uint8) for user, marks in book.users()})
    with session.guarded() as limit_s:
        for line in round_trip.copied(session.connection, query, limit_s):
            _take(line, rows, keys)
    return rows


def _take(line: bytes, rows: WriteRows, keys: WriteKeys) -> None:
    text = line.decode(errors="replace").rstrip("\n")
    rows.total += 1
    write = keys.write_of(text)
    counts = rows.by_user.get(write[0]) if write else None
    if write is None or counts is None or not 1 <= write[1] <= len(counts):
        rows.strange += 1
        if len(rows.strange_examples) < EXAMPLES:
            rows.strange_examples.append(
                "a row without a key" if text == "\\N" else f"a row with the key {clean(text, 80)}"
            )
        return
    counts[write[1] - 1] = min(int(counts[write[1] - 1]) + 1, 255)


def compare(book: WriteBook, rows: WriteRows, part: WritePart | None = None) -> Reconciliation:
    """What is missing, double or unexplained, of the whole book or of a part of it. Pure."""
    keys = WriteKeys(book.run_id)
    found: list[tuple[int, list[str]]] = [(0, []), (0, []), (rows.strange, list(rows.strange_examples))]
    for user, marks in book.users():
        said = np.frombuffer(bytes(marks), np.uint8).astype(bool)
        there = rows.by_user[user]
        for place, which in enumerate((said & (there == 0), there > 1, ~said & (there > 0))):
            count, examples = found[place]
            numbers = np.flatnonzero(which)
            if part is not None:
                first, last = part.get(user, (1, 0))
                numbers = numbers[(numbers >= first - 1) & (numbers < last)]
            examples += [keys.text(user, int(number) + 1) for number in numbers[: EXAMPLES - len(examples)]]
            found[place] = (count + len(numbers), examples)
    lost, duplicated, phantom = ((count, tuple(examples)) for count, examples in found)
    return Reconciliation(rows.total, lost, duplicated, phantom)


def _measurements(found: Reconciliation, book: WriteBook, waited_s: float, standby: bool) -> tuple[Measurement, ...]:
    summary: tuple[Detail, ...] = (
        Detail("acknowledged", f"{book.acknowledged:,} of {book.sent:,} writes sent", None),
        Detail("rows of this run", f"{found.rows:,}", None),
    )
    if waited_s >= _EVERY_S:
        summary += (Detail("waited for late rows", f"{waited_s:.1f} s", None),)
    measured = []
    for metric, (count, examples) in zip(WRITE_METRICS, (found.lost, found.duplicated, found.phantom), strict=True):
        reason = None
        if count == 0 and not book.complete:
            reason = "the load's own record of its writes is not complete, so 0 is no evidence"
        elif metric == LOST and count == 0 and book.mostly_unconfirmed:
            reason = (
                f"only {book.acknowledged:,} of {book.sent:,} writes were acknowledged and the others did not fail, so "
                "0 lost is no evidence: call self.acknowledged(key) for every answer that says a write is stored"
            )
        elif metric == LOST and count and standby:
            reason = (
                f"{count:,} acknowledged writes are not on this standby, which may be behind; use the primary's URL"
            )
        details = (*(Detail(example, metric.rpartition(".")[2], False) for example in examples), *summary)
        value = None if reason else float(count)
        measured.append(
            Measurement(metric, None, value, SOURCE, samples=book.acknowledged, reason=reason, details=details)
        )
    return tuple(measured)
