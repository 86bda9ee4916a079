"""`traceparent` of stock clients: for the sampled share of what they ask of the target, unless the file sends one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readiness.load.locust_clients.calls import StockCall
from readiness.load.ticket import AnswerWatch, Ticket
from readiness.load.traced_calls import TracedCalls
from readiness.load.traceparent import TRACEPARENT, value_of

_OWN = b"\r\n" + TRACEPARENT.encode() + b":"


def traced_wire(call: StockCall, wire: bytes, line: bytes) -> bytes:
    """A whole request with `line` at the end of its head; as it was where the file has such a header."""
    head, end, body = wire.partition(b"\r\n\r\n")
    if _OWN in head.lower():
        return wire
    call.trace = line
    return b"%s\r\n%s\r\n%s" % (head, line, body) if end else wire


def traced_headers(call: StockCall, headers: Any, session: Any, line: bytes) -> Any:
    """The same for the headers that a scenario gives with a request."""
    standing = getattr(getattr(session, "client", session), "default_headers", None) or getattr(session, "headers", {})
    for found in (headers or {}, standing):
        if not isinstance(found, Mapping) or any(str(name).lower() == TRACEPARENT for name in found):
            return headers
    call.trace = line
    return with_trace(headers or {}, call)


def with_trace(headers: Mapping[str, Any], call: StockCall) -> dict[str, Any]:
    """A copy of `headers`, with the header of `call` if it has one."""
    return {**headers, TRACEPARENT: value_of(call.trace)} if call.trace else dict(headers)


class TracedAnswers:
    """Stands before what else reads answers, and tells of those that stock clients sent with a line."""

    def __init__(self, traced: TracedCalls, below: AnswerWatch | None) -> None:
        self._traced = traced
        self._below = below
        self.everywhere = below is not None and below.everywhere

    def see(self, call: Ticket, end_s: float, failure: str | None) -> None:
        """See AnswerWatch."""
        if type(call) is StockCall and call.trace:
            self._traced.ended(call, call.trace, end_s, failure)
        if self._below is not None:
            self._below.see(call, end_s, failure)

    def pack(self) -> None:
        """See AnswerWatch."""
        if self._below is not None:
            self._below.pack()
