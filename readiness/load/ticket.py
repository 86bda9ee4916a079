"""What a client tells the recorder of a request: a ticket, and when it was entered, answered and ended."""

from __future__ import annotations

from typing import Protocol

AnswerContent = tuple[str, str, bytes]
"""Path that was asked for and path that answered, both empty where no redirect lay between; the body, decoded."""
UNKNOWN_S = -1.0
"""The time of a first byte that nobody saw."""


class StreamTimes(Protocol):
    """See readiness.load.http.event_stream."""

    events: int
    first_event_s: float
    longest_gap_s: float

    @property
    def says_error(self) -> bool: ...


class Ticket(Protocol):
    """A request under way, from `enter` to `end`: a `Call`, or the client's own response."""

    identity: tuple[str, str]
    """Scenario and name."""
    start_s: float
    sent_s: float
    """When it was really sent; later than `start_s` where an arrival of an open load had to wait for us."""

    @property
    def first_s(self) -> float:
        """When the answer began to come; 0 where all of it came at once or none did, UNKNOWN_S where nobody saw it."""

    @property
    def status_code(self) -> int:
        """Of the answer; 0 when there is none."""

    @property
    def streams(self) -> bool:
        """Whether the answer is to be read as a stream of events."""

    @property
    def stream(self) -> StreamTimes | None:
        """Of such an answer; None until its head is there, and where it is no stream."""

    @property
    def raw_head(self) -> bytes:
        """The answer's status line and headers, with or without some of the body."""

    @property
    def called_good(self) -> bool:
        """Whether the scenario called success() for it."""

    def answer_content(self) -> AnswerContent | None:
        """What the answer is, where whoever ends the request still holds all of it."""


_OF_AN_ANSWER = frozenset({"http_3xx", "http_4xx", "http_5xx", "rate_limited", "assertion", "not_allowed", "script"})
"""Classes of FAILURE_CLASSES that say nothing of the answer's way here."""


def answer_came(call: Ticket, failure: str | None) -> bool:
    """Whether the service answered `call`, whatever the status and whatever the scenario makes of it."""
    return failure is None or (call.status_code > 0 and failure in _OF_AN_ANSWER)


class OpenCall:
    """A ticket for clients that have none of their own."""

    streams, stream, called_good = False, None, False
    __slots__ = ("first_s", "identity", "raw_head", "sent_s", "start_s", "status_code")

    def __init__(self, scenario: str, name: str, start_s: float) -> None:
        self.identity = (scenario, name)
        self.start_s = start_s
        self.sent_s = start_s
        self.first_s = UNKNOWN_S
        self.status_code = 0
        self.raw_head = b""

    def answer_content(self) -> AnswerContent | None:
        """See Ticket: nobody holds it."""
        return None


class GoodAnswerWatch(Protocol):
    """See readiness.load.answer_examiner."""

    def see(self, call: Ticket) -> None:
        """`call` ended well, the first of its endpoint in this second."""
        ...


class AnswerWatch(Protocol):
    """See readiness.load.response_watch and readiness.load.moments."""

    everywhere: bool
    """Whether it wants every answer, not only those of the measurement window."""

    def see(self, call: Ticket, end_s: float, failure: str | None) -> None:
        """`call` ended, well or with a class of FAILURE_CLASSES."""
        ...

    def pack(self) -> None:
        """Ready many samples for the next take."""
        ...


class CallRecorder(Protocol):
    """Where clients report. Times are `time.perf_counter()` seconds."""

    def enter(self, call: Ticket) -> None:
        """A request was started (in an open load: was due) at its `start_s`."""
        ...

    def end(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        """The request ended at `end_s`; `failure` is None or a class of FAILURE_CLASSES, `detail` its plain text."""
        ...

    def answer(self, call: Ticket, end_s: float, failure: str | None = None, detail: str = "") -> None:
        """The request ended at `end_s`, and the scenario has yet to judge it; `failure` counts if it never does."""
        ...

    def heard(self, call: Ticket, at_s: float) -> None:
        """A part of a stream came at `at_s`: it is no standstill, however long the stream goes on."""
        ...
