"""One exchange with the server: send, wait for the whole answer, and give up in bounded time and memory.

libpq waits without end for a server that is stopped, and keeps what one sends that never stops. So every wait on an
open connection is made here, against a deadline of our own and a cap on the bytes that arrive.
"""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import capabilities, errors, pq, sql
from psycopg.adapt import Transformer

from readiness.errors import NotMeasured

CANCEL_S = 2.0
"""How long the server may take to obey a cancel before the connection is closed."""
_MAX_BYTES = 32 << 20
"""Of one answer, or of one row of a copy."""
MEANWHILE_S = 0.1
"""Some 100 MB of temporary files of a query, on a quick disk."""
_MAX_ROWS = 200_000
MAX_COLUMNS = 64
MAX_RESULTS = 100
"""Of one exchange: ours have a dozen statements at most. A server that asks for data makes libpq give one for ever."""

DatabaseRow = tuple[Any, ...]
DatabaseQuery = sql.SQL | sql.Composed | bytes
DatabaseConnection = psycopg.Connection[DatabaseRow]
FAILURES = (psycopg.Error, OSError, ValueError, ArithmeticError)
"""What an exchange can raise: the server's errors, a lost connection, text that cannot be encoded or decoded."""
_ASKS = (pq.ExecStatus.COPY_IN, pq.ExecStatus.COPY_BOTH)
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.NONFATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)


class ServerSilent(psycopg.OperationalError):
    """The server answered neither the statement nor the cancel; the connection is closed."""


class TooMuch(psycopg.OperationalError):
    """The answer is larger than any that was asked for; the connection is closed."""


@dataclass(slots=True)
class _Wait:
    """The deadline and the bytes of one exchange."""

    connection: DatabaseConnection
    limit_s: float
    until_s: float
    meanwhile: Callable[[], None] | None = None
    received_before: int = 0
    received: int = 0
    cancelled: bool = False

    def ready(self, events: int) -> None:
        """Block until the socket is; raises Silent when that takes too long, and what `meanwhile` raises."""
        poll = select.poll()
        poll.register(self.connection.pgconn.socket, events)
        while not poll.poll(1000 * self._patience_s()):
            if time.monotonic() >= self.until_s:
                self._expire()
            elif self.meanwhile is not None:
                self._use_wait(self.meanwhile)

    def _patience_s(self) -> float:
        left_s = max(self.until_s - time.monotonic(), 0)
        return left_s if self.meanwhile is None else min(left_s, MEANWHILE_S)

    def _use_wait(self, meanwhile: Callable[[], None]) -> None:
        try:
            meanwhile()
        except NotMeasured:
            self._cancel()
            self.connection.close()
            raise

    def read(self) -> None:
        """Take in what has arrived, after a wait for it; raises TooMuch beyond _MAX_BYTES."""
        self.ready(select.POLLIN)
        waiting = _waiting(self.connection.pgconn.socket)
        self.connection.pgconn.consume_input()
        total = _received(self.connection.pgconn.socket)
        self.received = self.received + waiting if total is None else total - self.received_before
        if self.received > _MAX_BYTES:
            self.connection.close()
            raise TooMuch(f"the server sent more than {_MAX_BYTES >> 20} MB for one answer")

    def restart_count(self) -> None:
        """What has arrived until now belongs to an answer that is taken."""
        self.received_before = _received(self.connection.pgconn.socket) or 0
        self.received = 0

    def _expire(self) -> None:
        """The server's own statement_timeout comes first; a query can switch that off, or the server may be gone."""
        if self.cancelled:
            self.connection.close()
            raise ServerSilent(f"the server did not answer within {self.limit_s:g} s, nor obey a cancel")
        self.cancelled = True
        self._cancel()
        self.until_s = time.monotonic() + CANCEL_S

    def _cancel(self) -> None:
        if capabilities.has_cancel_safe():  # the older cancel would wait for the server itself
            with suppress(*FAILURES):
                self.connection.cancel_safe(timeout=CANCEL_S)


def exchange(
    connection: DatabaseConnection,
    send: Callable[[pq.abc.PGconn], None],
    limit_s: float,
    meanwhile: Callable[[], None] | None = None,
) -> tuple[pq.abc.PGresult, ...]:
    """Every result of what `send` sends; raises psycopg's errors, among them Silent and TooMuch.

    `meanwhile` is called again and again during the wait; when it raises NotMeasured the statement is cancelled and
    the connection closed.
    """
    wait = _begin(connection, send, limit_s)
    wait.meanwhile = meanwhile
    results = []
    while (result := _next(wait)) is not None:
        if result.status in _FAILED:
            _drain(wait)
            raise errors.error_from_result(result, encoding="utf-8")
        if result.nfields > MAX_COLUMNS or result.ntuples > _MAX_ROWS:
            connection.close()
            raise TooMuch(f"the answer has more than {MAX_COLUMNS} columns or {_MAX_ROWS:,} rows")
        results.append(result)
        if result.status == pq.ExecStatus.COPY_OUT:
            break
        if result.status in _ASKS or len(results) > MAX_RESULTS:
            connection.close()
            raise TooMuch("the server asks for data, or answers more than was asked")
    return tuple(results)


