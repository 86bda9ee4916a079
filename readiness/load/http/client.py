"""`User.self.client`: sends requests in Locust's vocabulary and tells the recorder of every one of them.

Accept-Encoding is `identity` unless the scenario sets it: compressed answers would measure our decompression
or, undone lazily, hide it; a scenario that wants the target's compressor under load sets the header.
Redirects are off unless asked for, and then never leave the target. Proxies of the environment and .netrc are not read.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Unpack

from gevent.timeout import Timeout

import readiness
from readiness.load.http.cookies import Cookies
from readiness.load.http.failures import Failure
from readiness.load.http.headers import Headers
from readiness.load.http.pool import Pool
from readiness.load.http.request import (
    Draft,
    GetOptions,
    Origin,
    Pairs,
    WithBody,
    WithName,
    body_of,
    default_name,
    with_query,
)
from readiness.load.http.response import Response, event_fields
from readiness.load.http.tls import verified_context
from readiness.load.http.writer import Writer
from readiness.load.recorder import CallRecorder

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_REDIRECTS = 5


class Client:
    """One simulated user's client: own cookies, own keep-alive connections. Raises ValueError for a bad base URL."""

    def __init__(
        self,
        base_url: str,
        *,
        scenario: str,
        recorder: CallRecorder,
        addresses: Sequence[str],
        timeout_s: float = 30.0,
        connect_timeout_s: float = 10.0,
        max_body_bytes: int = MAX_BODY_BYTES,
        tls: ssl.SSLContext | None = None,
        on_request: Callable[..., object] | None = None,
        control_flow: tuple[type[BaseException], ...] = (),
    ) -> None:
        """`addresses` are the target's pinned IPs, tried in order; `tls` replaces the verified default context.

        `on_request` gets the fields of Locust's request event after each end. `control_flow` are exceptions that
        steer the task (Locust's StopUser, RescheduleTask …): in a with block they say nothing of the request.
        """
        self.origin = Origin(base_url)
        self.base_url = self.origin.url + self.origin.base_path
        self.headers = Headers(
            {"User-Agent": f"readiness/{readiness.__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
        )
        self.cookies = Cookies(self.origin.host)
        self.auth = self.origin.auth
        self.intended_s: float | None = None
        """When the next request was due (open load); used once."""
        self.on_request = on_request
        self._scenario = scenario
        self._recorder = recorder
        self._watch = recorder.watch
        self._timeout_s = timeout_s
        self.max_body_bytes = max_body_bytes
        self.control_flow = control_flow
        context = (tls or verified_context()) if self.origin.secure else None
        self._pool = Pool(self.origin, addresses, context, connect_timeout_s, max_body_bytes)
        self._writer = Writer(self.origin, self.headers, self.cookies)
        self._unjudged: Response | None = None
        """From catch_response=True, not yet in a with block."""

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
        if not options:  # most load by far; passing keywords on costs more than it looks
            return self.request("GET", path, name, catch_response=catch_response)
        return self.request("GET", path, name, catch_response=catch_response, **options)

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
        params: Pairs | str | None = None,
        json: Any = None,
        data: Pairs | str | bytes | None = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        catch_response: bool = False,
        allow_redirects: bool = False,
        timeout: float | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Response:
        """Send and read one request; `timeout` (s) replaces the client's total deadline.

        What the network or the target does is in the response and in the recorder; only the scenario's own mistakes
        (a header with a line break, JSON that cannot be written) are raised, after they were recorded as `script`.
        """
        if self._unjudged is not None:
            self._judge_forgotten()
        start_s = now_s = perf_counter()
        if self.intended_s is not None:
            start_s, self.intended_s = self.intended_s, None
        response = Response(self, method, start_s, context)
        try:
            if params or data or headers or cookies or self.cookies.kept or auth or self.auth or json is not None:
                body, media_type = body_of(data, json)
                draft = Draft(body, media_type, headers, cookies, auth or self.auth)
                written = self._writer.write(method, with_query(self.origin.target_of(path), params), draft)
            else:
                written = self._writer.plain(method, path)
        except Exception as problem:
            return self._refuse(response, name or default_name(str(method), str(path)), problem, catch_response)
        response.target = written.target
        response.name = name or written.name
        response.call = self._recorder.begin(self._scenario, response.name, start_s)
        deadline_s = now_s + (self._timeout_s if timeout is None else timeout)
        try:
            self._ask(response, method, written.wire, deadline_s)
            if allow_redirects and 300 <= response.status_code < 400:
                self._follow(response, method, written.draft, deadline_s)
        except Failure as failure:
            response.fail(failure)
        except (Exception, Timeout) as problem:  # thrown into the wait, such as the scenario's own gevent.Timeout
            self.finish(response, response.fail(problem))
            raise
        # a GreenletExit goes through: the request stays open in the recorder, which counts it as in flight
        if catch_response:
            self._unjudged = response
        elif 200 <= response.status_code < 300 and not response.error:
            self.finish(response, None)
        else:
            self.finish(response, response.outcome())
        return response

    def close(self) -> None:
        """Drop the idle connections; a `catch_response` request that no block judged is recorded by its status."""
        if self._unjudged is not None:
            self._judge_forgotten()
        self._pool.close()

    def finish(self, response: Response, failure: Failure | None) -> None:
        """End the request in the recorder, once, and tell whoever listens to Locust's event."""
        call, response.call = response.call, None
        if call is None:
            return
        recorder = self._recorder
        if self._watch is not None and response.status_code:
            self._watch.see(call, response.status_code, response.end_s, response.raw_head)
        if failure is None:
            recorder.end(call, response.end_s, None, "", len(response.body))
        else:
            recorder.end(call, response.end_s, failure.failure, failure.detail, len(response.body))
        if self.on_request is not None:
            self.on_request(**event_fields(response, failure))

    def _refuse(self, response: Response, name: str, problem: Exception, catch_response: bool) -> Response:
        """Nothing was sent: `not_allowed` is a response like any other, the scenario's own mistake is raised."""
        response.name = name
        response.call = self._recorder.begin(self._scenario, name, response.start_s)
        failure = response.fail(problem)
        if failure is problem and catch_response:
            self._unjudged = response
            return response
        self.finish(response, failure)
        if failure is not problem:
            raise problem
        return response

    def _ask(self, response: Response, method: str, wire: bytes, deadline_s: float) -> None:
        """One exchange; the answer goes into `response`."""
        response.status_code = 0
        conn = self._pool.exchange(wire, method, deadline_s)
        answer = conn.answer
        response.status_code = answer.status
        response.raw_head = answer.raw
        response.notable = answer.notable
        response.body = answer.take_body()
        response.end_s = conn.end_s
        if conn.fresh:
            response.connect_s += conn.connect_s
        if answer.notable:
            path = response.target.partition("?")[0]
            for line in response.headers.get_list("set-cookie"):
                self.cookies.store(line, path)
        self._pool.release(conn)

    def _follow(self, response: Response, method: str, draft: Draft, deadline_s: float) -> None:
        """Redirects, on the target only. The request is one request: it ends with the last answer."""
        for _ in range(MAX_REDIRECTS):
            if not response.is_redirect:
                return
            response.target = self.origin.redirect_target(response.target, response.headers["location"])
            if response.status_code == 303 or (response.status_code in (301, 302) and method == "POST"):
                method, draft = "HEAD" if method == "HEAD" else "GET", draft.without_body()
            response.forget_answer()
            self._ask(response, method, self._writer.write(method, response.target, draft).wire, deadline_s)
        if response.is_redirect:
            raise Failure("http_3xx", f"more than {MAX_REDIRECTS} redirects")

    def _judge_forgotten(self) -> None:
        response, self._unjudged = self._unjudged, None
        if response is not None and not response.entered:
            self.finish(response, response.outcome())
