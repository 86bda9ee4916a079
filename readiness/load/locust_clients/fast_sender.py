"""`self.client.request` of FastHttpUser: what is ordinary goes out at once, everything else the whole way."""

from __future__ import annotations

import time
from time import perf_counter
from typing import Any

from gevent import GreenletExit
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, ErrorResponse, FastHttpSession, FastResponse
from locust.contrib.fasthttp import ResponseContextManager as Block

from readiness.load.http.failures import Failure
from readiness.load.http.request import REDIRECTS
from readiness.load.locust_clients.calls import RequestEvent, StockCall, Unjudged
from readiness.load.locust_clients.fast_errors import fast_error
from readiness.load.locust_clients.fast_parts import FastUnread
from readiness.load.locust_clients.fast_stock import FastRequests, Outgoing
from readiness.load.locust_clients.own_target import Received
from readiness.load.locust_clients.sender import Clients, StockSender
from readiness.load.locust_clients.stock_traces import with_trace


class FastSender(StockSender):
    """Of one session."""

    def __init__(self, clients: Clients, stock: FastRequests) -> None:
        super().__init__(clients, stock.session, stock.session.request)
        self._stock = stock
        self._own = stock.own
        self._agent = stock.agent

    def request(
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool = False,
        stream: bool = False,
        headers: Any = None,
        auth: Any = None,
        json: Any = None,
        allow_redirects: bool = True,
        context: Any = None,
        **others: Any,
    ) -> Any:
        """See FastHttpSession.request."""
        event = self.mine["request_event"]
        out = None
        if type(event) is RequestEvent and not stream and (not others or others.keys() == {"params"}):
            out = self._stock.find(method, url, headers, data, json, others.get("params"), auth)
        if out is None:
            return self.whole_way(
                method, url, name, data, catch_response, stream, headers=headers, auth=auth, json=json,
                allow_redirects=allow_redirects, context=context or {}, **others,
            )  # fmt: skip
        if not name:
            name = self.mine["request_name"] or url
        start_s = perf_counter()
        call = self.begin(method, name, url, start_s)
        try:
            answer = self._own.ask(self.traced(call, out.head + out.body), out.known.method, start_s + self.timeout_s)
        except Failure as failure:
            response = self._unanswered(call, out, failure, method, start_s)
        except GreenletExit:
            raise  # stays in the recorder: in flight when the load ended
        except BaseException as problem:
            self.clients.broke(call, problem)
            raise
        else:
            agent, status = self._agent, answer.status
            if not allow_redirects or status not in REDIRECTS:
                call.first_s = answer.first_s
            if not answer.notable and status in agent.valid_response_codes and status not in REDIRECTS:
                return self._usual(call, out, answer, method, name, catch_response, context, event, start_s)
            response = self._rest(call, out, (answer, out.head), method, start_s, allow_redirects)
            if not isinstance(response, ErrorResponse):
                first = response._history[0] if response._history else response
                first._elapsed = answer.end_s - start_s
        return self._finish(call, out, response, method, name, catch_response, context, event, start_s)

    def _usual(
        self,
        call: StockCall,
        out: Outgoing,
        answer: Received,
        method: str,
        name: str,
        catch_response: bool,
        context: Any,
        event: Any,
        start_s: float,
    ) -> Any:
        """What is left to be done is to tell of it."""
        call.head, call.status_code = answer.head, answer.status
        unread = FastUnread(answer, out, method, name, self.context(call, context), event, start_s)
        if catch_response:
            block = unread.response(Block)
            block._catch_response = True
            self.recorder.answer(call, answer.end_s)
            block.readiness_call = Unjudged(call, self.clients, self.recorder.forgotten)
            return block
        response = unread.response(FastResponse)
        if len(event._handlers) > 1:
            self.tell(call, response, lambda: event.fire(**unread.meta(response)))
        else:
            call.answer = answer
            self.recorder.end(call, answer.end_s)
        return response

    def _unanswered(self, call: StockCall, out: Outgoing, failure: Failure, method: str, start_s: float) -> Any:
        if failure.failure != "timeout":
            return self._rest(call, out, fast_error(failure), method, start_s)
        error = self.clients.timed.too_late()
        error.__cause__ = failure
        return ErrorResponse(out.request(), error)

    def _rest(
        self,
        call: StockCall,
        out: Outgoing,
        first: tuple[Received, bytes] | Exception,
        method: str,
        start_s: float,
        allow_redirects: bool = True,
    ) -> Any:
        """No answer, or one that sets a cookie, has a coding, refuses or leads on: the rest is the client's own."""
        agent = self._agent

        def go_on() -> Any:
            codes = agent.redirect_response_codes
            if not allow_redirects:
                agent.redirect_response_codes = frozenset()
            with self._own.sent(first):
                try:
                    return FastHttpSession._send_request_safe_mode(
                        self.session, method, out.url, payload=out.payload,
                        headers=with_trace(out.known.headers, call), params=out.params,
                    )  # fmt: skip
                finally:
                    if not allow_redirects:
                        agent.redirect_response_codes = codes

        clients = self.clients
        try:
            return clients.timed.fast(clients.deadlines.resume(start_s), go_on, out.request)
        except GreenletExit:
            raise
        except BaseException as problem:
            clients.broke(call, problem)
            raise

    def _finish(
        self,
        call: StockCall,
        out: Outgoing,
        response: Any,
        method: str,
        name: str,
        catch_response: bool,
        context: Any,
        event: Any,
        start_s: float,
    ) -> Any:
        """As the end of Locust's own `request`, with nothing left out."""
        took_s = perf_counter() - start_s
        meta = {
            "request_type": method,
            "name": name,
            "context": self.context(call, context),
            "response": response,
            "exception": None,
            "start_time": time.time() - took_s,
            "url": out.url,
            "response_length": len(response.content or b""),
            "response_time": took_s * 1000,
        }
        try:
            response.raise_for_status()
        except FAILURE_EXCEPTIONS as problem:
            meta["exception"] = problem
        if catch_response:
            block = Block(response, event, meta, catch_response)
            self.clients.answered(call, block)
            return block
        self.tell(call, response, lambda: event.fire(**meta))
        return response
