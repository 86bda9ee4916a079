"""Read-only connections on which every wait ends in bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from readiness.database import round_trip, session_settings
from readiness.database.address import parameters, passwords, required_authentication
from readiness.database.reasons import connection_reason, statement_reason
from readiness.database.round_trip import FAILURES, DatabaseConnection, DatabaseQuery, DatabaseRow
from readiness.database.session_settings import LOCK_TIMEOUT_S, READ_ONLY, THEIRS, SessionSettings
from readiness.errors import NotMeasured

_CONNECT_TIMEOUT_S = 5
"""For each address of the URL."""
CONNECT_LIMIT_S = 12.0
"""For all of them, the names looked up."""
MIN_BUDGET_S = 60.0
IDLE_S = 30.0
OURS_S = 5.0
"""For statements of ours that read nothing: begin, settings, commit."""
OLDEST_SERVER = 120000
"""PostgreSQL 12: the oldest whose catalogues hold what the checks read."""


class ServerError(NotMeasured):
    """The server refused a statement; `sqlstate` is its five-letter code."""

    def __init__(self, text: str, sqlstate: str, position: int = 0) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate
        self.position = position
        """In the statement, counted from 1; 0 where the server names none."""


class Budget:
    """Bytes that scans may still read, over all connections of a snapshot."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._left = limit
        self._lock = threading.Lock()

    def spend(self, size: int, what: str, does: str = "would read") -> None:
        """Take `size` bytes; raises NotMeasured when that is more than what is left, and takes nothing then."""
        with self._lock:
            if size > self._left:
                left = "" if self._left == self.limit else f" ({shown_size(self._left)} are left of it)"
                raise NotMeasured(
                    f"{what} {does} {shown_size(size)}, more than database.max_scan allows: "
                    f"{shown_size(self.limit)}{left}"
                )
            self._left -= size


def shown_size(size: int) -> str:
    """`size` bytes in MB or GB."""
    return f"{size / (1 << 30):,.1f} GB" if size >= 1 << 29 else f"{size / (1 << 20):,.1f} MB"


@dataclass(frozen=True, slots=True)
class Session:
    """One open REPEATABLE READ, READ ONLY transaction."""

    connection: DatabaseConnection
    url: str
    timeout_s: float
    ends_at: float
    """Monotonic time at which all statements together have used up their time."""
    settings: SessionSettings
    """What must hold while a statement runs, as the server writes it."""
    snapshot: str
    """The exported name of what it sees."""
    any_function: bool = False
    """Whether SQL of thresholds.yaml may call what it likes: the role was allowed by name."""
    budget: Budget = field(default_factory=lambda: Budget(10 << 30))

    def rows(self, query: DatabaseQuery, meanwhile: Callable[[], None] | None = None) -> list[DatabaseRow]:
        """The answer to one statement, never more than one; raises NotMeasured with the reason.

        A statement that fails takes only itself down, by a savepoint; what `meanwhile` raises takes the connection.
        """
        with self.guarded() as limit_s:
            return round_trip.extended(self.connection, query, limit_s, meanwhile)

    def under(self, **others: str) -> Session:
        """The same transaction, its statements under `others` of the settings."""
        return replace(self, settings={**self.settings, **others})

    @contextmanager
    def beside(self) -> Iterator[Session]:
        """Another connection that sees the same snapshot, in the time and bytes of this one; raises NotMeasured."""
        with closing(_connect(self.url)) as connection:
            joined = _begin(connection, self.url, self.timeout_s, self.budget, self.snapshot)
            yield replace(joined, ends_at=self.ends_at, any_function=self.any_function)

    def spend(self, size: int, what: str, does: str = "would read") -> None:
        """Announce a scan; raises NotMeasured when it is too large."""
        self.budget.spend(size, what, does)

    @contextmanager
    def guarded(self) -> Iterator[float]:
        """A savepoint and our settings around one statement, and its time in seconds; raises NotMeasured."""
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise NotMeasured("the database checks before this one used up the time for all of them")
        limit_s = min(self.timeout_s, left_s)
        try:
            with self._savepoint():
                yield limit_s + 1.0
        except FAILURES as error:
            reason = statement_reason(error, limit_s, LOCK_TIMEOUT_S)
            position = error.diag.statement_position if isinstance(error, psycopg.Error) else None
            raise ServerError(reason, getattr(error, "sqlstate", None) or "", int(position or 0)) from None

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        begin = sql.SQL("savepoint readiness; {}").format(session_settings.setting(self.settings))
        round_trip.simple(self.connection, begin, OURS_S)
        try:
            yield
            expected = {**self.settings, READ_ONLY: "on"}
            found = round_trip.row(self.connection, session_settings.reading(tuple(expected)), OURS_S)
            session_settings.same(expected, found)
        except (*FAILURES, NotMeasured):
            with suppress(*FAILURES):  # the first error is the one to tell
                round_trip.simple(self.connection, _UNDO, OURS_S)
            raise
        round_trip.simple(self.connection, b"release savepoint readiness", OURS_S)


