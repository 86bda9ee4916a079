"""Ordinary locustfiles: HttpUser and FastHttpUser, unmodified, in the same ledger as our own client.

Locust tells of a request when it is over, and never of one that hangs, was killed, or raised inside a
`catch_response` block. So each session's `request` is wrapped: the call begins before it, ends with Locust's own
`request` event, and is under a total deadline, which neither client has.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any

import gevent
import requests
from locust import FastHttpUser, HttpUser, User
from locust.clients import ResponseContextManager
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, ErrorResponse, FastHttpSession
from locust.exception import CatchResponseError

from readiness.load.connections import NotAllowed
from readiness.load.locustfiles import scenario_of
from readiness.load.recorder import Call, Recorder

_ERRNO_CLASS = {
    errno.ECONNREFUSED: "connect_refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ETIMEDOUT: "connect_timeout",
    errno.EMFILE: "local_fds",
    errno.ENFILE: "local_fds",
    errno.EADDRNOTAVAIL: "local_ports",
}


@dataclass(slots=True)
class _Open:
    """A call under way, and what Locust handed the scenario for it."""

    call: Call
    sent_s: float
    to_target: bool
    """Whether the scenario asked for a path of the target, and not for some other address."""
    response: Any = None

    def judged(self, failure: str | None) -> str | None:
        """The class as it counts: only a redirect leads from the target's own path to another host."""
        return "http_3xx" if failure == "not_allowed" and self.to_target else failure


