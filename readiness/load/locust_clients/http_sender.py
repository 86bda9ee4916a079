"""`self.client.request` of HttpUser: what is ordinary goes out at once, everything else the whole way."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import Any

import requests
from gevent import GreenletExit, get_hub
from locust.clients import ResponseContextManager

from readiness.load.http.failures import Failure
from readiness.load.http.request import REDIRECTS
from readiness.load.locust_clients.calls import RequestEvent, StockCall, Unjudged
from readiness.load.locust_clients.http_errors import NO_REQUEST, requests_error
from readiness.load.locust_clients.http_known import KnownRequest, copy_of
from readiness.load.locust_clients.http_raw import Unread
from readiness.load.locust_clients.http_stock import StockRequests, stock_response
from readiness.load.locust_clients.own_target import OwnConnections, Received
from readiness.load.locust_clients.sender import Clients, StockSender
from readiness.load.traceparent import TRACEPARENT, value_of


class HttpSender(StockSender):
    """Of one session."""

    def __init__(self, clients: Clients, stock: StockRequests) -> None:
        super().__init__(clients, stock.session, stock.session.request)
        self._stock = stock

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
        event = self.mine["request_event"]
        stock = self._stock
        found = None
        if type(event) is RequestEvent:
            found = self._find(method, url, headers, data, json, params, verify, others)
        if found is None:
            words = {"headers": headers, "params": params, "verify": verify}
            others.update((key, value) for key, value in words.items() if value is not None)
            return self.whole_way(
                method, url, name, catch_response, context or {}, data=data, json=json,
                allow_redirects=allow_redirects, **others,
            )  # fmt: skip
        known, connections = found
        if not name:
            name = self.mine["request_name"] or known.path_url
        start_s = perf_counter()
        call = self.begin(method, name, url, start_s)
        try:
            answer = connections.ask(self.traced(call, known.wire), known.method, start_s + self.timeout_s)
        except Failure as failure:
            error = self._error(failure, known)
            return self._finish(
                call, known, ResponseContextManager(error), method, name, catch_response, context, start_s
            )
        except GreenletExit:
            raise  # stays in the recorder: in flight when the load ended
        except BaseException as problem:
            self.clients.broke(call, problem)
            raise
        if not allow_redirects or answer.status not in REDIRECTS:
            call.first_s = answer.first_s
        if answer.notable or answer.status in REDIRECTS:
            response = self._unusual(call, known, answer, start_s, allow_redirects, verify)
            return self._finish(call, known, response, method, name, catch_response, context, start_s)
        call.head, call.status_code = answer.head, answer.status
        response = stock_response(answer, known, catch_response)
        response.readiness_unread = Unread(
            answer, known, stock.adapter, method, name, self.context(call, context), event, start_s
        )
        failed = 400 <= answer.status < 600
        if catch_response:
            if failed:
                self.clients.answered(call, response)
            else:
                self.recorder.answer(call, answer.end_s)
                response.readiness_call = Unjudged(call, self.clients, self.recorder.forgotten)
        elif failed or len(event._handlers) > 1:
            self.tell(call, response, partial(response.__exit__, None, None, None))
        else:
            call.answer = answer
            self.recorder.end(call, answer.end_s)
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
        known = self._stock.find(method, url, headers, data, json, params, verify, others)
        if known is None:
            return None
        connections = self._stock.adapter.connections(verify=bool(self.mine["verify"] if verify is None else verify))
        return None if connections.hub is not get_hub() else (known, connections)

    def _error(self, failure: Failure, known: KnownRequest) -> Any:
        prepared = copy_of(known.prepared)
        if failure.failure != "timeout":
            return requests_error(failure, prepared, known.target, self._stock.adapter.target.origin)
        error = self.clients.timed.too_late()
        error.request = prepared
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
        adapter, session = self._stock.adapter, self.session
        prepared = copy_of(known.prepared)
        if call.trace:  # goes on with each redirect
            prepared.headers[TRACEPARENT] = value_of(call.trace)
        took = timedelta(seconds=answer.end_s - start_s)

        def go_on() -> Any:
            adapter.replay(prepared, adapter.response(prepared, known.target, answer))
            try:
                response = requests.Session.send(
                    session, prepared, allow_redirects=allow_redirects, stream=False,
                    verify=session.verify if verify is None else verify, cert=None, proxies={},
                )  # fmt: skip
            except NO_REQUEST:
                raise
            except requests.exceptions.RequestException as problem:
                return ResponseContextManager(problem)
            (response.history[0] if response.history else response).elapsed = took
            return response

        try:
            return self.clients.timed.http(self.clients.deadlines.resume(start_s), go_on)
        except GreenletExit:
            raise
        except BaseException as problem:
            self.clients.broke(call, problem)
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
            "context": self.context(call, context),
            "response": response,
            "exception": None,
            "start_time": time.time() - took_s,
            "url": str(first.url) if first else known.prepared.url,
            "response_length": len(response.content or b""),
        }
        rcm: Any = ResponseContextManager.wrap_response(
            response, request_event=self.mine["request_event"], request_meta=meta, catch_response=catch_response
        )
        if catch_response:
            self.clients.answered(call, rcm)
        else:
            self.tell(call, rcm, partial(rcm.__exit__, None, None, None))
        return rcm
