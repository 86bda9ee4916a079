"""A stream of events under way: read by the scenario's own loop, timed as its parts come.

An event has the time at which the part came that ended it. The request is in the recorder until the last byte, or until
the scenario has seen enough; what was read is not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from gevent import GreenletExit
from gevent.timeout import Timeout

from readiness.load.http.body import Inflater
from readiness.load.http.connection import Connection
from readiness.load.http.event_parser import EventParser, ServerEvent
from readiness.load.http.exchanges import Exchanges
from readiness.load.http.failures import Failure
from readiness.load.http.response import Response
from readiness.load.ticket import CallRecorder
from readiness.text.error_pages import MOST_JSON

_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_MOST_SUSPECTS = 4
"""What tells of an error comes near the end of a stream."""


class _Owner(Protocol):
    """The client."""

    max_body_bytes: int

    def judge_later(self, response: Response) -> None: ...
    def finish(self, response: Response, failure: Failure | None) -> None: ...


class EventStream:
    """The events of one answer."""

    def __init__(
        self,
        owner: _Owner,
        recorder: CallRecorder,
        response: Response,
        conn: Connection,
        exchanges: Exchanges,
        judged_later: bool,
    ) -> None:
        self.events = 0
        self.first_event_s = 0.0
        """When the first one was there (perf_counter)."""
        self.longest_gap_s = 0.0
        """Between two of them that follow each other."""
        self._last_event_s = 0.0
        self._suspects: list[ServerEvent] = []
        """The last few events that may say error."""
        self._owner = owner
        self._recorder = recorder
        self._response = response
        self._conn: Connection | None = conn
        """None when nothing more is read."""
        self._exchanges = exchanges
        self._judged_later = judged_later
        self._begun = False
        self._over = False
        """Told to the owner."""
        headers = response.headers
        self._parser = EventParser(headers.get("content-type", ""), owner.max_body_bytes)
        coding = headers.get("content-encoding", "").strip().lower()
        self._inflater = Inflater(coding, owner.max_body_bytes) if coding in _CODINGS else None

    @property
    def says_error(self) -> bool:
        """Whether an event says that the answer is an error. Reads JSON, so only a few streams are asked."""
        return any(event.says_error for event in self._suspects)

    def read(self) -> Iterator[ServerEvent]:
        """Each event as soon as it is there; ends with the stream."""
        self._begun = True
        try:
            while self._conn is not None:
                yield from self._next()
        except GreenletExit:  # killed: the request stays open in the recorder, which counts it as in flight
            self._over = True
            self._drop()
            raise
        finally:
            self.close()

    def close(self) -> None:
        """The scenario has seen enough: the request ended with what was read last."""
        conn, self._conn = self._conn, None
        if self._over:
            return
        self._over = True
        if conn is not None:
            if conn.has_ended():
                self._leave(conn)
            else:
                conn.close()
            if not self._begun:
                self._response.fail(Failure("script", "nobody read the stream: loop over response.events()"))
            self._answered()
        if not self._judged_later:
            self._owner.finish(self._response, self._response.outcome())

    def forget(self) -> None:
        """A next stream begins, or the user ends: one that nobody began to read is over."""
        if not self._begun:
            self.close()

    def _next(self) -> list[ServerEvent]:
        """The events of the next part. Raises only what was thrown into the wait."""
        conn, found = self._conn, list[ServerEvent]()
        assert conn is not None
        try:
            part = conn.next_part()
            self._response.end_s = conn.end_s
            if part:
                self._recorder.heard(self._response, conn.end_s)
                found = self._parser.feed(self._inflater.feed(part) if self._inflater is not None else part)
                self._note(found, conn.end_s)
            if conn.answer.complete:
                found += self._end(conn)
        except Failure as failure:
            self._fail(failure)
        except (Exception, Timeout) as problem:  # thrown into the wait, such as the scenario's own gevent.Timeout
            self._fail(problem)
            raise
        return found

    def _end(self, conn: Connection) -> list[ServerEvent]:
        """The last byte was read."""
        if self._inflater is not None and not self._inflater.whole:
            raise Failure("truncated", "the compressed body ends early")
        found = self._parser.end()
        self._note(found, conn.end_s)
        self._conn = None
        if not self.events:
            self._exchanges.leave(conn)
            raise Failure("assertion", "the stream ended without an event")
        self._leave(conn)
        self._answered()
        return found

    def _note(self, found: list[ServerEvent], at_s: float) -> None:
        if not found:
            return
        if not self.events:
            self.first_event_s = at_s
        elif at_s - self._last_event_s > self.longest_gap_s:
            self.longest_gap_s = at_s - self._last_event_s
        self._last_event_s = at_s
        self.events += len(found)
        if suspects := [event for event in found if event.may_say_error and len(event.data) <= MOST_JSON]:
            self._suspects = [*self._suspects, *suspects][-_MOST_SUSPECTS:]

    def _fail(self, problem: BaseException) -> None:
        self._drop()
        self._response.fail(problem)
        self._answered()

    def _answered(self) -> None:
        """What the scenario does from now on is not the service's time."""
        outcome = self._response.outcome()
        why, detail = (None, "") if outcome is None else (outcome.failure, outcome.detail)
        self._recorder.answer(self._response, self._response.end_s, why, detail)
        if self._judged_later:
            self._owner.judge_later(self._response)

    def _leave(self, conn: Connection) -> None:
        try:
            self._exchanges.leave(conn)
        except Failure as failure:
            self._response.fail(failure)

    def _drop(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()
