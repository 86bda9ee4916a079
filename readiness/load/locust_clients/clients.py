"""Puts the requests of stock clients into the ledger.

Locust tells of a request when it is over, and never of one that hangs, was killed, or raised inside a
`catch_response` block. So each session's `request` is wrapped: the call begins before it, ends with Locust's own
`request` event, and is under a total deadline, which neither client has.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any, TypeVar

import requests
from gevent import GreenletExit
from greenlet import getcurrent
from locust import FastHttpUser, HttpUser, User
from locust.clients import ResponseContextManager
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, ErrorResponse, FastHttpSession
from locust.event import EventHook

from readiness.load.http.failures import Failure
from readiness.load.http.request import endpoint_name
from readiness.load.locust_clients.checked import Unacceptable, unacceptable
from readiness.load.locust_clients.deadlines import Deadlines, Passed
from readiness.load.locust_clients.failures import classify
from readiness.load.locust_clients.fast_answer import read_body
from readiness.load.locust_clients.http_answer import check_whole
from readiness.load.locustfiles import scenario_of
from readiness.load.recorder import Recorder

E = TypeVar("E", bound=Exception)


class _Open:
    """A call under way (a Ticket of the recorder), and what Locust handed the scenario for it."""

    __slots__ = ("identity", "response", "sent_s", "start_s", "status_code", "to_target")

    def __init__(self, identity: tuple[str, str], start_s: float, sent_s: float, to_target: bool) -> None:
        self.identity = identity
        self.start_s = start_s
        self.sent_s = sent_s
        self.to_target = to_target
        """Whether the scenario asked for a path of the target, and not for some other address."""
        self.response: Any = None
        self.status_code = 0

    @property
    def raw_head(self) -> bytes:
        """The answer's headers as they would stand on the wire."""
        fields = (getattr(self.response, "headers", None) or {}).items()
        return "\r\n".join(["", *(f"{name}: {value}" for name, value in fields)]).encode("latin-1", "replace")

    def judged(self, failure: str | None) -> str | None:
        """The class as it counts: only a redirect leads from the target's own path to another host."""
        return "http_3xx" if failure == "not_allowed" and self.to_target else failure


class _Event(EventHook):
    """Locust's `request` event as the stock sessions have it: first the ledger, then whoever else listens."""

    def __init__(self, event: EventHook, end: Callable[[dict[str, Any]], bool], own: Callable[..., Any]) -> None:
        self._handlers = event._handlers
        self._end = end
        self._own = own

    def fire(self, *, reverse: bool = False, **fields: Any) -> None:
        """Builds nothing for nobody."""
        if not self._end(fields):
            super().fire(reverse=reverse, **fields)  # type: ignore[no-untyped-call]
        elif len(self._handlers) > 1:
            others = EventHook()
            others._handlers = [handler for handler in self._handlers if handler != self._own]
            others.fire(reverse=reverse, **fields)


