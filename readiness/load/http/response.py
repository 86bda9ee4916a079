"""What a scenario sees of an answer, and how it passes its own judgement on it."""

from __future__ import annotations

import json as json_module
import re
import time
from collections.abc import Iterator, Mapping
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol, Self

from gevent import GreenletExit
from gevent.timeout import Timeout

from readiness.load.http.body import decoded, json_of
from readiness.load.http.charset import known
from readiness.load.http.event_parser import EventParser, ServerEvent
from readiness.load.http.failures import COUNTED, Failure, of_status, said, with_status
from readiness.load.http.headers import AnswerHeaders, parse_head, reason_of
from readiness.load.http.request import REDIRECTS, Origin
from readiness.load.ticket import AnswerContent
from readiness.text import clean
from readiness.text.log_in_pages import leads_to_log_in

_LONGEST_PLACE = 80
_CHARSET = re.compile(r"charset=\"?([\w\-:.]+)", re.ASCII | re.IGNORECASE)


class HTTPStatusError(Exception):
    """Raised by `raise_for_status`."""


class Sender(Protocol):
    """What a response needs of the client that sent its request."""

    origin: Origin
    max_body_bytes: int
    control_flow: tuple[type[BaseException], ...]

    def finish(self, response: Response, failure: Failure | None) -> None:
        """End a request that the scenario judges, once."""


class OpenStream(Protocol):
    """See readiness.load.http.event_stream."""

    events: int
    first_event_s: float
    longest_gap_s: float

    @property
    def says_error(self) -> bool: ...

    def read(self) -> Iterator[ServerEvent]: ...
    def close(self) -> None: ...


