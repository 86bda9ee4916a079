"""`User.self.client`: sends requests in Locust's vocabulary and tells the recorder of every one of them.

Accept-Encoding is `identity` unless the scenario sets it: to decompress answers costs the generator CPU. A scenario
that wants the compressor under load sets the header; then each coded body is undone, also where nobody reads it.
Redirects are off unless asked for, and then never leave the target. Proxies of the environment and .netrc are not read.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Unpack

from gevent.timeout import Timeout

from readiness.config.tls import target_context
from readiness.load.addresses import Addresses
from readiness.load.http.connection_pool import ConnectionPool
from readiness.load.http.cookies import Cookies
from readiness.load.http.event_parser import is_event_stream
from readiness.load.http.event_stream import EventStream
from readiness.load.http.exchanges import Exchanges
from readiness.load.http.failures import Failure
from readiness.load.http.multipart import Uploads, multipart
from readiness.load.http.poll import poll_of_this_hub
from readiness.load.http.request import (
    GetOptions,
    RequestDraft,
    RequestPairs,
    WithBody,
    WithName,
    body_of,
    default_name,
    endpoint_name,
    identity_of,
    origin_of,
    with_query,
)
from readiness.load.http.resends import Resends
from readiness.load.http.response import Response, event_fields
from readiness.load.http.writer import STANDING, Writer, Written
from readiness.load.ticket import CallRecorder
from readiness.load.traced_calls import UNTRACED, TracedCalls

_MAX_BODY_BYTES = 64 * 1024 * 1024


class Client:
    """One simulated user's client: own cookies, own keep-alive connections. Raises ValueError for a bad base URL."""

    def __init__(
        self,
        base_url: str,
        *,
        scenario: str,
        recorder: CallRecorder,
        addresses: Addresses | Sequence[str],
        timeout_s: float = 30.0,
        connect_timeout_s: float = 10.0,
        max_body_bytes: int = _MAX_BODY_BYTES,
        tls: ssl.SSLContext | None = None,
        on_request: Callable[..., object] | None = None,
        control_flow: tuple[type[BaseException], ...] = (),
        resends: Resends | None = None,
        traced: TracedCalls = UNTRACED,
    ) -> None:
        """`addresses` are the target's pinned IPs, which take turns; `tls` replaces the verified default context.

        `resends` and `traced` are of the whole engine where one is running.
        `on_request` gets the fields of Locust's request event after each end. `control_flow` are exceptions that
        steer the task (Locust's StopUser, RescheduleTask …): in a with block they say nothing of the request.
        """
        self.origin = origin_of(base_url)
        self.base_url = self.origin.base_url
        self.headers = STANDING.copy()
        self.cookies = Cookies(self.origin.host)
        self.intended_s: float | None = None
        """When the next request was due (open load); used once."""
        self.on_request = on_request
        self._scenario = scenario
        self._recorder = recorder
        self._timeout_s = timeout_s
        poll_of_this_hub().expect(min(timeout_s, connect_timeout_s))
        self.max_body_bytes = max_body_bytes
        self.control_flow = control_flow
        context = (tls or target_context()) if self.origin.secure else None
        if not isinstance(addresses, Addresses):
            addresses = Addresses(base_url, addresses)
        self._pool = ConnectionPool(
            self.origin, addresses, resends or Resends(), context, connect_timeout_s, max_body_bytes
        )
        self._writer = Writer(scenario, self.origin, self.headers, self.cookies, traced=traced.on)
        self._traced = traced
        self._exchanges = Exchanges(self.origin, self._pool, self.cookies, self._writer)
        self._stream: EventStream | None = None
        self._auth = self.origin.auth
        self._unjudged: Response | None = None
        """From catch_response=True, not yet in a with block."""

    @property
    def auth(self) -> tuple[str, str] | None:
        """User and password of every request (Basic)."""
        return self._auth

    @auth.setter
    def auth(self, auth: tuple[str, str] | None) -> None:
        self._auth = auth
        self._writer.forget()

    def renew(self, log_in: Callable[[], object], after_s: float) -> None:
        """Have `log_in` called once, before the first request that starts in `after_s` s or later: its token ends.

        Where `log_in` raises, that request is not sent, and the next one begins with `log_in` again.
        """
        self._writer.renewal.plan(log_in, perf_counter() + after_s)
        self._writer.forget()

    @property
    def retries(self) -> int:
        """Requests sent again because the kept-alive connection turned out to be closed."""
        return self._pool.retries

    @property
    def connections(self) -> int:
        """Connections opened, successful or not."""
        return self._pool.opened

    def get(
        self, path: str, name: str | None = None, *, catch_response: bool = False, **options: Unpack[GetOptions]
    ) -> Response:
        """GET."""
        written = self._writer.remembered.get(path)
        now_s = perf_counter()
        if written is None or options or now_s >= self._writer.stale_s or self._unjudged is not None:
            return self.request("GET", path, name, catch_response=catch_response, **options)
        response = Response(self, "GET", now_s)
        if self.intended_s is not None:
            response.start_s, self.intended_s = self.intended_s, None
        return self._perform(response, written, name, now_s, now_s + self._timeout_s, catch_response)

    def head(self, path: str, name: str | None = None, **options: Unpack[WithBody]) -> Response:
        """HEAD."""
        return self.request("HEAD", path, name, **options)

    def options(self, path: str, name: str | None = None, **options: Unpack[WithBody]) -> Response:
        """OPTIONS."""
        return self.request("OPTIONS", path, name, **options)

    def delete(self, path: str, name: str | None = None, **options: Unpack[WithBody]) -> Response:
        """DELETE."""
        return self.request("DELETE", path, name, **options)

    def post(self, path: str, data: Any = None, json: Any = None, **options: Unpack[WithName]) -> Response:
        """POST; `data` and `json` may be given by place, as with requests."""
        return self.request("POST", path, data=data, json=json, **options)

    def put(self, path: str, data: Any = None, json: Any = None, **options: Unpack[WithName]) -> Response:
        """PUT."""
        return self.request("PUT", path, data=data, json=json, **options)

    def patch(self, path: str, data: Any = None, json: Any = None, **options: Unpack[WithName]) -> Response:
        """PATCH."""
        return self.request("PATCH", path, data=data, json=json, **options)

    def request(
        self,
        method: str,
        path: str,
        name: str | None = None,
        *,
        params: RequestPairs | str | None = None,
        json: Any = None,
        data: RequestPairs | str | bytes | None = None,
        files: Uploads | None = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        catch_response: bool = False,
        allow_redirects: bool = False,
        timeout: float | None = None,
        stream: bool = False,
        context: Mapping[str, Any] | None = None,
    ) -> Response:
        """Send and read one request; `timeout` (s) replaces the client's total deadline.

        `stream`: the answer is a stream, whose events `response.events()` reads; the request ends with its last byte.
        What the network or the target does is in the response and in the recorder; only the scenario's own mistakes
        (a header with a line break, JSON that cannot be written) are raised, after they were recorded as `script`.
        """
        if self._unjudged is not None:
            self._judge_forgotten()
        now_s = perf_counter()
        if now_s >= self._writer.renewal.due_s:
            self._writer.renewal.log_in()
            now_s = perf_counter()
        response = Response(self, method, now_s)
        response.context = context
        if self.intended_s is not None:
            response.start_s, self.intended_s = self.intended_s, None
        try:
            if stream and allow_redirects:
                raise ValueError("stream=True follows no redirect: name the place where the stream is")
            if method == "GET" and not (params or data or headers or cookies or auth or files) and json is None:
                written = self._writer.plain(path, self._auth)
            else:
                body, media_type = multipart(data, files) if files else body_of(data, json)
                draft = RequestDraft(body, media_type, headers, cookies, auth or self._auth)
                written = self._writer.write(method, with_query(self.origin.target_of(path), params), draft)
        except Exception as problem:
            called = endpoint_name(str(method), name) if name else default_name(str(method), str(path))
            return self._refuse(response, called, problem, catch_response)
        if timeout is not None:
            poll_of_this_hub().expect(timeout)
        deadline_s = now_s + (self._timeout_s if timeout is None else timeout)
        return self._perform(response, written, name, now_s, deadline_s, catch_response, allow_redirects, stream)

    def _perform(
        self,
        response: Response,
        written: Written,
        name: str | None,
        now_s: float,
        deadline_s: float,
        catch_response: bool,
        allow_redirects: bool = False,
        stream: bool = False,
    ) -> Response:
        """Send what was written, and end the request in the recorder unless the scenario wants to judge it."""
        response.target = written.target
        response.identity = identity_of(self._scenario, response.request_method, name) if name else written.identity
        wire = written.wire
        if written.around is not None and (line := self._traced.line()):
            response.trace = line
            wire = written.around[0] + line + written.around[1]
        self._recorder.enter(response)
        try:
            if not stream:
                self._exchanges.ask(response, response.request_method, wire, now_s, deadline_s)
            elif self._begin_stream(response, wire, deadline_s, catch_response):
                return response
            if allow_redirects and response.is_redirect:
                self._exchanges.follow(response, written.draft, deadline_s)
        except Failure as failure:
            response.fail(failure)
        except (Exception, Timeout) as problem:  # thrown into the wait, such as the scenario's own gevent.Timeout
            self._end(response, response.fail(problem))
            raise
        # a GreenletExit goes through: the request stays open in the recorder, which counts it as in flight
        if catch_response:
            response.judged_by_scenario = True
            self._unjudged = response
            outcome = response.outcome()
            if outcome is None:
                self._recorder.answer(response, response.end_s)
            else:
                self._recorder.answer(response, response.end_s, outcome.failure, outcome.detail)
        elif 200 <= response.status_code < 300 and not (response.error or self.on_request):
            self._recorder.end(response, response.end_s)
            if response.trace:
                self._traced.ended(response, response.trace, response.end_s, None)
        else:
            self._end(response, response.outcome())
        return response

    def close(self) -> None:
        """Drop the idle connections; a `catch_response` request that no block judged is recorded by its status."""
        if self._stream is not None:
            self._stream.forget()
        if self._unjudged is not None:
            self._judge_forgotten()
        self._pool.close()

    def _begin_stream(self, response: Response, wire: bytes, deadline_s: float, catch_response: bool) -> bool:
        """Whether `response.stream` is to be read; else it is no stream, and all of it is there. Raises Failure."""
        response.streams = True
        if self._stream is not None:
            self._stream.forget()
        self._stream = None
        conn = self._exchanges.begin(response, response.request_method, wire, deadline_s)
        if not 200 <= response.status_code < 300 or not is_event_stream(response.headers.get("content-type", "")):
            self._exchanges.read_whole(response, conn)
            if 200 <= response.status_code < 300:
                raise Failure("assertion", f"no stream of events: {response.headers.get('content-type', 'no type')}")
            return False
        response.judged_by_scenario = True
        response.stream = self._stream = EventStream(
            self, self._recorder, response, conn, self._exchanges, catch_response
        )
        return True

    def judge_later(self, response: Response) -> None:
        """A stream is over; its with block ends the request, or where there is none, the next request does."""
        self._judge_forgotten()
        self._unjudged = response

    def finish(self, response: Response, failure: Failure | None) -> None:
        """End a request that the scenario judges, once."""
        if response.judged_by_scenario:
            response.judged_by_scenario = False
            self._end(response, failure)

    def _end(self, response: Response, failure: Failure | None) -> None:
        """End the request in the recorder, and tell whoever listens to Locust's event."""
        why, detail = (None, "") if failure is None else (failure.failure, failure.detail)
        self._recorder.end(response, response.end_s, why, detail)
        if response.trace:
            self._traced.ended(response, response.trace, response.end_s, why)
        if self.on_request:
            self.on_request(**event_fields(response, failure))

    def _refuse(self, response: Response, name: str, problem: Exception, catch_response: bool) -> Response:
        """Nothing was sent: `not_allowed` is a response like any other, the scenario's own mistake is raised."""
        response.identity = (self._scenario, name)
        self._recorder.enter(response)
        failure = response.fail(problem)
        if failure is problem and catch_response:
            response.judged_by_scenario = True
            self._unjudged = response
            return response
        self._end(response, failure)
        if failure is not problem:
            raise problem
        return response

    def _judge_forgotten(self) -> None:
        response, self._unjudged = self._unjudged, None
        if response is not None and not response.entered:
            self.finish(response, response.outcome())