class StockClients:
    """Wraps the sessions of stock users and ends their calls when Locust's event fires."""

    def __init__(self, recorder: Recorder, timeout_s: float) -> None:
        self._recorder = recorder
        self._deadlines = Deadlines(timeout_s)
        self._open: dict[int, _Open] = {}
        """By the id of the greenlet."""
        self._streaming: set[int] = set()
        """Greenlets whose request leaves the body to the scenario."""

    def wrap(self, user: User, own: Callable[..., Any]) -> None:
        """Watch the client of a stock user, once; other users are left alone.

        `own` is the listener of the `request` event that calls `end` for everything that comes another way.
        """
        client: Any = getattr(user, "client", None)
        if isinstance(user, HttpUser | FastHttpUser) and not isinstance(client.request_event, _Event):
            client.request = self._watched(user, client.request)
            client._send_request_safe_mode = self._timed(client, client._send_request_safe_mode)
            client.request_event = _Event(client.request_event, self.end, own)

    def end(self, fields: dict[str, Any]) -> bool:
        """Of Locust's `request` event: the call of this greenlet is over. False when it had none."""
        key = id(getcurrent())
        waiting = self._open.get(key)
        if waiting is None or "response_time" not in fields:
            return False
        response = fields.get("response")
        if response is None and waiting.response is not None:
            return False  # the scenario tells of something else, perhaps while it looks at an answer
        del self._open[key]
        recorder = self._recorder
        waiting.identity = (waiting.identity[0], endpoint_name(str(fields["request_type"]), str(fields["name"])))
        exception, took_s = fields.get("exception"), fields["response_time"] / 1000
        waiting.response = response
        waiting.status_code = int(getattr(response, "status_code", 0) or 0)
        if exception is None:
            recorder.end(waiting, waiting.sent_s + took_s)
        else:
            failure = waiting.judged(classify(exception, response))
            recorder.end(waiting, waiting.sent_s + took_s, failure, str(exception))
        return True

    def on_user_error(self, exception: BaseException) -> bool:
        """A task raised: a call that its greenlet left open never got its event.

        True when the exception followed from a request that failed; then it says nothing against the scenario.
        """
        return self._abandon(exception) not in (None, "script")

    def _abandon(self, problem: BaseException | None = None) -> str | None:
        waiting = self._open.pop(id(getcurrent()), None)
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
        self._recorder.end(waiting, time.perf_counter(), failure, detail)
        return failure

    def _watched(self, user: User, original: Callable[..., Any]) -> Callable[..., Any]:
        scenario, mine = scenario_of(type(user)), vars(user)
        opened, streaming, enter = self._open, self._streaming, self._recorder.enter

        def request(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            key = id(getcurrent())
            if key in opened:
                self._abandon()
            name = kwargs.get("name") or (args[0] if args and isinstance(args[0], str) else url)
            sent_s = time.perf_counter()
            due_s = sent_s
            if "readiness_intended_s" in mine:  # of an open load; used once
                due_s = mine.pop("readiness_intended_s")
            waiting = opened[key] = _Open(
                (scenario, endpoint_name(method, str(name))), due_s, sent_s, "://" not in str(url)
            )
            enter(waiting)
            if streams := kwargs.get("stream") or (len(args) > 3 and args[3]):
                streaming.add(key)
            try:
                waiting.response = original(method, url, *args, **kwargs)
            except GreenletExit:
                opened.pop(key, None)  # stays in the recorder: in flight when the load ended
                raise
            finally:
                if streams:
                    streaming.discard(key)
            return waiting.response

        return request

    def _timed(self, client: Any, original: Callable[..., Any]) -> Callable[..., Any]:
        """`original` under a total deadline; past it, Locust's own error response is returned."""
        deadlines, streaming = self._deadlines, self._streaming
        fast = isinstance(client, FastHttpSession)
        read = read_body if fast else check_whole
        failures = (*FAILURE_EXCEPTIONS, Failure) if fast else Failure  # what reading may end with

        def send(method: str, url: str, **kwargs: Any) -> Any:
            deadline = deadlines.begin()
            error: Exception
            try:
                response = original(method, url, **kwargs)
                if not (streaming and id(getcurrent()) in streaming):
                    read(response)
                if deadline.passed:
                    raise Passed  # somebody caught it and went on
                return response
            except Passed:
                error = requests.exceptions.Timeout(f"no complete answer within {deadlines.timeout_s:g} s")
            except failures as problem:
                error = problem
            except Exception as problem:
                if not _of_a_redirect(problem):
                    raise
                error = unacceptable("protocol", f"the redirect leads to no URL ({problem})")
            finally:
                deadlines.end(deadline)
            if fast:
                if not isinstance(error, FAILURE_EXCEPTIONS):
                    error = _as(Unacceptable, error)
                return ErrorResponse(client.client._make_request(url, method=method), error)
            if not isinstance(error, requests.exceptions.RequestException):
                error = _as(requests.exceptions.RequestException, error)
            return ResponseContextManager(error)

        return send


def _as(kind: type[E], problem: Exception) -> E:
    """What a client takes for an error of its own."""
    error = kind(str(problem))
    error.__cause__ = problem
    return error


def _of_a_redirect(problem: Exception) -> bool:
    """Whether a client stumbled over a place that the target named, and not the scenario."""
    frames = traceback.walk_tb(problem.__traceback__)
    return any(frame.f_code.co_name in ("resolve_redirects", "redirect") for frame, _ in frames)