class Response:
    """An answer, or the failure to get one: then `ok` is False and `error` says why.

    With `catch_response=True` it is a context manager: the request is recorded when the block ends, as the block
    said with `success()` or `failure(why)`, else by its status. An AssertionError in the block is recorded as
    `assertion`, any other exception as `script`; both go on to the caller.
    """

    status_code = 0
    error = ""
    connect_s = 0.0
    """Part of `elapsed_s` that went into a new connection, TLS included; 0 on a kept-alive one."""
    sent_s = 0.0
    """See Ticket: the response is the request's own ticket in the recorder."""
    end_s = 0.0
    first_s = 0.0
    """When its first byte came; 0 where all of it came at `end_s`."""
    target = ""
    """Path and query, after redirects."""
    asked = ""
    """Where redirects were followed: path and query that they began with."""
    trail = ""
    """Those redirects, for a person: `302 → /login → `, without queries."""
    raw_head = b""
    """The head as it came, with whatever was read together with its end."""
    streams = False
    """Sent with stream=True."""
    _stream: OpenStream | tuple[()] = ()  # mypyc gives no default that is None
    notable = False
    """The head may set a cookie or name a content coding."""
    body = b""
    """As sent, still with its content coding."""
    trace = b""
    """Its `traceparent` line as sent (readiness.load.traceparent); empty where there is none."""
    identity = ("", "")
    """Scenario, and what the request is called."""
    judged_by_scenario = False
    """The request is still open in the recorder, and the scenario's with block ends it."""
    entered = False
    """A with block has begun: it ends the request, not the client."""

    def __init__(self, client: Sender, method: str, start_s: float) -> None:
        self.client = client
        self.request_method = method
        self.start_s = start_s
        self.context: Mapping[str, Any] | None = None
        self._failure: Failure | None = None
        """Why there is no answer."""
        self._verdict: Failure | bool | None = None
        """The scenario's own: True for success()."""
        self._headers: AnswerHeaders | None = None
        self._content: bytes | None = None

    @property
    def stream(self) -> OpenStream | None:
        """Its events, once the head of a stream is there; also when all of them were read."""
        return None if isinstance(self._stream, tuple) else self._stream

    @stream.setter
    def stream(self, stream: OpenStream) -> None:
        self._stream = stream

    @property
    def name(self) -> str:
        """What the request is called."""
        return self.identity[1]

    def fail(self, problem: BaseException) -> Failure:
        """No (acceptable) answer, from now on; anything but a Failure is the scenario's."""
        if not isinstance(problem, Failure):
            kind = "timeout" if isinstance(problem, Timeout) else "script"
            problem = Failure(kind, f"{type(problem).__name__}: {problem}")
        self._failure = problem
        self.error = problem.detail
        self.end_s = max(perf_counter(), self.start_s)
        return problem

    def forget_answer(self) -> None:
        """Before a redirect's next answer."""
        self.status_code, self.notable, self.first_s = 0, False, 0.0
        self._headers = self._content = None

    @property
    def called_good(self) -> bool:
        """See Ticket."""
        return self._verdict is True

    def answer_content(self) -> AnswerContent | None:
        """See Ticket. Raises Failure where the body is damaged."""
        return None if self.stream is not None else (self.asked, self.target if self.asked else "", self.content)

    @property
    def elapsed_s(self) -> float:
        """From the start (in an open load the intended start) to the last byte."""
        return self.end_s - self.start_s

    @property
    def url(self) -> str:
        """What was asked for, after redirects, without credentials."""
        return self.client.origin.url + self.target

    @property
    def ok(self) -> bool:
        """Whether an answer came and its status is below 400."""
        return 0 < self.status_code < 400 and self._failure is None

    @property
    def headers(self) -> AnswerHeaders:
        """Header fields; names compare without case."""
        if self._headers is None:
            self._headers = parse_head(self.raw_head) if self.raw_head else AnswerHeaders([])
        return self._headers

    @property
    def content(self) -> bytes:
        """The body without content coding. Raises Failure for a bomb (`too_large`) or damaged data (`protocol`)."""
        if self._content is None:
            coding = self.headers.get("content-encoding", "") if self.notable and self.body else ""
            self._content = decoded(self.body, coding, self.client.max_body_bytes) if coding else self.body
        return self._content

    def check_body(self) -> None:
        """Raises Failure, as `content` does: a coded body is to be whole also where nobody reads it."""
        _ = self.content

    @property
    def encoding(self) -> str:
        """Character set of `text`: what the answer says where browsers know it, else UTF-8."""
        match = _CHARSET.search(self.headers.get("content-type", ""))
        return known(match[1]) if match else "utf-8"

    @property
    def text(self) -> str:
        """The body as text; bytes that do not fit the character set become U+FFFD."""
        return self.content.decode(self.encoding, "replace")

    def json(self, **options: Any) -> Any:
        """The body as JSON. Raises ValueError; `options` are those of the standard library's `json.loads`."""
        return json_module.loads(self.content, **options) if options else json_of(self.content)

    def events(self) -> Iterator[ServerEvent]:
        """Its server-sent events, or lines of JSON; with stream=True one by one, as they come.

        What the network or the target does ends the events, and is in `error`. Leaving the loop ends the request.
        """
        if self.stream is not None:
            return self.stream.read()
        parser = EventParser(self.headers.get("content-type", ""), self.client.max_body_bytes)
        return iter([*parser.feed(self.content), *parser.end()])

    @property
    def cookies(self) -> Mapping[str, str]:
        """Cookies that this answer set, name to value; `client.cookies` holds what is sent."""
        pairs = (line.split(";", 1)[0].partition("=") for line in self.headers.get_list("set-cookie"))
        return {name.strip(): value.strip() for name, equals, value in pairs if equals}

    @property
    def is_redirect(self) -> bool:
        """Whether the answer names another place to ask."""
        return self.status_code in REDIRECTS and "location" in self.headers

    @property
    def at_log_in(self) -> bool:
        """Whether redirects that were followed led to a log-in page, by its path or its field for a password."""
        return bool(self.asked) and leads_to_log_in(self.asked, self.target, self.content)

    @property
    def reason(self) -> str:
        """The words behind the status."""
        return clean(reason_of(self.raw_head))

    def raise_for_status(self) -> None:
        """HTTPStatusError unless an answer came with a status below 400."""
        if not self.ok:
            raise HTTPStatusError(self.error or f"{self.status_code} for {self.url}")

    def success(self) -> None:
        """Count the request as ok, whatever its status."""
        self._judge(True)

    def failure(self, why: object) -> None:
        """Count the request as failed because of `why`: `assertion`, or the class of a status that is no 2xx."""
        self._judge(Failure("assertion", said(why)))

    def _judge(self, verdict: Failure | bool) -> None:
        if not self.judged_by_scenario:
            raise RuntimeError("the request has already been recorded: pass catch_response=True and use a with block")
        self._verdict = verdict

    def outcome(self) -> Failure | None:
        """How the request counts as far as is known now; None is ok."""
        if self._verdict is True:
            return None
        if self._failure is not None:  # no (whole) answer: what a scenario says of its status explains nothing
            return self._failure
        reason = self._verdict.detail if isinstance(self._verdict, Failure) else ""
        failure = of_status(self.status_code)
        if failure:
            return Failure(failure, with_status(self.status_code, self._status_words(), reason))
        return self._verdict if isinstance(self._verdict, Failure) else None

    def _status_words(self) -> str:
        """`HTTP 404`; a redirect says where it leads, without the query, in which anything may stand."""
        said = f"HTTP {self.status_code}"
        place = re.split(r"[?#]", self.headers["location"])[0] if self.is_redirect else ""
        return f"{said} to {clean(place, _LONGEST_PLACE)}" if place else said

    def __enter__(self) -> Self:
        if not self.judged_by_scenario and self.stream is None:
            raise RuntimeError("the request has already been recorded: pass catch_response=True to judge it yourself")
        self.entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if self.stream is not None and not isinstance(problem, GreenletExit):
            self.stream.close()
        if not self.judged_by_scenario or isinstance(problem, GreenletExit):
            return False  # killed in its block: nobody judged it, so it counts as it was answered
        outcome = self.outcome()
        swallow = False
        if problem is not None and not isinstance(self._verdict, Failure):
            if isinstance(problem, Failure):  # the body could not be decoded
                outcome = problem
            elif isinstance(problem, HTTPStatusError):
                swallow = outcome is not None  # as Locust does: recorded by its status, the task goes on
                outcome = outcome or Failure("assertion", problem)
            elif not isinstance(problem, self.client.control_flow):
                outcome = outcome or _of_exception(problem)
                if outcome.failure != "script":
                    problem.add_note(COUNTED)
        self.client.finish(self, outcome)
        return swallow


def _of_exception(problem: BaseException) -> Failure:
    """The failure of an answer that was good until the scenario raised on it."""
    text = f"{type(problem).__name__}: {problem}"
    if isinstance(problem, AssertionError | json_module.JSONDecodeError | UnicodeDecodeError):
        return Failure("assertion", str(problem) or text)
    return Failure("script", text)


def event_fields(response: Response, failure: Failure | None) -> dict[str, Any]:
    """What Locust's `request` event carries; `response_time` in ms, `start_time` as Unix time."""
    return {
        "request_type": response.request_method,
        "name": response.name.removeprefix(f"{response.request_method} "),
        "response_time": response.elapsed_s * 1000,
        "response_length": len(response.body),
        "response": response,
        "context": dict(response.context or {}),
        "exception": failure,
        "start_time": time.time() - (perf_counter() - response.start_s),
        "url": response.url,
    }
