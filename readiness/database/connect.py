"""A read-only connection on which every statement ends in bounded time."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from readiness.database.address import parameters, passwords
from readiness.database.reasons import connection_reason, statement_reason
from readiness.errors import NotMeasured

CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_S = 1.0
CANCEL_S = 2.0
"""How long the server may take to obey a cancel before the connection is cut."""
MIN_BUDGET_S = 60.0
OLDEST_SERVER = 120000
"""PostgreSQL 12: the oldest whose catalogues hold what the checks read."""

Row = tuple[Any, ...]
FAILURES = (psycopg.Error, OSError, ValueError, ArithmeticError)
"""What a statement can raise: the server's errors, a lost connection, text that cannot be encoded or decoded."""


class ServerError(NotMeasured):
    """The server refused a statement; `sqlstate` is its five-letter code."""

    def __init__(self, text: str, sqlstate: str) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


class Budget:
    """Bytes that scans may still read, over all connections of a look."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit
        self._lock = threading.Lock()

    def spend(self, size: int, what: str) -> None:
        """Take `size` bytes; raises NotMeasured when that is more than what is left, and takes nothing then."""
        with self._lock:
            if size > self._left:
                left = "" if self._left == self._limit else f" ({_size(self._left)} are left of it)"
                raise NotMeasured(
                    f"{what} would read {_size(size)}, more than database.max_scan allows: {_size(self._limit)}{left}"
                )
            self._left -= size


def _size(size: int) -> str:
    return f"{size / (1 << 30):,.1f} GB" if size >= 1 << 29 else f"{size / (1 << 20):,.1f} MB"


@dataclass(frozen=True, slots=True)
class Session:
    """One open REPEATABLE READ, READ ONLY transaction."""

    connection: psycopg.Connection[Row]
    timeout_s: float
    ends_at: float
    """Monotonic time at which all statements together have used up their time."""
    budget: Budget = field(default_factory=lambda: Budget(10 << 30))

    def rows(self, query: sql.SQL | sql.Composed | bytes) -> list[Row]:
        """The answer to one statement, never more than one; raises NotMeasured with the reason.

        A statement that fails takes only itself down, by a savepoint.
        """
        with self.guarded():
            return extended(self.connection, query)

    def spend(self, size: int, what: str) -> None:
        """Announce a scan; raises NotMeasured when it is too large."""
        self.budget.spend(size, what)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """A savepoint and a deadline around statements; raises NotMeasured with the reason."""
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise NotMeasured("the database checks before this one used up the time for all of them")
        try:
            with _deadline(self.connection, min(self.timeout_s, left_s) + 1.0), self._savepoint():
                yield
        except FAILURES as error:
            reason = statement_reason(error, self.timeout_s, LOCK_TIMEOUT_S)
            raise ServerError(reason, getattr(error, "sqlstate", None) or "") from None

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        self.connection.execute("savepoint readiness")
        try:
            yield
        except (*FAILURES, NotMeasured):
            with suppress(*FAILURES):  # the first error is the one to tell
                self.connection.execute("rollback to savepoint readiness")
            raise
        self.connection.execute("release savepoint readiness")


def extended(connection: psycopg.Connection[Row], query: sql.SQL | sql.Composed | bytes) -> list[Row]:
    """The rows of one statement by the extended protocol, which takes one statement only.

    Without a name, so that nothing is left on a server connection that a pooler gives to the next client.
    """
    return connection.execute(query, binary=True).fetchall()  # the text format would use the simple protocol


@contextmanager
def open_read_only(
    url: str, *, timeout_s: float, budget: Budget | None = None, snapshot: str | None = None
) -> Iterator[Session]:
    """Connect and begin one read-only snapshot, or join the exported `snapshot` of another session.

    Raises NotMeasured, without the URL or a secret, when it cannot, and ConfigError when `url` is no URL.
    """
    with closing(_connect(url, timeout_s)) as connection:
        yield _begin(connection, timeout_s, budget or Budget(10 << 30), snapshot)


def open_autocommit(url: str, *, timeout_s: float) -> psycopg.Connection[Row]:
    """A connection that never stays in a transaction; raises like `open_read_only`."""
    return _connect(url, timeout_s)


def _connect(url: str, timeout_s: float) -> psycopg.Connection[Row]:
    given = parameters(url)
    try:
        try:
            return psycopg.connect(_conninfo(given, timeout_s), autocommit=True)
        except psycopg.OperationalError as error:
            if "startup parameter" not in str(error):
                raise
        # A pooler that takes no start-up options; every transaction sets its own limits (`_begin`).
        return psycopg.connect(_conninfo(given, None), autocommit=True)
    except FAILURES as error:
        reason = connection_reason(error, (*passwords(url), given.get("password", "")))
    raise NotMeasured(reason)  # here and not above: the cause could carry the URL along


def _conninfo(given: dict[str, str], timeout_s: float | None) -> str:
    ours = {
        "application_name": "readiness",
        "client_encoding": "UTF8",
        "connect_timeout": str(CONNECT_TIMEOUT_S),
        "tcp_user_timeout": "5000",  # a server that is gone without a word
    }
    if timeout_s is not None:  # the last one of a name counts
        ours["options"] = f"{given.get('options', '')} {_options(timeout_s)}".strip()
    return make_conninfo("", **(given | ours))


def _settings(timeout_s: float) -> dict[str, str]:
    return {
        "statement_timeout": f"{max(round(timeout_s * 1000), 1)}",
        "lock_timeout": f"{round(LOCK_TIMEOUT_S * 1000)}",
        "idle_in_transaction_session_timeout": "60000",
        "row_security": "off",  # rows that a policy hides must be an error, not a smaller count
        "max_parallel_workers_per_gather": "0",
    }


def _options(timeout_s: float) -> str:
    settings = {"default_transaction_read_only": "on", **_settings(timeout_s)}
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _begin(connection: psycopg.Connection[Row], timeout_s: float, budget: Budget, snapshot: str | None) -> Session:
    try:
        if connection.info.server_version < OLDEST_SERVER:
            raise NotMeasured(f"PostgreSQL 12 or newer is needed, this is {connection.info.server_version // 10000}")
        with _deadline(connection, timeout_s + 1.0):
            connection.execute("begin isolation level repeatable read, read only")
            if snapshot is not None:
                connection.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
            for name, value in _settings(timeout_s).items():  # again: a pooler may drop start-up options
                connection.execute(sql.SQL("set local {} = {}").format(sql.Identifier(name), sql.Literal(value)))
            connection.execute("select 1")  # from the first query on READ ONLY and the snapshot cannot change
    except FAILURES as error:
        reason = statement_reason(error, timeout_s, LOCK_TIMEOUT_S)
    else:
        return Session(connection, timeout_s, time.monotonic() + max(MIN_BUDGET_S, 4 * timeout_s), budget)
    raise NotMeasured(reason)


@contextmanager
def _deadline(connection: psycopg.Connection[Row], limit_s: float) -> Iterator[None]:
    """Cancel what runs after `limit_s`, and cut the connection when even that does not help.

    The server's own statement_timeout comes first; a query can switch that off, or the server may be gone.
    """

    def cancel() -> None:
        with suppress(*FAILURES):
            connection.cancel_safe(timeout=CANCEL_S)

    def cut() -> None:
        with suppress(*FAILURES), socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)

    timers = (threading.Timer(limit_s, cancel), threading.Timer(limit_s + CANCEL_S + 1.0, cut))
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()  # a cancel that is under way must not hit the next statement
