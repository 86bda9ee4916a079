"""Puts the requests of stock clients into the ledger.

Locust tells of a request when it is over, and never of one that hangs, was killed, or raised inside a
`catch_response` block. So each session's `request` is wrapped: the call begins before it, ends when it returns, and is
under a total deadline, which neither client has. Locust's own `request` event says how the answer was judged, which in
a `catch_response` block may be much later, after other requests, or never.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

import requests
from gevent import GreenletExit
from greenlet import getcurrent
from locust import User
from locust.clients import HttpSession
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, FastHttpSession, LocustUserAgent
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser

from readiness.load.addresses import Addresses
from readiness.load.http.failures import COUNTED
from readiness.load.http.request import endpoint_name, origin_of
from readiness.load.http.resends import Resends
from readiness.load.life.listeners import described
from readiness.load.locust_clients.calls import RequestEvent, StockCall, Unjudged, seconds_of
from readiness.load.locust_clients.deadlines import Deadlines
from readiness.load.locust_clients.failures import classify, detail_of, of_reading
from readiness.load.locust_clients.fast_agent import OwnAgent
from readiness.load.locust_clients.fast_sender import FastSender
from readiness.load.locust_clients.fast_stock import FAST_ORIGINALS, FastRequests
from readiness.load.locust_clients.http_adapter import OwnAdapter
from readiness.load.locust_clients.http_errors import NO_REQUEST
from readiness.load.locust_clients.http_sender import HttpSender
from readiness.load.locust_clients.http_stock import HTTP_ORIGINALS, StockRequests
from readiness.load.locust_clients.own_target import OwnTarget
from readiness.load.locust_clients.stock_traces import TracedAnswers, traced_headers
from readiness.load.locust_clients.timed import Timed
from readiness.load.locustfiles import scenario_of
from readiness.load.recorder import OTHER, Recorder
from readiness.load.traced_calls import UNTRACED, TracedCalls

_STEERS = (
    StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet, GreenletExit, GeneratorExit,
)  # fmt: skip
"""By these a scenario leaves a block without a word about the answer."""

_SAYS_STATUS = (OSError, *FAILURE_EXCEPTIONS)
"""What `raise_for_status` raises says no more than the status."""

_BEFORE_HEADERS = 4
"""Arguments of FastHttpSession.request between the URL and the headers; HttpSession's have names."""


