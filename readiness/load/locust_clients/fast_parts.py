"""An answer of FastHttpUser's that our connections brought, and its parts that are made when somebody reads them.

Most scenarios read the status and the body alone; headers, request and the event's fields cost more than the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from time import perf_counter
from typing import Any, Protocol

from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPResponse
from locust.contrib.fasthttp import FastRequest, FastResponse, ResponseContextManager

from readiness.load.http.headers import parse_head, reason_of
from readiness.load.locust_clients.fast_answer import FastAnswer
from readiness.load.locust_clients.own_target import Received


class ReceivedFast(FastAnswer):
    """What is below a FastResponse: geventhttpclient's answer, whole from the beginning."""

    def __init__(self, answer: Received, method: str, head: bytes, *, spent: bool = False) -> None:
        HTTPResponse.__init__(self, method)
        self._pool = self._sock = None
        self._received = answer
        self._ended = self.message_begun = self.headers_complete = self.message_complete = True
        self._headers_index = headers_of(answer)
        self._sent_request = head.decode("latin-1")
        self.block_size = self.DEFAULT_BLOCK_SIZE
        self.status_message = reason_of(answer.head)
        if not spent:
            self._body_buffer += answer.body

    def get_code(self) -> int:
        """See HTTPResponseParser."""
        return self._received.status

    def get_http_version(self) -> str:
        """See HTTPResponseParser."""
        return "HTTP/1.0" if self._received.head.startswith(b"HTTP/1.0") else "HTTP/1.1"

    def should_keep_alive(self) -> bool:
        """See HTTPResponseParser."""
        return True


def headers_of(answer: Received) -> Headers:
    """As geventhttpclient keeps them."""
    found = Headers()
    for name, value in parse_head(answer.head).fields:
        found.add(name, value)
    return found


class SentFast(Protocol):
    """A request that was sent."""

    head: bytes

    @property
    def url(self) -> str:
        """As the session built it."""

    def request(self) -> FastRequest:
        """For one answer."""


class FastUnread:
    """Hangs on an answer and makes what is asked for."""

    __slots__ = ("answer", "context", "event", "method", "name", "sent", "start_s")

    def __init__(
        self, answer: Received, sent: SentFast, method: str, name: str, context: Any, event: Any, start_s: float
    ) -> None:
        self.answer = answer
        self.sent = sent
        self.method = method
        """As the scenario wrote it."""
        self.name = name
        self.context = context
        self.event = event
        self.start_s = start_s

    def response(self, kind: type[FastResponse]) -> Any:
        """A FastResponse or ResponseContextManager."""
        response: Any = object.__new__(kind)
        response.readiness_unread = self
        response._cached_content = self.answer.body
        return response

    def meta(self, response: Any) -> dict[str, Any]:
        """The fields of Locust's event."""
        return {
            "request_type": self.method,
            "name": self.name,
            "context": self.context,
            "response": response,
            "exception": None,
            "start_time": time.time() - (perf_counter() - self.start_s),
            "url": self.sent.url,
            "response_length": len(self.answer.body),
            "response_time": (self.answer.end_s - self.start_s) * 1000,
        }


class _Part:
    """In the place of None, which FastResponse has for what its instances set; those that have it never come here."""

    def __init__(self, name: str, make: Callable[[FastUnread], Any]) -> None:
        self._name = name
        self._make = make

    def __get__(self, response: Any, kind: Any) -> Any:
        unread = None if response is None else vars(response).get("readiness_unread")
        if unread is None:
            return None
        found = vars(response)[self._name] = self._make(unread)
        return found


def _meta(unread: FastUnread, response: Any) -> dict[str, Any]:
    """Its response is another object than that of the block, as with Locust."""
    told = unread.response(FastResponse)
    mark = vars(response).get("readiness_call")
    if mark is not None:
        told.readiness_call = mark
    return unread.meta(told)


_OF_ANSWER: dict[str, Callable[[FastUnread, Any], Any]] = {
    "_elapsed": lambda unread, _: unread.answer.end_s - unread.start_s,
    "_history": lambda unread, _: [],
    "_request": lambda _, response: response.request,
    "_sent_request": lambda unread, _: unread.sent.head.decode("latin-1"),
}
_OF_BLOCK: dict[str, Callable[[FastUnread, Any], Any]] = {
    "request_meta": _meta,
    "_request_event": lambda unread, _: unread.event,
}


def _missing(response: Any, name: str) -> Any:
    """`__getattr__` of FastResponse: called for what is not there yet."""
    unread = vars(response).get("readiness_unread")
    if unread is not None:
        make = (_OF_BLOCK if isinstance(response, ResponseContextManager) else _OF_ANSWER).get(name)
        if make is not None:
            found = make(unread, response)
            setattr(response, name, found)
            return found
    raise AttributeError(f"{type(response).__name__!r} object has no attribute {name!r}")


def _status(original: Callable[[Any], int]) -> Callable[[Any], int]:
    def status_code(response: Any) -> int:
        unread = vars(response).get("readiness_unread")
        return original(response) if unread is None else unread.answer.status

    return status_code


def lend_fast_parts() -> None:
    """Let answers of Locust's session make their parts when they are read."""
    kind: Any = FastResponse
    kind.__getattr__ = _missing
    kind.headers = _Part("headers", lambda unread: headers_of(unread.answer))
    kind.request = _Part("request", lambda unread: unread.sent.request())
    kind._response = _Part(
        "_response", lambda unread: ReceivedFast(unread.answer, unread.method, unread.sent.head, spent=True)
    )
    kind.status_code = property(_status(kind.status_code.fget))
