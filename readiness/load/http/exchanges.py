"""One request after the other over a client's connections: the answer goes into a `Response`."""

from __future__ import annotations

from time import perf_counter

from readiness.load.http.connection import Connection
from readiness.load.http.connection_pool import ConnectionPool
from readiness.load.http.cookies import Cookies
from readiness.load.http.failures import Failure
from readiness.load.http.request import Origin, RequestDraft
from readiness.load.http.response import Response
from readiness.load.http.writer import Writer

MAX_REDIRECTS = 5


class Exchanges:
    """Of one client."""

    def __init__(self, origin: Origin, pool: ConnectionPool, cookies: Cookies, writer: Writer) -> None:
        self._origin = origin
        self.pool = pool
        self._cookies = cookies
        self._writer = writer

    def ask(self, response: Response, method: str, wire: bytes, now_s: float, deadline_s: float) -> None:
        """One exchange. Raises Failure."""
        conn = self.pool.exchange(wire, method, now_s, deadline_s)
        answer = conn.answer
        response.status_code = answer.status
        response.raw_head = answer.raw
        response.body = answer.body.pop() if len(answer.body) == 1 and not answer.head_only else answer.take_body()
        response.end_s = conn.end_s
        if conn.telling or answer.notable:
            self._note(response, conn)
        if answer.keep_alive and not conn.more:
            self.pool.idle.append(conn)
        else:
            self.leave(conn)
        if response.notable:
            response.check_body()

    def begin(self, response: Response, method: str, wire: bytes, deadline_s: float) -> Connection:
        """The first half of an exchange, up to the answer's head. Raises Failure.

        What is left is the caller's: the body, and the connection.
        """
        conn = self.pool.exchange(wire, method, perf_counter(), deadline_s, in_parts=True)
        response.status_code = conn.answer.head_status
        response.raw_head = conn.answer.raw
        response.end_s = conn.end_s
        response.first_s = conn.end_s
        self._note(response, conn)
        return conn

    def read_whole(self, response: Response, conn: Connection) -> None:
        """The rest of an answer that was begun. Raises Failure."""
        parts, size = [], 0
        try:
            while part := conn.next_part():
                parts.append(part)
                size += len(part)
                if size > conn.answer.max_body_bytes:
                    raise Failure("too_large", f"more than {conn.answer.max_body_bytes:,} bytes of body, the most read")
        except BaseException:
            conn.close()
            raise
        response.body, response.end_s = b"".join(parts), conn.end_s
        self.leave(conn)
        response.check_body()

    def follow(self, response: Response, draft: RequestDraft, deadline_s: float) -> None:
        """Redirects, on the target only. The request is one request: it ends with the last answer. Raises Failure."""
        method = response.request_method
        for _ in range(MAX_REDIRECTS):
            if not response.is_redirect:
                return
            response.asked = response.asked or response.target
            response.target = self._origin.redirect_target(response.target, response.headers["location"])
            response.trail += f"{response.status_code} → {response.target.partition('?')[0]} → "
            if response.status_code == 303 or (response.status_code in (301, 302) and method == "POST"):
                method, draft = "HEAD" if method == "HEAD" else "GET", draft.without_body()
            response.forget_answer()
            wire = self._writer.again(method, response.target, draft, response.trace)
            self.ask(response, method, wire, perf_counter(), deadline_s)
        if response.is_redirect:
            raise Failure("http_3xx", f"more than {MAX_REDIRECTS} redirects")

    def leave(self, conn: Connection) -> None:
        """After an answer: the connection waits for the next request, or is closed. Raises Failure `surplus`."""
        answer = conn.answer
        conn.in_parts = False
        if answer.keep_alive and not conn.more:
            self.pool.idle.append(conn)
            return
        if answer.extra or conn.has_more():
            conn.close()
            raise Failure("surplus", "bytes came after the end of the answer")
        if answer.keep_alive and not conn.closing:
            self.pool.idle.append(conn)
        else:
            conn.close()

    def _note(self, response: Response, conn: Connection) -> None:
        """What few answers have: a new connection before them, a beginning of their own, cookies, a coding."""
        if conn.telling:
            opening_s, first_s = conn.told()
            response.connect_s += opening_s
            response.first_s = first_s or response.first_s
        if conn.answer.notable:
            response.notable = True
            path = response.target.partition("?")[0]
            for line in response.headers.get_list("set-cookie"):
                self._cookies.store(line, path)
