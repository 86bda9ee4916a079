"""What stock clients report, as failure classes: exceptions of requests, urllib3 and geventhttpclient."""

from __future__ import annotations

import errno
import http.client
import traceback
from json import JSONDecodeError
from typing import Any

import gevent
import requests
import urllib3
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS
from locust.exception import CatchResponseError

from readiness.load.code_places import is_own
from readiness.load.connections import NotAllowed
from readiness.load.http.failures import Failure, of_status, said, with_status

_ERRNO_CLASS = {
    errno.ECONNREFUSED: "connect_refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ETIMEDOUT: "connect_timeout",
    errno.EMFILE: "local_fds",
    errno.ENFILE: "local_fds",
    errno.EADDRNOTAVAIL: "local_ports",
}


_OF_AN_ANSWER = (CatchResponseError, JSONDecodeError, UnicodeError)
"""What a scenario says in words, and what a body comes to that is not what the scenario takes it for."""


def classify(exception: object, response: Any) -> str | None:
    """The failure class of what a stock client reported; None when it was a success.

    What the scenario says of an answer that came is an `assertion`, whatever kind of exception says it.
    """
    if not exception:
        return None  # as Locust takes it
    if not isinstance(exception, BaseException):
        exception = CatchResponseError(exception)
    exception = below(exception, response)
    status = int(getattr(response, "status_code", 0) or 0)
    is_said = exception is not getattr(response, "error", None) and _is_said(exception)
    if is_said and status < 300 and (status or isinstance(exception, CatchResponseError)):
        return "assertion"
    if _is_not_allowed(exception):
        return "not_allowed"
    if status == 429:
        return "rate_limited"
    if status >= 300:
        return f"http_{status // 100}xx" if status < 600 else "protocol"
    return transport_class(exception) or "protocol"


def below(exception: BaseException, response: Any) -> BaseException:
    """The transport's own error where no answer came, whatever the scenario says of it; else `exception`.

    A scenario that says "status was 0" speaks of the error that it was given as a response.
    """
    transport = getattr(response, "error", None)
    if getattr(response, "status_code", 0) or not isinstance(transport, Exception) or exception is transport:
        return exception
    return transport if _is_said(exception) else exception


def detail_of(exception: object, response: Any, failure: str | None) -> str:
    """What is told beside the class: of an answer the scenario's words, with a bad status; else the error's own."""
    problem = exception if isinstance(exception, BaseException) else CatchResponseError(exception)
    if failure == "assertion":
        return said(problem)
    status = int(getattr(response, "status_code", 0) or 0)
    if failure == of_status(status) and problem is not getattr(response, "error", None) and _is_said(problem):
        return with_status(status, f"HTTP {status}", said(problem))
    return str(below(problem, response))


def _is_said(exception: BaseException) -> bool:
    """Whether the scenario made it: it was never raised, or by a line of the scenario's own, or tells of the body.

    What the transport raised comes from a line of a package, and keeps its class when the scenario passes it on.
    """
    if isinstance(exception, _OF_AN_ANSWER):
        return True
    if any(isinstance(error, Failure) for error in _causes(exception)):
        return False
    raised_in = None
    for frame, _ in traceback.walk_tb(exception.__traceback__):
        raised_in = frame.f_code
    return raised_in is None or is_own(raised_in)


_OF_READING = (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException, *FAILURE_EXCEPTIONS, Failure)
"""What the clients raise for a body that does not come, comes in part, or is damaged."""


def of_reading(response: Any, problem: BaseException) -> str | None:
    """The failure class of what reading the body of `response` raised; None where something else raised `problem`."""
    misused = isinstance(problem, requests.exceptions.StreamConsumedError)
    if misused or not isinstance(problem, _OF_READING) or _is_said(problem):
        return None
    readers = (response, getattr(response, "raw", None), getattr(response, "_response", None))
    for frame, _ in traceback.walk_tb(problem.__traceback__):
        reader = frame.f_locals.get("self")
        if reader is not None and any(reader is one for one in readers):
            return transport_class(problem) or "protocol"
    return None


def _is_not_allowed(exception: BaseException) -> bool:
    return any(isinstance(error, NotAllowed) for error in _causes(exception))


def transport_class(exception: BaseException) -> str | None:
    """The failure class of what an exception, or one that it wraps, says of the network; None when nothing."""
    if _is_not_allowed(exception):
        return "not_allowed"
    # requests calls every end inside chunks a ChunkedEncodingError; what it wraps says more.
    chain = sorted(_causes(exception), key=lambda error: isinstance(error, requests.exceptions.ChunkedEncodingError))
    ours = next((error.failure for error in chain if isinstance(error, Failure)), None)
    return ours or next((found for error in chain if (found := _class_of_one(error))), None)


_BY_NAME = {
    "SSL": "tls",
    "NameResolution": "dns",
    "gaierror": "dns",
    "ConnectTimeout": "connect_timeout",
    "IncompleteRead": "truncated",
    "ChunkedEncoding": "truncated",
}
"""Parts of the names of exceptions that requests, urllib3 and geventhttpclient raise."""


def _class_of_one(error: BaseException) -> str | None:
    for part, failure in _BY_NAME.items():
        if part in type(error).__name__:
            return failure
    if isinstance(error, AssertionError):
        return "assertion"
    if isinstance(error, TimeoutError | requests.exceptions.Timeout | gevent.Timeout):
        return "timeout"
    if isinstance(error, ConnectionError) and error.errno is None:  # as raised by clients in Python
        return "connect_refused" if isinstance(error, ConnectionRefusedError) else "reset"
    return _ERRNO_CLASS.get(error.errno or 0) if isinstance(error, OSError) else None


_WRAPPED = ("reason", "original")
"""Where urllib3 and geventhttpclient keep what they wrap."""


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it wraps, outermost first, each once."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if current in found:
            continue
        found.append(current)
        inner = [
            current.__cause__,
            current.__context__,
            *(getattr(current, name, None) for name in _WRAPPED),
            *current.args,
        ]
        waiting.extend(item for item in inner if isinstance(item, BaseException))
    return found
