"""A request of a stock client, from its start until it is judged, and how Locust's event tells of it."""

from __future__ import annotations

import math
from typing import Any, Protocol

from locust.event import EventHook

from readiness.load.locust_clients.answer_content import content_of
from readiness.load.ticket import UNKNOWN_S, AnswerContent


def seconds_of(response_time: Any) -> float | None:
    """Of an event's `response_time`, in milliseconds; None where nobody knows it: no number, or one below 0."""
    try:
        seconds = float(response_time) / 1000
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < math.inf else None


class Judge(Protocol):
    """StockClients, as far as a call knows it."""

    own: object

    def end(self, fields: dict[str, Any]) -> bool:
        """See StockClients."""

    def left(self, mark: Unjudged, response: Any, problem: BaseException | None) -> None:
        """See StockClients."""


class StockCall:
    """A call under way (a Ticket of the recorder), and what Locust handed the scenario for it."""

    streams, stream = False, None
    __slots__ = (
        "answer", "asked", "called_good", "first_s", "head", "headers", "identity", "sent_s", "start_s", "status_code",
        "to_target", "trace",
    )  # fmt: skip

    def __init__(self, identity: tuple[str, str], start_s: float, sent_s: float, to_target: bool) -> None:
        self.identity = identity
        self.start_s = start_s
        self.sent_s = sent_s
        self.to_target = to_target
        """Whether the scenario asked for a path of the target, and not for some other address."""
        self.answer: Any = None
        """Received, or Locust's response, while the call ends."""
        self.asked = ""
        """The URL of `answer` before redirects."""
        self.head = b""
        """As it came, where we read it ourselves."""
        self.headers: Any = None
        self.called_good = False
        self.first_s = UNKNOWN_S
        self.status_code = 0
        self.trace = b""
        """Its `traceparent` line as sent (readiness.load.traceparent); empty where there is none."""

    @property
    def raw_head(self) -> bytes:
        """The answer's headers as they would stand on the wire."""
        if self.head:
            return self.head
        fields = (self.headers or {}).items()
        return "\r\n".join(["", *(f"{name}: {value}" for name, value in fields)]).encode("latin-1", "replace")

    def answer_content(self) -> AnswerContent | None:
        """See Ticket."""
        return None if self.answer is None else content_of(self.answer, self.asked)

    def take(self, response: Any) -> None:
        """What the answer says of itself. The answer is not kept: its body may be large, and its block never closed."""
        if not self.head:
            self.headers = getattr(response, "headers", None)
        self.status_code = int(getattr(response, "status_code", 0) or 0)

    def judged(self, failure: str | None) -> str | None:
        """The class as it counts: only a redirect leads from the target's own path to another host."""
        return "http_3xx" if failure == "not_allowed" and self.to_target else failure


class Unjudged:
    """Hangs on an answer whose `catch_response` block is not closed; when the answer is gone, nobody can judge it."""

    __slots__ = ("_forgotten", "call", "clients", "left")

    def __init__(self, call: StockCall, clients: Judge, forgotten: list[Any]) -> None:
        self.call = call
        self.clients = clients
        self._forgotten = forgotten
        self.left = False

    def __del__(self) -> None:
        if not self.left:
            self._forgotten.append(self.call)


class RequestEvent(EventHook):
    """Locust's `request` event as the stock sessions have it: first the ledger, then whoever else listens."""

    def __init__(self, event: EventHook, clients: Judge) -> None:
        self._handlers = event._handlers
        self._clients = clients

    def fire(self, *, reverse: bool = False, **fields: Any) -> None:
        """Builds nothing for nobody."""
        if not self._clients.end(fields):
            super().fire(reverse=reverse, **fields)  # type: ignore[no-untyped-call]
        elif len(self._handlers) > 1:
            others = EventHook()
            others._handlers = [handler for handler in self._handlers if handler is not self._clients.own]
            others.fire(reverse=reverse, **fields)
