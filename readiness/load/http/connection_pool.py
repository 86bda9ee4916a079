"""The keep-alive connections of one client: reuse, stale ones, the one visible retry."""

from __future__ import annotations

import _socket  # the C type itself, as in connection.py
import ssl
from contextlib import closing
from time import perf_counter

from readiness.load.addresses import Addresses
from readiness.load.http.connection import Connection, open_connection
from readiness.load.http.failures import Failure, Unanswered
from readiness.load.http.poll import poll_of_this_hub
from readiness.load.http.request import Origin
from readiness.load.http.resends import CROSSING_S, Resends, is_unread
from readiness.measurements.connections import NO_WAY

RETRIED = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that may be sent twice without harm (RFC 9110 §9.2.1)."""

_OURS = ("local_fds", "local_ports")
"""This machine's own failures: another address would not help, and the target is not to be blamed."""
_FRESH_S = 0.001
"""An idle connection that has waited this long is checked before it is used; the poll's word may be older."""


class ConnectionPool:
    """One connection in use per request under way; as many kept as were ever in use at once."""

    def __init__(
        self,
        origin: Origin,
        addresses: Addresses,
        resends: Resends,
        tls: ssl.SSLContext | None,
        connect_timeout_s: float,
        max_body_bytes: int,
    ) -> None:
        self.retries = 0
        self.opened = 0
        self._origin = origin
        self._addresses = addresses
        self._resends = resends
        self._tls = tls
        self._connect_timeout_s = connect_timeout_s
        self._max_body_bytes = max_body_bytes
        self.idle: list[Connection] = []
        """Where a connection is put back when its answer allows another request."""

    def exchange(
        self, request: bytes, method: str, now_s: float, deadline_s: float, in_parts: bool = False
    ) -> Connection:
        """Send `request` now; the connection given back holds the answer, and is the caller's. Raises Failure.

        `in_parts`: only the answer's head, and what came with it.
        """
        unanswered: Unanswered | None = None
        conn = self.idle.pop() if self.idle else None
        # nothing happened since the last answer, just now: no need to check, unless a second try is impossible
        if conn is not None and (conn.event or conn.closing or method not in RETRIED or now_s - conn.read_s > _FRESH_S):
            conn = self._alive(conn)
        if conn is not None:
            conn.poll.known_s = now_s
            conn.deadline_s = deadline_s
            if in_parts:
                conn.in_parts = True
            try:
                conn.exchange(request, method == "HEAD")
                return conn
            except Unanswered as problem:
                try:
                    if method not in RETRIED or not self._may_resend(conn, problem, now_s):
                        raise
                finally:
                    conn.close()
                unanswered = problem
                self.retries += 1
            except BaseException:
                conn.close()
                raise
        return self._exchange_on_new(request, method, deadline_s, unanswered, in_parts)

    def _exchange_on_new(
        self, request: bytes, method: str, deadline_s: float, unanswered: Unanswered | None, in_parts: bool
    ) -> Connection:
        """The same on a fresh connection; `unanswered` is how a first try on an old one ended."""
        try:
            conn = self._open(deadline_s)
        except Failure:
            if unanswered is None:
                raise
            raise unanswered from None  # the first try was sent: "refused" would deny that
        conn.deadline_s = deadline_s
        conn.in_parts = in_parts
        try:
            conn.exchange(request, method == "HEAD")
        except BaseException:
            conn.close()
            raise
        conn.fresh = conn.telling = True
        return conn

    def close(self) -> None:
        """Drop the idle connections."""
        while self.idle:
            self.idle.pop().close()

    def _alive(self, conn: Connection) -> Connection | None:
        """`conn` or another idle connection that is still usable; those that are not are dropped. Raises Failure."""
        while True:
            quiet = False
            try:
                quiet = conn.is_quiet()
            finally:
                if not quiet:
                    conn.close()
            if quiet:
                return conn
            if not self.idle:
                return None
            conn = self.idle.pop()

    def _may_resend(self, conn: Connection, how: Unanswered, sent_s: float) -> bool:
        """Whether a request that was sent on the kept-alive `conn` at `sent_s`, and not answered, is sent again."""
        if how.ended and is_unread(conn.sock, conn.connect_s):
            return self._resends.take(unread=True)
        crossed = conn.end_s - sent_s <= max(CROSSING_S, 2 * conn.connect_s)
        return crossed and self._resends.take(unread=False)

    def _open(self, deadline_s: float) -> Connection:
        """A connection to the first pinned address that accepts one. Raises Failure: the last address's."""
        self.opened += 1
        origin = self._origin
        failure = Failure("dns", f"{origin.host} has no address")
        start_s = perf_counter()
        poll = poll_of_this_hub()
        for address in self._addresses.turn():
            connect_by_s = min(deadline_s, perf_counter() + self._connect_timeout_s)
            try:
                conn = open_connection(poll, address, origin.port, connect_by_s, self._max_body_bytes)
            except Failure as problem:
                failure = problem
                kind = problem.failure
                if kind == "local_ports" and not _has_way_to(address, origin.port):
                    failure, kind = Failure("connect_refused", f"this machine has no way to {address}"), NO_WAY
                self._addresses.missed(address, kind)
                if failure.failure in _OURS or perf_counter() >= deadline_s:
                    break
                continue
            if self._tls is not None:
                conn.start_tls(self._tls, origin.host, deadline_s)
            self._addresses.opened[address] += 1
            conn.connect_s = perf_counter() - start_s
            return conn
        raise failure


def unasked() -> int:
    """Kept-alive connections, of those that are still open, with bytes that no request asked for."""
    found = 0
    for conn in poll_of_this_hub().watched():
        if isinstance(conn, Connection) and conn.idle:
            try:
                conn.is_quiet()
            except Failure:
                found += 1
    return found


def _has_way_to(address: str, port: int) -> bool:
    """Whether this machine could reach `address` at all, as without IPv6 it cannot; the error is that of no free port.

    Asked of UDP, which sends nothing here and whose ports are not those of TCP.
    """
    family = _socket.AF_INET6 if ":" in address else _socket.AF_INET
    with closing(_socket.socket(family, _socket.SOCK_DGRAM, 0)) as sock:
        return sock.connect_ex((address, port)) == 0