class StockClients:
    """Wraps the sessions of stock users and ends their calls when Locust's event fires."""

    def __init__(self, recorder: Recorder, timeout_s: float) -> None:
        self._recorder = recorder
        self._timeout_s = timeout_s
        self._open: dict[int, _Open] = {}

    def wrap(self, user: User) -> None:
        """Watch the client of a stock user; other users are left alone."""
        if isinstance(user, HttpUser | FastHttpUser):
            client: Any = user.client
            client.request = self._watched(user, client.request)
            client._send_request_safe_mode = self._timed(client, client._send_request_safe_mode)

    def on_request(
        self, request_type: str, name: str, response_time: float, exception: Exception | None = None, **rest: Any
    ) -> bool:
        """Locust's `request` event: the call of this greenlet is over. False when it had none."""
        response = rest.get("response")
        waiting = self._open.get(id(gevent.getcurrent()))
        if waiting is None or (waiting.response is not None and response is None):
            return False  # the scenario tells of something else, perhaps while it looks at an answer
        del self._open[id(gevent.getcurrent())]
        call = waiting.call
        call.identity = (call.identity[0], f"{request_type} {name}")
        status = int(getattr(response, "status_code", 0) or 0)
        if self._recorder.watch is not None and status:
            end_s = call.start_s + response_time / 1000
            self._recorder.watch.see(call, status, end_s, _head(response))
        failure = waiting.judged(classify(exception, response))
        self._recorder.end(call, waiting.sent_s + response_time / 1000, failure, str(exception) if exception else "")
        return True

    def on_user_error(self, exception: BaseException) -> bool:
        """A task raised: a call that its greenlet left open never got its event.

        True when the exception followed from a request that failed; then it says nothing against the scenario.
        """
        return self._abandon(exception) not in (None, "script")

    def _abandon(self, problem: BaseException | None = None) -> str | None:
        waiting = self._open.pop(id(gevent.getcurrent()), None)
        if waiting is None:
            return None
        failure, detail = "script", "the scenario raised before it judged the response"
        response = waiting.response
        status = int(getattr(response, "status_code", 0) or 0)
        if response is not None and not 200 <= status < 300:
            error = getattr(response, "error", None) or requests.exceptions.HTTPError(f"HTTP {status}")
            failure, detail = waiting.judged(classify(error, response)) or failure, str(error)
        elif isinstance(problem, AssertionError | JSONDecodeError | UnicodeDecodeError):
            failure, detail = "assertion", str(problem)
        self._recorder.end(waiting.call, time.perf_counter(), failure, detail)
        return failure

    def _watched(self, user: User, original: Callable[..., Any]) -> Callable[..., Any]:
        scenario = scenario_of(type(user))

        def request(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            self._abandon()
            key = id(gevent.getcurrent())
            name = kwargs.get("name") or (args[0] if args and isinstance(args[0], str) else url)
            sent_s = time.perf_counter()
            due_s = vars(user).pop("readiness_intended_s", sent_s)  # of an open load; used once
            call = self._recorder.begin(scenario, f"{method} {name}", due_s)
            waiting = self._open[key] = _Open(call, sent_s, to_target="://" not in str(url))
            try:
                waiting.response = original(method, url, *args, **kwargs)
                return waiting.response
            except gevent.GreenletExit:
                self._open.pop(key, None)  # stays in the recorder: in flight when the load ended
                raise

        return request

    def _timed(self, client: Any, original: Callable[..., Any]) -> Callable[..., Any]:
        """`original` under a total deadline; past it, Locust's own error response is returned."""

        def send(method: str, url: str, **kwargs: Any) -> Any:
            deadline = gevent.Timeout.start_new(self._timeout_s)
            try:
                response = original(method, url, **kwargs)
                if isinstance(client, FastHttpSession) and not kwargs.get("stream"):
                    _read_body(response)
                return response
            except gevent.Timeout as fired:
                if fired is not deadline:
                    raise
                error = requests.exceptions.Timeout(f"no complete answer within {self._timeout_s:g} s")
                if isinstance(client, FastHttpSession):
                    return ErrorResponse(client.client._make_request(url, method=method), error)
                return ResponseContextManager(error)
            finally:
                deadline.close()

        return send


def _head(response: Any) -> bytes:
    """The answer's headers as they would stand on the wire."""
    fields = (getattr(response, "headers", None) or {}).items()
    return "\r\n".join(["", *(f"{name}: {value}" for name, value in fields)]).encode("latin-1", "replace")


def _read_body(response: Any) -> None:
    with suppress(*FAILURE_EXCEPTIONS):  # Locust reads again, sees the same and reports it
        _ = response.content  # kept by the response: Locust and the scenario get the same bytes


def classify(exception: BaseException | None, response: Any) -> str | None:
    """The failure class of what a stock client reported; None when it was a success."""
    if exception is None:
        return None
    if isinstance(exception, CatchResponseError):
        # A scenario that says "status was 0" speaks of the transport error that it was given as a response.
        transport = getattr(response, "error", None)
        if not getattr(response, "status_code", 0) and isinstance(transport, Exception):
            return classify(transport, response)
        if int(getattr(response, "status_code", 0) or 0) < 300:
            return "assertion"
    chain = list(_causes(exception))
    if any(isinstance(error, NotAllowed) for error in chain):
        return "not_allowed"
    status = int(getattr(response, "status_code", 0) or 0)
    if status == 429:
        return "rate_limited"
    if status >= 300:
        return f"http_{status // 100}xx" if status < 600 else "protocol"
    return transport_class(exception) or "protocol"


def transport_class(exception: BaseException) -> str | None:
    """The failure class of what an exception, or one that it wraps, says of the network; None when nothing."""
    return next((found for error in _causes(exception) if (found := _class_of_one(error))), None)


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
    if isinstance(error, TimeoutError | requests.exceptions.Timeout):
        return "timeout"
    if isinstance(error, ConnectionError) and error.errno is None:  # as raised by clients in Python
        return "connect_refused" if isinstance(error, ConnectionRefusedError) else "reset"
    return _ERRNO_CLASS.get(error.errno or 0) if isinstance(error, OSError) else None


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it wraps, outermost first, each once."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if current in found:
            continue
        found.append(current)
        inner = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        waiting.extend(item for item in inner if isinstance(item, BaseException))
    return found
