"""FastHttpUser's answers, read as strictly as ours: cut, followed by more, too large, or damaged is a failure."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import brotli  # type: ignore[import-untyped]
from geventhttpclient._parser import HTTPParseError
from geventhttpclient.response import HTTPConnectionClosed, HTTPResponse, HTTPSocketPoolResponse

from readiness.load.http.body import decoded
from readiness.load.http.failures import Failure
from readiness.load.http.resends import CROSSING_S, Resends, is_unread
from readiness.load.locust_clients.checked import (
    AFTER,
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    MAX_INTERIM,
    MAX_WIRE_BYTES,
    unacceptable,
)
from readiness.load.locust_clients.sockets import PolledSocket

_READ_BYTES = 65_536


class _Death:
    """How the last connection ended before it answered; read at once, before another greenlet has its turn."""

    unread = False
    """The server had provably not read the request."""
    crossed = False
    """It was a kept-alive connection, and its close may have crossed the request."""


def resending(original: Callable[[Any], bool], resends: Resends) -> Callable[[Any], bool]:
    """In the place of geventhttpclient's own answer to whether a request without an answer may be sent again.

    It would send one eleven times, on new connections too, and tell nobody.
    """

    def may_resend(what: Any) -> bool:
        unread, crossed, _Death.unread, _Death.crossed = _Death.unread, _Death.crossed, False, False
        return original(what) and (unread or crossed) and resends.take(unread=unread)

    return may_resend


class FastAnswer(HTTPSocketPoolResponse):
    """geventhttpclient's own takes a second answer for the first one's, and gives its connection back too early."""

    def __init__(self, sock: Any, pool: Any, **words: Any) -> None:
        self._ended = False
        """Its end was there, and it was no 1xx."""
        self._interim = 0
        self._wire_bytes = 0
        self._began_s = perf_counter()
        self._reused = not isinstance(sock, PolledSocket) or sock.was_read
        self._ended_s = 0.0
        self._unread = False
        super().__init__(sock, pool, **words)

    def _read_headers(self, pre_buffered: bytes = b"") -> None:
        try:
            super()._read_headers(pre_buffered)
        except (HTTPConnectionClosed, OSError):
            _Death.unread = self._unread
            _Death.crossed = self._reused and (self._ended_s or perf_counter()) - self._began_s <= CROSSING_S
            raise

    def feed(self, data: Any) -> None:
        """See HTTPResponse; releases the connection when the answer is whole."""
        if not data and not self._wire_bytes:
            self._ended_s = perf_counter()
            self._unread = self._reused and is_unread(self._sock, 0.0)
        self._wire_bytes += len(data)
        if self._wire_bytes > (MAX_WIRE_BYTES if self.headers_complete else MAX_HEAD_BYTES):
            self._end_badly()
            part = "of an answer" if self.headers_complete else "of headers"
            raise unacceptable("too_large" if self.headers_complete else "protocol", f"{self._wire_bytes} bytes {part}")
        try:
            super().feed(data)
        except HTTPParseError as problem:
            self._end_badly()
            if self._ended:
                raise unacceptable("surplus", AFTER) from None
            if data or not self.headers_complete:
                raise unacceptable("protocol", f"not a valid HTTP/1.1 answer: {problem}") from None
        if self._trailing_data_dropped:
            self._end_badly()
            raise unacceptable("surplus", AFTER)
        if not data and not self._ended and self.headers_complete:
            self._end_badly()
            raise unacceptable("truncated", f"the connection was closed after {len(self._body_buffer)} bytes of body")
        if self._ended:
            self.release()

    def _on_message_begin(self) -> None:
        if self._ended:
            raise HTTPParseError(AFTER)
        super()._on_message_begin()

    def _on_message_complete(self) -> None:
        HTTPResponse._on_message_complete(self)  # the connection is kept until all that was read is checked
        self._ended = self.get_code() >= 200
        self._interim += 1
        if self._interim > MAX_INTERIM:
            raise HTTPParseError(f"more than {MAX_INTERIM} 1xx answers")

    def _end_badly(self) -> None:
        """Never to be used again."""
        pool, sock, self._pool, self._sock = self._pool, self._sock, None, None
        if pool is not None and sock is not None:
            pool.release_socket(sock)

    def whole(self) -> bytes:
        """The rest of the body. Raises what `feed` raises, and what the network does."""
        sock = self._sock
        try:
            while sock is not None and not self._ended:
                self.feed(sock.recv(_READ_BYTES))
                if len(self._body_buffer) > MAX_BODY_BYTES:
                    raise unacceptable("too_large", f"more than {MAX_BODY_BYTES:,} bytes of body, the most read")
        except BaseException:
            self._end_badly()
            raise
        body = bytes(self._body_buffer)
        self._body_buffer.clear()
        return body


def read_body(response: Any) -> None:
    """Read the body of a FastResponse, whose `content` it is from now on. Raises as `FastAnswer.whole`, and Failure."""
    answer = getattr(response, "_response", None)
    if not isinstance(answer, FastAnswer) or hasattr(response, "_cached_content"):
        return
    coding = ", ".join(response.headers.getlist("content-encoding"))
    body = answer.whole()
    if coding.strip().lower() == "br" and body:
        body = _without_brotli(body)
    elif coding:
        body = decoded(body, coding, MAX_BODY_BYTES, lenient=True)
    response._cached_content = body


def _without_brotli(body: bytes) -> bytes:
    decompressor = brotli.Decompressor()
    try:
        found = decompressor.process(body, output_buffer_limit=MAX_BODY_BYTES + 1)
    except brotli.error as problem:
        raise Failure("protocol", f"the compressed body is damaged: {problem}") from None
    if len(found) > MAX_BODY_BYTES:
        raise Failure("too_large", f"more than {MAX_BODY_BYTES} bytes once decompressed")
    if not decompressor.is_finished():
        raise Failure("truncated", "the compressed body ends early")
    return bytes(found)
