"""`self.client.request` of HttpUser: what is ordinary goes out at once, everything else the whole way."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter
from typing import Any, Protocol

import requests
from gevent import GreenletExit, get_hub
from greenlet import getcurrent
from locust.clients import ResponseContextManager

from readiness.load.http.failures import Failure
from readiness.load.http.request import endpoint_name
from readiness.load.locust_clients.calls import RequestEvent, StockCall, Unjudged
from readiness.load.locust_clients.deadlines import Deadline, Deadlines
from readiness.load.locust_clients.http_errors import requests_error
from readiness.load.locust_clients.http_known import KnownRequest, copy_of
from readiness.load.locust_clients.http_plain import PlainRequests, plain_response
from readiness.load.locust_clients.http_raw import Unread
from readiness.load.locust_clients.own_target import OwnConnections, Received
from readiness.load.locustfiles import scenario_of
from readiness.load.recorder import OTHER, Recorder

_MOST_NAMES = 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _Clients(Protocol):
    """StockClients."""

    recorder: Recorder
    deadlines: Deadlines
    open: dict[int, StockCall]
    own: object

    def end(self, fields: dict[str, Any]) -> bool: ...
    def left(self, mark: Unjudged, response: Any, problem: BaseException | None) -> None: ...
    def answered(self, call: StockCall, response: Any) -> None: ...
    def safely(self, deadline: Deadline, ask: Callable[[], Any]) -> Any: ...
    def broke(self, call: StockCall, problem: BaseException) -> None: ...


class PlainSender:
    """Of one session."""

    def __init__(self, clients: _Clients, plain: PlainRequests, whole_way: Callable[..., Any]) -> None:
        self._clients = clients
        self._plain = plain
        self._whole_way = whole_way
        self._recorder = clients.recorder
        self._session = plain.session
        self._mine: dict[str, Any] = vars(plain.session)
        user = plain.session.user
        self._scenario = OTHER if user is None else scenario_of(type(user))
        self._users: dict[str, Any] = {} if user is None else vars(user)
        self._identities: dict[tuple[str, str], tuple[str, str]] = {}
        self._timeout_s = clients.deadlines.timeout_s

    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        catch_response: bool = False,
        context: Any = None,
        *,
        data: Any = None,
        json: Any = None,
        headers: Any = None,
        params: Any = None,
        verify: Any = None,
        allow_redirects: bool = True,
        **others: Any,
    ) -> Any:
        """See locust.clients.HttpSession.request."""
        event = self._mine["request_event"]
        plain = self._plain
        found = None
        if type(event) is RequestEvent:
            found = self._find(method, url, headers, data, json, params, verify, others)
        if found is None:
            words = {"headers": headers, "params": params, "verify": verify}
            others.update((key, value) for key, value in words.items() if value is not None)
            return self._whole_way(
                method, url, name, catch_response, context or {}, data=data, json=json,
                allow_redirects=allow_redirects, **others,
            )  # fmt: skip
        known, connections = found
        if not name:
            name = self._mine["request_name"] or known.path_url
        start_s = perf_counter()
        call = StockCall(self._identity(method, name), start_s, start_s, "://" not in url)
        if "readiness_intended_s" in self._users:  # of an open load; used once
            call.start_s = self._users.pop("readiness_intended_s")
        self._recorder.enter(call)
        try:
            answer = connections.ask(known.wire, known.method, start_s + self._timeout_s)
        except Failure as failure:
            error = self._error(failure, known)
            return self._finish(
                call, known, ResponseContextManager(error), method, name, catch_response, context, start_s
            )
        except GreenletExit:
            raise  # stays in the recorder: in flight when the load ended
        except BaseException as problem:
            self._clients.broke(call, problem)
            raise
        if not allow_redirects or answer.status not in _REDIRECTS:
            call.first_s = answer.first_s
        if answer.notable or answer.status in _REDIRECTS:
            response = self._unusual(call, known, answer, start_s, allow_redirects, verify)
            return self._finish(call, known, response, method, name, catch_response, context, start_s)
        call.head, call.status_code = answer.head, answer.status
        response = plain_response(answer, known, catch_response)
        response.readiness_unread = Unread(
            answer, known, plain.adapter, method, name, self._context(call, context), event, start_s
        )
        failed = 400 <= answer.status < 600
        if catch_response:
            if failed:
                self._clients.answered(call, response)
            else:
                self._recorder.answer(call, answer.end_s)
                response.readiness_call = Unjudged(call, self._clients, self._recorder.forgotten)
        elif failed or len(event._handlers) > 1:
            self._tell(call, response)
        else:
            self._recorder.end(call, answer.end_s)
        return response

    def _find(
        self,
        method: str,
        url: str,
        headers: Any,
        data: Any,
        json: Any,
        params: Any,
        verify: Any,
        others: dict[str, Any],
    ) -> tuple[KnownRequest, OwnConnections] | None:
        """The request, and how it goes out; None where it is no ordinary one."""
        known = self._plain.find(method, url, headers, data, json, params, verify, others)
        if known is None:
            return None
        connections = self._plain.adapter.connections(verify=bool(self._mine["verify"] if verify is None else verify))
        return None if connections.hub is not get_hub() else (known, connections)

    def _identity(self, method: str, name: Any) -> tuple[str, str]:
        found = self._identities.get((method, name))
        if found is None:
            if len(self._identities) >= _MOST_NAMES:
                self._identities.clear()
            found = self._identities[method, name] = (self._scenario, endpoint_name(method, str(name)))
        return found

    def _context(self, call: StockCall, context: Any) -> dict[str, Any]:
        """What the user adds to each event; its own code, so it may raise."""
        own = self._plain.context
        if own is None:
            return context or {}
        try:
            return {**own(), **(context or {})}
        except BaseException as problem:
            self._clients.broke(call, problem)
            raise

    def _error(self, failure: Failure, known: KnownRequest) -> Any:
        prepared = copy_of(known.prepared)
        if failure.failure != "timeout":
            return requests_error(failure, prepared, known.target, self._plain.adapter.target.origin)
        error = requests.exceptions.Timeout(f"no complete answer within {self._timeout_s:g} s", request=prepared)
        error.__cause__ = failure
        return error

    def _unusual(
        self,
        call: StockCall,
        known: KnownRequest,
        answer: Received,
        start_s: float,
        allow_redirects: bool,
        verify: Any,
    ) -> Any:
        """The answer sets a cookie, has a coding, or leads on: the rest of the way is requests' own."""
        adapter, session = self._plain.adapter, self._session
        prepared = copy_of(known.prepared)
        took = timedelta(seconds=answer.end_s - start_s)

        def go_on() -> Any:
            adapter.replay(prepared, adapter.response(prepared, known.target, answer))
            try:
                response = requests.Session.send(
                    session, prepared, allow_redirects=allow_redirects, stream=False,
                    verify=session.verify if verify is None else verify, cert=None, proxies={},
                )  # fmt: skip
            except (
                requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL,
            ):  # fmt: skip
                raise
            except requests.exceptions.RequestException as problem:
                return ResponseContextManager(problem)
            (response.history[0] if response.history else response).elapsed = took
            return response

        try:
            return self._clients.safely(self._clients.deadlines.resume(start_s), go_on)
        except GreenletExit:
            raise
        except BaseException as problem:
            self._clients.broke(call, problem)
            raise

    def _finish(
        self,
        call: StockCall,
        known: KnownRequest,
        response: Any,
        method: str,
        name: str,
        catch_response: bool,
        context: Any,
        start_s: float,
    ) -> Any:
        """As the end of Locust's own `request`, with nothing left out."""
        took_s = perf_counter() - start_s
        first = (response.history[0] if response.history else response).request
        meta = {
            "request_type": method,
            "response_time": took_s * 1000,
            "name": name,
            "context": self._context(call, context),
            "response": response,
            "exception": None,
            "start_time": time.time() - took_s,
            "url": str(first.url) if first else known.prepared.url,
            "response_length": len(response.content or b""),
        }
        rcm: Any = ResponseContextManager.wrap_response(
            response, request_event=self._mine["request_event"], request_meta=meta, catch_response=catch_response
        )
        if catch_response:
            self._clients.answered(call, rcm)
        else:
            self._tell(call, rcm)
        return rcm

    def _tell(self, call: StockCall, response: Any) -> None:
        """Locust's event, which also ends the call."""
        opened, key = self._clients.open, id(getcurrent())
        outer = opened.get(key)  # a hook of a request may send another
        opened[key] = call
        try:
            response.__exit__(None, None, None)
        finally:
            if opened.get(key) is call:
                del opened[key]
                self._clients.answered(call, response)
            if outer is not None:
                opened[key] = outer