class StockClients:
    """Wraps the sessions of stock users and ends their calls when Locust's event fires."""

    def __init__(
        self, recorder: Recorder, timeout_s: float, base_url: str, addresses: Addresses, resends: Resends
    ) -> None:
        self.recorder = recorder
        self.traced = UNTRACED
        self.target = OwnTarget(origin_of(base_url), addresses, resends, timeout_s)
        self.deadlines = Deadlines(timeout_s)
        self.open: dict[int, StockCall] = {}
        """Requests that wait for their answer, by the id of the greenlet."""
        self.timed = Timed(self.deadlines)
        self.own: object = None
        """The listener of the `request` event that calls `told` for everything that comes another way."""
        self.untold: Callable[..., object] = lambda **_: None
        """Gets the fields of a request that Locust tells nobody of, because its block raised."""

    def watch(self, traced: TracedCalls = UNTRACED) -> None:
        """Every session that is made from now on, by a user or by a scenario itself."""
        self.traced = traced
        self.target.environment.install()
        kind: Any
        for kind in (HttpSession, FastHttpSession):
            kind.__init__ = self._watching(kind.__init__)

    def watch_session(self, client: Any) -> None:
        """The requests of a session of Locust's are in the ledger from now on."""
        if self.traced.on and not isinstance(self.recorder.watch, TracedAnswers):
            self.recorder.watch = TracedAnswers(self.traced, self.recorder.watch)
        original = client.request
        client.request = self._watched(client, original)
        client._send_request_safe_mode = self.timed.sending(client, client._send_request_safe_mode)
        client.request_event = RequestEvent(client.request_event, self)
        lent = self._lend_connections if isinstance(client, HttpSession) else self._lend_fast
        if not lent(client, self.target):
            client._send_request_safe_mode = self._noted(client._send_request_safe_mode)

    def _noted(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """The requests of a session that has its own way to send."""

        def send(*args: Any, **kwargs: Any) -> Any:
            self.target.note("a pool manager or client of the file's own")
            return original(*args, **kwargs)

        return send

    def _lend_connections(self, session: Any, target: OwnTarget) -> bool:
        """The target's requests go over our own connections, unless the file has its own way to send."""
        adapters: Any = session.adapters
        first, second = adapters.values()
        changed = not HTTP_ORIGINALS.are_there() or not hasattr(first, "poolmanager")
        if changed or first.poolmanager is second.poolmanager:
            return False
        for prefix in list(adapters):
            adapters[prefix] = OwnAdapter(target)
        if type(session) is HttpSession:
            adapter: Any = adapters["https://" if target.origin.secure else "http://"]
            vars(session)["request"] = HttpSender(self, StockRequests(session, adapter)).request
        return True

    def _lend_fast(self, session: Any, target: OwnTarget) -> bool:
        """The same for FastHttpUser's session."""
        if not FAST_ORIGINALS.are_there() or type(session.client) is not LocustUserAgent:
            return False
        own = OwnAgent(session, target, self.timed.streaming)
        if type(session) is FastHttpSession:
            vars(session)["request"] = FastSender(self, FastRequests(session, own)).request
        return True

    def _watching(self, original: Callable[..., None]) -> Callable[..., None]:
        def make(client: Any, *args: Any, **kwargs: Any) -> None:
            original(client, *args, **kwargs)
            self.watch_session(client)

        return make

    def told(self, fields: dict[str, Any]) -> bool:
        """Of a `request` event of a scenario's own: whether it tells of an answer of a session's, and ends its call."""
        mark = _mark(fields.get("response"))
        if mark is None or "response_time" not in fields:
            return False
        self._judge(mark.call, fields)
        mark.left = True
        return True

    def end(self, fields: dict[str, Any]) -> bool:
        """Of a session's `request` event: its call is over, or is judged after it was. False when it had none."""
        if self.told(fields):
            return True
        waiting = self.open.pop(id(getcurrent()), None) if "response_time" in fields else None
        if waiting is None:
            return False
        self._judge(waiting, fields)
        return True

    def _judge(self, call: StockCall, fields: dict[str, Any]) -> None:
        call.identity = (call.identity[0], endpoint_name(str(fields["request_type"]), str(fields["name"])))
        exception, response = fields.get("exception"), fields.get("response")
        took_s = seconds_of(fields["response_time"])
        end_s = time.perf_counter() if took_s is None else call.sent_s + took_s
        call.take(response)
        if not exception:
            call.answer, call.asked = response, str(fields.get("url", ""))
            self.recorder.end(call, end_s)
            call.answer = None  # it holds the call
        else:
            failure = call.judged(classify(exception, response))
            self.recorder.end(call, end_s, failure, detail_of(exception, response, failure))

    def left(self, mark: Unjudged, response: Any, problem: BaseException | None) -> None:
        """A block was left. Where Locust has told of it, the call is over; where it raised, Locust never will."""
        mark.left = True
        if problem is None or isinstance(problem, _STEERS):
            self.recorder.forgotten.append(mark.call)
            return
        mark.call.take(response)
        failure, detail = of_problem(mark.call, response, problem)
        if failure != "script":
            problem.add_note(COUNTED)
        self.untold(**response.request_meta)
        self.recorder.end(mark.call, time.perf_counter(), failure, detail)

    def _watched(self, client: Any, original: Callable[..., Any]) -> Callable[..., Any]:
        user: User | None = client.user
        traced = self.traced if self.traced.on else None
        scenario, mine = (OTHER, {}) if user is None else (scenario_of(type(user)), vars(user))
        opened, streaming, recorder, holds = self.open, self.timed.streaming, self.recorder, self.target.holds

        def request(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            key = id(getcurrent())
            name = kwargs.get("name") or (args[0] if args and isinstance(args[0], str) else url)
            sent_s = time.perf_counter()
            due_s = sent_s
            if "readiness_intended_s" in mine:  # of an open load; used once
                due_s = mine.pop("readiness_intended_s")
            outer = opened.get(key)  # a hook of a request may send another
            is_path = "://" not in str(url)
            is_here = holds(str(client.base_url if is_path else url))
            waiting = opened[key] = StockCall(
                (scenario, endpoint_name(method, str(name))), due_s, sent_s, is_path and is_here
            )
            if traced is not None and waiting.to_target and len(args) <= _BEFORE_HEADERS and (line := traced.line()):
                kwargs["headers"] = traced_headers(waiting, kwargs.get("headers"), client, line)
            recorder.enter(waiting)
            if streams := kwargs.get("stream") or (len(args) > 3 and args[3]):
                streaming.add(key)
            try:
                response = original(method, url, *args, **kwargs)
                if opened.get(key) is waiting:  # its block is still to come
                    del opened[key]
                    self.answered(waiting, response)
            except GreenletExit:
                opened.pop(key, None)  # stays in the recorder: in flight when the load ended
                raise
            except NO_REQUEST:
                if opened.pop(key, None) is waiting:
                    recorder.withdraw(waiting)  # nothing was sent, and Locust counts nothing
                raise
            except BaseException as problem:
                if opened.pop(key, None) is waiting:
                    self.broke(waiting, problem)
                raise
            finally:
                if streams:
                    streaming.discard(key)
                if outer is not None:
                    opened[key] = outer
            return response

        return request

    def broke(self, call: StockCall, problem: BaseException) -> None:
        """A call ended with an exception that goes on to the scenario."""
        failure, detail = of_problem(call, None, problem)
        self.recorder.end(call, time.perf_counter(), failure, detail)
        if failure != "script":
            problem.add_note(COUNTED)

    def answered(self, call: StockCall, response: Any) -> None:
        """The answer is there; how it counts is up to the scenario's block, and until then to its status."""
        call.take(response)
        meta = getattr(response, "request_meta", None) or {}
        took_s = meta.get("response_time", 0.0) / 1000
        call.identity = (call.identity[0], endpoint_name(str(meta["request_type"]), str(meta["name"])))
        try:
            response.raise_for_status()
        except Exception as problem:
            self.recorder.answer(call, call.sent_s + took_s, call.judged(classify(problem, response)), str(problem))
        else:
            self.recorder.answer(call, call.sent_s + took_s)
        mark = Unjudged(call, self, self.recorder.forgotten)
        for one in (response, meta["response"]):  # two objects with FastHttpUser: the block's, and the event's
            one.readiness_call = mark


def _mark(response: Any) -> Unjudged | None:
    mark = getattr(response, "readiness_call", None)
    return mark if isinstance(mark, Unjudged) else None


def leaving(original: Callable[..., bool]) -> Callable[..., bool]:
    """`__exit__` of a block of Locust's, which tells nobody when the block raised."""

    def leave(response: Any, kind: Any, problem: BaseException | None, trace: Any) -> bool:
        if (mark := _mark(response)) is not None:
            mark.call.called_good = getattr(response, "_manual_result", None) is True
        swallowed = original(response, kind, problem, trace)
        if mark is not None and not mark.left:
            mark.clients.left(mark, response, problem)
        return swallowed

    return leave


def of_problem(call: StockCall, response: Any, problem: BaseException) -> tuple[str, str]:
    """The failure of a request whose scenario raised before it judged the answer."""
    if response is not None and not 200 <= call.status_code < 300:
        error = getattr(response, "error", None) or requests.exceptions.HTTPError(f"HTTP {call.status_code}")
        same = isinstance(problem, _SAYS_STATUS) and not isinstance(problem, JSONDecodeError)
        more = "" if same else f", and the scenario raised {described(problem)}"
        return call.judged(classify(error, response)) or "script", f"{error}{more}"
    if isinstance(problem, AssertionError | JSONDecodeError | UnicodeDecodeError):
        return "assertion", str(problem)
    if failure := of_reading(response, problem):
        return failure, str(problem)
    return "script", "the scenario raised before it judged the response"
