"""The keep-alive connections of one client: reuse, stale ones, the one visible retry."""

from __future__ import annotations

import _socket  # the C type itself, as in connection.py
import ssl
from collections.abc import Sequence
from contextlib import closing
from time import perf_counter

from readiness.load.http.connection import Connection, open_connection
from readiness.load.http.failures import Failure, Unanswered
from readiness.load.http.poll import poll_of_this_hub
from readiness.load.http.request import Origin

RETRIED = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that may be sent twice without harm (RFC 9110 §9.2.1)."""

_OURS = ("local_fds", "local_ports")
"""This machine's own failures: another address would not help, and the target is not to be blamed."""


class Pool:
    """One connection in use per request under way; as many kept as were ever in use at once."""

    def __init__(
        self,
        origin: Origin,
        addresses: Sequence[str],
        tls: ssl.SSLContext | None,
        connect_timeout_s: float,
        max_body_bytes: int,
    ) -> None:
        self.retries = 0
        self.opened = 0
        self._origin = origin
        self._addresses = tuple(addresses)
        self._tls = tls
        self._connect_timeout_s = connect_timeout_s
        self._max_body_bytes = max_body_bytes
        self.idle: list[Connection] = []
        """Where a connection is put back when its answer allows another request."""

    def exchange(self, request: bytes, method: str, deadline_s: float) -> Connection:
        """Send `request`; the connection given back holds the answer, and is the caller's. Raises Failure."""
        unanswered: Unanswered | None = None
        conn = self.idle.pop() if self.idle else None
        # nothing happened since the last answer: no need to look, unless a second try is impossible
        if conn is not None and (conn.event or conn.closing or method not in RETRIED):
            conn = self._alive(conn)
        if conn is not None:
            conn.deadline_s = deadline_s
            try:
                conn.exchange(request, method == "HEAD")
                return conn
            except Unanswered as problem:
                conn.close()
                if method not in RETRIED:
                    raise
                unanswered = problem
                self.retries += 1
            except BaseException:
                conn.close()
                raise
        return self._exchange_on_new(request, method, deadline_s, unanswered)

    def _exchange_on_new(
        self, request: bytes, method: str, deadline_s: float, unanswered: Unanswered | None
    ) -> Connection:
        """The same on a fresh connection; `unanswered` is how a first try on an old one ended."""
        try:
            conn = self._open(deadline_s)
        except Failure:
            if unanswered is None:
                raise
            raise unanswered from None  # the first try was sent: "refused" would deny that
        conn.deadline_s = deadline_s
        try:
            conn.exchange(request, method == "HEAD")
        except BaseException:
            conn.close()
            raise
        conn.fresh = True
        return conn

    def close(self) -> None:
        """Drop the idle connections."""
        while self.idle:
            self.idle.pop().close()

    def _alive(self, conn: Connection) -> Connection | None:
        """`conn` or another idle connection that is still usable; those that are not are dropped."""
        while not conn.is_quiet():
            conn.close()
            if not self.idle:
                return None
            conn = self.idle.pop()
        return conn

    def _open(self, deadline_s: float) -> Connection:
        """A connection to the first pinned address that accepts one. Raises Failure: the last address's."""
        self.opened += 1
        origin = self._origin
        failure = Failure("dns", f"{origin.host} has no address")
        start_s = perf_counter()
        poll = poll_of_this_hub()
        for address in self._addresses:
            connect_by_s = min(deadline_s, perf_counter() + self._connect_timeout_s)
            try:
                conn = open_connection(poll, address, origin.port, connect_by_s, self._max_body_bytes)
            except Failure as problem:
                failure = problem
                if problem.failure == "local_ports" and not _has_way_to(address, origin.port):
                    failure = Failure("connect_refused", f"this machine has no way to {address}")
                if failure.failure in _OURS or perf_counter() >= deadline_s:
                    break
                continue
            if self._tls is not None:
                conn.start_tls(self._tls, origin.host, deadline_s)
            conn.connect_s = perf_counter() - start_s
            return conn
        raise failure


def _has_way_to(address: str, port: int) -> bool:
    """Whether this machine could reach `address` at all, as without IPv6 it cannot; the error is that of no free port.

    Asked of UDP, which sends nothing here and whose ports are not those of TCP.
    """
    family = _socket.AF_INET6 if ":" in address else _socket.AF_INET
    with closing(_socket.socket(family, _socket.SOCK_DGRAM, 0)) as sock:
        return sock.connect_ex((address, port)) == 0