_UNDO = b"rollback to savepoint readiness; release savepoint readiness"


@dataclass(frozen=True, slots=True)
class Sampling:
    """A connection on which every statement is a short read-only transaction of its own.

    In one as long as the load the statistics would stand still, and vacuum would be held back.
    """

    connection: DatabaseConnection
    timeout_s: float

    @property
    def server_version(self) -> int:
        """Such as 180001."""
        return self.connection.info.server_version

    def rows(self, query: DatabaseQuery) -> list[DatabaseRow]:
        """The answer to one statement; raises psycopg's errors, and NotMeasured when it changed our settings."""
        wanted = session_settings.ours(self.timeout_s, IDLE_S)
        begin = sql.SQL("begin isolation level read committed, read only; {set}; {read}").format(
            set=session_settings.setting(wanted), read=session_settings.reading(tuple(wanted))
        )
        try:
            before = round_trip.row(self.connection, begin, OURS_S)
            found = round_trip.extended(self.connection, query, self.timeout_s + 1.0)
            after = round_trip.row(self.connection, session_settings.reading((*wanted, READ_ONLY)), OURS_S)
            session_settings.same({**dict(zip(wanted, before, strict=True)), READ_ONLY: "on"}, after)
        except (*FAILURES, NotMeasured):
            with suppress(*FAILURES):
                round_trip.simple(self.connection, b"rollback", OURS_S)
            raise
        round_trip.simple(self.connection, b"commit", OURS_S)
        return found

    def close(self) -> None:
        """Never waits."""
        self.connection.close()


@contextmanager
def open_read_only(url: str, *, timeout_s: float, budget: Budget | None = None) -> Iterator[Session]:
    """Connect and begin one read-only snapshot.

    Raises NotMeasured, without the URL or a secret, when it cannot, and ConfigError when `url` is no URL.
    """
    with closing(_connect(url)) as connection:
        yield _begin(connection, url, timeout_s, budget or Budget(10 << 30), "")


def open_sampling(url: str, *, timeout_s: float) -> Sampling:
    """Connect for samples; raises like `open_read_only`."""
    return Sampling(_connect(url), timeout_s)


def _connect(url: str) -> DatabaseConnection:
    given = parameters(url)
    try:
        return _within(CONNECT_LIMIT_S, _conninfo(given))
    except FAILURES as error:
        reason = connection_reason(error, (*passwords(url), given.get("password", "")))
    raise NotMeasured(reason)  # here and not above: the cause could carry the URL along


def _within(limit_s: float, conninfo: str) -> DatabaseConnection:
    """A connection, or ConnectionTimeout: what looks up names or proves who we are has no end of its own."""
    opened: SimpleQueue[DatabaseConnection | Exception] = SimpleQueue()
    late = threading.Event()

    def connect() -> None:
        try:
            connection = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
        except FAILURES as error:
            opened.put(error)
            return
        opened.put(connection)
        if late.is_set():
            connection.close()

    threading.Thread(target=connect, daemon=True).start()
    try:
        found = opened.get(timeout=limit_s)
    except Empty:
        late.set()
        raise psycopg.errors.ConnectionTimeout("connection timeout expired") from None
    if isinstance(found, Exception):
        raise found
    return found


def _conninfo(given: dict[str, str]) -> str:
    ours = {
        "application_name": "readiness",
        "client_encoding": "UTF8",
        "connect_timeout": str(_CONNECT_TIMEOUT_S),
        "tcp_user_timeout": "5000",  # a server that is gone without a word
    }
    return make_conninfo("", **(given | ours | required_authentication(given)))


def _begin(connection: DatabaseConnection, url: str, timeout_s: float, budget: Budget, snapshot: str) -> Session:
    total_s = max(MIN_BUDGET_S, 4 * timeout_s)
    begin = sql.SQL("begin isolation level repeatable read, read only")
    join = sql.SQL("; set transaction snapshot {}").format(sql.Literal(snapshot)) if snapshot else sql.SQL("")
    wanted = session_settings.ours(timeout_s, total_s + IDLE_S)
    names = (*wanted, *THEIRS)
    try:
        if connection.info.server_version < OLDEST_SERVER:
            raise NotMeasured(f"PostgreSQL 12 or newer is needed, this is {connection.info.server_version // 10000}")
        # From the first query on, READ ONLY and the snapshot cannot change.
        prepare = sql.SQL("{}{}; {}").format(begin, join, session_settings.setting(wanted))
        round_trip.simple(connection, prepare, OURS_S)
        if not snapshot:  # a savepoint could not export it
            (snapshot,) = round_trip.row(connection, b"select pg_catalog.pg_export_snapshot()", OURS_S)
        found = round_trip.row(connection, session_settings.reading(names), OURS_S)
    except FAILURES as error:
        reason = statement_reason(error, OURS_S, LOCK_TIMEOUT_S)
    else:
        expected = {name: str(value) for name, value in zip(names, found, strict=True)}
        return Session(connection, url, timeout_s, time.monotonic() + total_s, expected, str(snapshot), budget=budget)
    raise NotMeasured(reason)