def simple(connection: DatabaseConnection, text: DatabaseQuery, limit_s: float) -> list[DatabaseRow]:
    """The rows of the last of several statements of ours; raises psycopg's errors."""
    query = _bytes(connection, text)
    results = exchange(connection, lambda pgconn: pgconn.send_query(query), limit_s)
    shown = [result for result in results if result.status == pq.ExecStatus.TUPLES_OK]
    return _rows(connection, _last(shown)) if shown else []


def row(connection: DatabaseConnection, text: DatabaseQuery, limit_s: float) -> DatabaseRow:
    """The one row of the last of several statements of ours; raises psycopg's errors."""
    rows = simple(connection, text, limit_s)
    if len(rows) != 1:
        raise psycopg.DataError("the server answered a setting without a row")
    return rows[0]


def extended(
    connection: DatabaseConnection, text: DatabaseQuery, limit_s: float, meanwhile: Callable[[], None] | None = None
) -> list[DatabaseRow]:
    """The rows of one statement, by the protocol that takes one only; raises psycopg's errors.

    It has no name, so that nothing is left on a server connection that a pooler gives to the next client.
    """
    query = _bytes(connection, text)

    def send(pgconn: pq.abc.PGconn) -> None:
        pgconn.send_query_params(query, None, result_format=pq.Format.BINARY)

    return _rows(connection, _last(exchange(connection, send, limit_s, meanwhile)))


def copied(connection: DatabaseConnection, text: DatabaseQuery, limit_s: float) -> Iterator[bytes]:
    """The lines of a `copy … to stdout`, which may be more than fit into memory; raises psycopg's errors."""
    query = _bytes(connection, text)
    begun_s = time.monotonic()
    exchange(connection, lambda pgconn: pgconn.send_query(query), limit_s)
    wait = _Wait(connection, limit_s, begun_s + limit_s)
    wait.restart_count()
    while True:
        size, data = connection.pgconn.get_copy_data(1)
        if size > 0:
            wait.restart_count()
            yield bytes(data)
        elif size == 0:
            wait.read()
        else:
            break
    for _ in range(MAX_RESULTS):
        if (result := _next(wait)) is None:
            return
        if result.status in _FAILED:
            _drain(wait)
            raise errors.error_from_result(result, encoding="utf-8")
    connection.close()
    raise TooMuch("the server answers more than was asked")


def _waiting(descriptor: int) -> int:
    """Bytes that can be read at once."""
    return int(struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4))[0])


def _received(descriptor: int) -> int | None:
    """Bytes that TCP received on this connection (Linux `tcpi_bytes_received`); None for any other socket.

    One read of libpq takes more than what waited when it began, so waiting bytes alone are too few.
    """
    if sys.platform != "linux":
        return None
    with socket.socket(fileno=os.dup(descriptor)) as same:
        try:
            told = same.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 136)
        except OSError:
            return None
    return int(struct.unpack_from("=Q", told, 128)[0]) if len(told) >= 136 else None


def _begin(connection: DatabaseConnection, send: Callable[[pq.abc.PGconn], None], limit_s: float) -> _Wait:
    if connection.closed:
        raise psycopg.OperationalError("it was closed after an earlier statement")
    wait = _Wait(connection, limit_s, time.monotonic() + limit_s)
    wait.restart_count()
    send(connection.pgconn)
    while connection.pgconn.flush():
        wait.ready(select.POLLOUT)
    return wait


def _next(wait: _Wait) -> pq.abc.PGresult | None:
    pgconn = wait.connection.pgconn
    while pgconn.is_busy():
        wait.read()
    return pgconn.get_result()


def _last(results: Sequence[pq.abc.PGresult]) -> pq.abc.PGresult:
    if not results:
        raise psycopg.DataError("the server gave no answer")
    return results[-1]


def _drain(wait: _Wait) -> None:
    with suppress(*FAILURES):
        for _ in range(MAX_RESULTS):
            if _next(wait) is None:
                return
        wait.connection.close()


def _rows(connection: DatabaseConnection, result: pq.abc.PGresult) -> list[DatabaseRow]:
    transformer = Transformer(connection)
    transformer.set_pgresult(result)
    return transformer.load_rows(0, result.ntuples, tuple)


def _bytes(connection: DatabaseConnection, text: DatabaseQuery) -> bytes:
    return text if isinstance(text, bytes) else text.as_bytes(connection)
