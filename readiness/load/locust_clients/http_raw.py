"""What stands behind an answer of requests' (`raw`), and an answer's parts that are made when somebody reads them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPMessage
from time import perf_counter
from typing import Any

import requests
from locust.clients import ResponseContextManager
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse

from readiness.load.http.headers import parse_head, reason_of
from readiness.load.locust_clients.http_known import KnownRequest, copy_of
from readiness.load.locust_clients.own_target import Received


class OriginalAnswer:
    """In the place of http.client's response, of which requests reads the headers for its cookies."""

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        self.msg = HTTPMessage()
        for name, value in fields:
            self.msg[name] = value

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        pass


def raw_of(answer: Received, method: str, target: str, *, spent: bool = False) -> HTTPResponse:
    """As urllib3 gives it, with the body still to be read unless it is `spent`."""
    fields = parse_head(answer.head).fields
    reason = reason_of(answer.head)
    version = 10 if answer.head.startswith(b"HTTP/1.0") else 11
    return HTTPResponse(
        body=io.BytesIO(b"" if spent else answer.body),
        headers=HTTPHeaderDict(fields),
        status=answer.status,
        version=version,
        version_string=f"HTTP/{version / 10:.1f}",
        reason=reason,
        preload_content=False,
        decode_content=False,
        original_response=OriginalAnswer(fields),  # type: ignore[arg-type]
        request_method=method,
        request_url=target,
        enforce_content_length=False,
    )


class Unread:
    """Hangs on an answer and makes what is asked for. Most scenarios read the status and the body alone."""

    __slots__ = ("adapter", "answer", "context", "event", "known", "method", "name", "start_s")

    def __init__(
        self,
        answer: Received,
        known: KnownRequest,
        adapter: Any,
        method: str,
        name: str,
        context: Any,
        event: Any,
        start_s: float,
    ) -> None:
        self.answer = answer
        self.known = known
        self.adapter = adapter
        self.method = method
        """As the scenario wrote it."""
        self.name = name
        self.context = context
        self.event = event
        self.start_s = start_s

    def fill(self, response: Any, name: str) -> bool:
        """Set the attribute `name` of `response`; False where it is none of ours."""
        make = _PARTS.get(name)
        if make is None:
            return False
        vars(response)[name] = make(self, response)
        return True


def _meta(unread: Unread, response: Any) -> dict[str, Any]:
    return {
        "request_type": unread.method,
        "response_time": (unread.answer.end_s - unread.start_s) * 1000,
        "name": unread.name,
        "context": unread.context,
        "response": response,
        "exception": None,
        "start_time": time.time() - (perf_counter() - unread.start_s),
        "url": response.url,
        "response_length": len(response.content or b""),
    }


def _raw(unread: Unread, response: Any) -> HTTPResponse:
    return raw_of(unread.answer, str(response.request.method), unread.known.target, spent=True)


_PARTS: dict[str, Callable[[Unread, Any], Any]] = {
    "headers": lambda unread, _: CaseInsensitiveDict(HTTPHeaderDict(parse_head(unread.answer.head).fields)),
    "encoding": lambda _, response: vars(requests.adapters)["get_encoding_from_headers"](response.headers),
    "reason": lambda unread, _: reason_of(unread.answer.head),
    "raw": _raw,
    "cookies": lambda unread, response: RequestsCookieJar(),
    "elapsed": lambda unread, _: timedelta(seconds=unread.answer.end_s - unread.start_s),
    "request": lambda unread, _: copy_of(unread.known.prepared),
    "connection": lambda unread, _: unread.adapter,
    "request_meta": _meta,
    "_request_event": lambda unread, _: unread.event,
}


def _missing(response: Any, name: str) -> Any:
    """`__getattr__` of Locust's response: called for what is not there yet."""
    mine = vars(response)
    unread = mine.get("readiness_unread")
    if unread is not None and unread.fill(response, name):
        return mine[name]
    raise AttributeError(f"{type(response).__name__!r} object has no attribute {name!r}")


def lend_parts() -> None:
    """Let answers of Locust's session make their parts when they are read."""
    setattr(ResponseContextManager, "__getattr__", _missing)  # noqa: B010 - mypy rightly minds a plain assignment
