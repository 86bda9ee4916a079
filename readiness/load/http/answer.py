"""Reading one HTTP/1.1 answer: llhttp does the parsing, limits and what surrounds the message are ours."""

from __future__ import annotations

import re
from collections.abc import Callable

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from readiness.load.http.failures import CLOSED_IN_HEAD, Failure, Truncated
from readiness.load.http.headers import begin_of_last_head, can_repair, parse_head, repaired
from readiness.load.http.known_heads import NO_HEAD, KnownHead, KnownHeads

_MAX_HEAD_BYTES = 65_536
MAX_HEADERS = 256
_SURELY_SMALL = 4 * MAX_HEADERS
"""Fewer bytes than this cannot hold too many headers: the shortest one has four."""
_MAX_PIECES = 4096
"""Of a body, before they are put together."""
_MAX_INTERIM = 16
"""1xx answers before the real one."""


_NOTABLE = re.compile(rb"-(?:cook|(?<=t-)enco)", re.IGNORECASE)
"""Somewhere in Set-Cookie and Content-Encoding, the headers that the client itself acts on: a first test, and fast."""
_DUE = ("end of its head", "begin of the answer")
"""What llhttp may still tell of, the next one last."""


class ReceivedAnswer:
    """The answer under way on one connection. `reset` before each request; nothing of the last one stays.

    Nearly every answer comes in one piece, and is small: then llhttp calls one method of ours, when all is there.
    """

    def __init__(self, max_body_bytes: int) -> None:
        self.max_body_bytes = max_body_bytes
        self._small_bytes = min(_SURELY_SMALL, max_body_bytes)
        self.body: list[bytes] = []
        self._early = bytearray()
        """Of a body in very many pieces, those that came first: a piece by itself takes forty bytes and more."""
        self.on_body = self.body.append  # llhttp calls it directly
        # llhttp calls these directly too; a message that nobody asked for finds nothing to take, which is an error
        self._due = list(_DUE)
        self.on_message_begin = self._due.pop
        self.on_headers_complete: Callable[[], object] = self._due.pop
        self.head_only = False
        self._odd = True
        self._known = KnownHeads()
        self._last = NO_HEAD
        """The head of the last answer that was known: the next one is often the same."""
        self.new_parser()
        self.reset(head_only=False)

    def new_parser(self) -> None:
        """A parser in its first state; needed after HEAD, whose announced body never comes."""
        self.on_headers_complete = self._head_complete if self.head_only else self._due.pop
        self._parser = HttpResponseParser(self)
        self._feed = self._parser.feed_data

    def reset(self, head_only: bool) -> None:
        """Ready for the next answer; `head_only` when it answers HEAD."""
        self.complete = False
        self.raw = b""
        """The head as it came, with 1xx answers before it and body bytes that came with its last part."""
        if self._odd or head_only:
            self._reset_all(head_only)

    def _reset_all(self, head_only: bool) -> None:
        """Also what an ordinary answer leaves as it was."""
        self._odd = head_only
        self.extra = False
        """Bytes came that belong to no request."""
        self.keep_alive = False
        """Whether the connection may carry another request."""
        self.status = 0
        self.notable = False
        """Perhaps a cookie is set, or the body has a content coding: the headers are worth parsing."""
        self.interim = 0
        self._repairing = False
        """The head has what llhttp refuses and HTTP allows, and is not there yet."""
        self._received = 0
        self._counted = 0
        self._body_bytes = 0
        self._taken_bytes = 0
        """Of the body, by `take_part`."""
        self._early.clear()
        self._due[:] = _DUE
        if head_only or self.head_only:
            self.head_only = head_only
            self.new_parser()

    @property
    def head_done(self) -> bool:
        """Whether the head is there, and is no 1xx answer's."""
        return not self._due or self.complete

    @property
    def begun(self) -> bool:
        """Whether a byte of it is there; a 1xx answer before it is none of it."""
        return len(self._due) < len(_DUE) or self.complete

    def feed(self, data: bytes) -> None:
        """Take what was read. Raises Failure `protocol` or `too_large`."""
        if self._repairing:
            self._repair(data)
        elif self.raw:
            self._feed_more(data)
        else:
            self._feed_first(data)

    def _feed_first(self, data: bytes) -> None:
        self.raw = data
        if self._odd:
            self._parse_first(data)
            return
        last = self._last
        if len(data) == last.whole_bytes and data.startswith(last.head):
            self._take_known(last, data)
            return
        body_at = data.find(b"\r\n\r\n") + 4
        head = data[:body_at]
        known = self._known.find(head, len(data))
        if known is not None and len(data) <= self.max_body_bytes:
            self._last = known
            self._take_known(known, data)
            return
        self._parse_first(data)
        as_it_came = self.raw is data and self._size() == len(data) - body_at and not self.interim
        if self.complete and self.keep_alive and as_it_came:
            self._known.remember(KnownHead(head, len(data), self.status, self.notable))

    def _take_known(self, known: KnownHead, data: bytes) -> None:
        self.status, self.notable = known.status, known.notable
        self.complete = self.keep_alive = True
        if len(known.head) < len(data):
            self.body.append(data[len(known.head) :])

    def _parse_first(self, data: bytes) -> None:
        try:
            self._feed(data)
        except (HttpParserUpgrade, HttpParserError) as problem:
            self._stumble(problem)
        if not self.complete or self._odd or len(data) > self._small_bytes:
            self._odd = True
            self._check(data, in_head=True)
            return
        self._due.extend(_DUE)
        if not data.startswith(b"HTTP/1."):
            raise Failure("protocol", "not an HTTP/1 answer")
        self.notable = _NOTABLE.search(data) is not None

    def _feed_more(self, data: bytes) -> None:
        in_head = not self.head_done
        if in_head:
            self.raw += data
        try:
            self._feed(data)
        except (HttpParserUpgrade, HttpParserError) as problem:
            self._stumble(problem)
        self._check(data, in_head)

    def _stumble(self, problem: Exception) -> None:
        self._odd = True
        if isinstance(problem, HttpParserUpgrade):
            raise Failure("protocol", "the server switched protocols without being asked") from None
        if self.complete:
            self.extra, self.keep_alive = True, False
        elif not self.head_done and can_repair(self.raw):
            self._repairing = True
            self._repair(b"")
        else:
            raise Failure("protocol", f"not a valid HTTP/1.1 answer: {problem}") from None

    def _repair(self, data: bytes) -> None:
        """Once the head is there it is written as llhttp takes it, and the answer is read from the beginning."""
        self.raw += data
        self._check_head(self.raw)
        end = self.raw.find(b"\r\n\r\n", begin_of_last_head(self.raw))
        if end < 0:
            return
        head = repaired(self.raw[:end])
        if head == self.raw[:end]:
            raise Failure("protocol", "not a valid HTTP/1.1 answer: more than one Content-Length, and not the same")
        whole, self.raw = head + self.raw[end:], b""
        self._repairing = False
        self._due[:] = _DUE
        self.interim = 0
        self.new_parser()
        self._feed_first(whole)

    def _check(self, data: bytes, in_head: bool) -> None:
        if in_head:
            self._check_head(self.raw)
        self._received += len(data)
        if len(self.body) > _MAX_PIECES or self._early:
            self._gather()
        if self._received > self.max_body_bytes:
            self._check_body()

    def _gather(self) -> None:
        """Put the pieces so far together, and the whole body into one piece when it is complete."""
        self._check_body()
        self._early += b"".join(self.body)
        self.body.clear()
        self._counted = 0
        if self.complete:
            self.body.append(bytes(self._early))
            self._early.clear()

    def end_of_stream(self, *, proper: bool) -> None:
        """The peer closed. Completes a body that runs until close; raises Failure otherwise.

        `proper` is False when TLS ended without its closing message: the body may have been cut (RFC 9112 §9.8).
        """
        if not self.head_done:
            raise Failure("reset", f"the connection was closed {CLOSED_IN_HEAD}")
        headers = parse_head(self.raw)
        chunked = headers.get("transfer-encoding", "").lower().endswith("chunked")
        if chunked or "content-length" in headers or not proper:
            length = headers.get("content-length", "")
            size = self._size()
            raise Truncated(size, int(length) - size if length.isdecimal() and not chunked else 0)
        self.status = self._parser.get_status_code()
        self.complete = True
        self.keep_alive = False
        if self._early:
            self._gather()

    def _size(self) -> int:
        return self._taken_bytes + len(self._early) + sum(map(len, self.body))

    @property
    def head_status(self) -> int:
        """The status, from when `head_done`."""
        return self.status if self.complete else int(self._parser.get_status_code())

    def take_part(self) -> bytes:
        """What came of the body since the last part; it is not kept here, and bounded by whoever takes it."""
        part = bytes(self._early) + b"".join(self.body)
        self.body.clear()
        self._early.clear()
        self._odd = True
        self._taken_bytes += len(part)
        self._received = self._counted = self._body_bytes = 0
        return part

    def take_body(self) -> bytes:
        """The body as sent, still with its content coding; it is not kept here."""
        whole = b"" if self.head_only else b"".join(self.body)
        self.body.clear()
        return whole

    def _check_head(self, raw: bytes) -> None:
        head = raw
        if len(raw) > _SURELY_SMALL:
            end = raw.find(b"\r\n\r\n") if not self.interim else -1
            head = raw[:end] if end >= 0 else raw
            if len(head) > _MAX_HEAD_BYTES:
                raise Failure("protocol", f"more than {_MAX_HEAD_BYTES} bytes of headers")
            if head.count(b"\n") > MAX_HEADERS:
                raise Failure("protocol", f"more than {MAX_HEADERS} headers")
        if not self.head_done:
            return
        if not raw.startswith(b"HTTP/1."):
            raise Failure("protocol", "not an HTTP/1 answer")
        self.notable = _NOTABLE.search(head) is not None
        if self.head_only and not self.interim and raw.find(b"\r\n\r\n") + 4 != len(raw):
            self.extra, self.keep_alive = True, False
        if self.extra and self.status == 204:
            raise Failure("protocol", "a 204 answer with a body")

    def _check_body(self) -> None:
        self._body_bytes += sum(map(len, self.body[self._counted :]))
        self._counted = len(self.body)
        # the second limit is for what is no body: chunk extensions and trailers
        if self._body_bytes > self.max_body_bytes or self._received > 8 * self.max_body_bytes + 2 * _MAX_HEAD_BYTES:
            raise Failure("too_large", f"more than {self.max_body_bytes:,} bytes of body, the most read")

    def _head_complete(self) -> None:
        """Called by llhttp for HEAD: then the answer is complete with its head."""
        status = self._parser.get_status_code()
        if self.complete or 100 <= status < 200:
            return
        self.status = status
        self.complete = True
        # not the parser's opinion: without a length it expects a body until close
        connection = parse_head(self.raw).get("connection", "").lower()
        self.keep_alive = self.raw.startswith(b"HTTP/1.1") and "close" not in connection

    def on_message_complete(self) -> None:
        """Called by llhttp."""
        if self.complete:
            return
        parser = self._parser
        status = parser.get_status_code()
        if not 100 <= status < 200:
            self.status = status
            self.complete = True
            self.keep_alive = parser.should_keep_alive()
            return
        self._odd = True
        self._due[:] = _DUE  # the real answer is still to come
        self.interim += 1
        if self.interim > _MAX_INTERIM or status == 101:
            raise ValueError("too many 1xx answers")
