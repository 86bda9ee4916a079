"""Examines a few answers that the scenario counted as good: log-in pages, pages and JSON that say error, no bodies.

A stream is an error where one of its events is. At most one answer of an endpoint in each second, so a request costs
nothing, and a rare endpoint is seen as well.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from readiness.load.http.event_parser import EventParser, is_event_stream
from readiness.load.http.headers import begin_of_last_head
from readiness.load.response_watch import MAX_ENDPOINTS, field_value
from readiness.load.ticket import Ticket
from readiness.measurements.response_facts import NONE_EXAMINED, ExaminedAnswers, ResponseFacts, sum_examined
from readiness.text.error_pages import is_error_page, is_place_of_error, is_soap_fault, told_error
from readiness.text.log_in_pages import leads_to_log_in

_HAS_BODY = frozenset({b"text/html", b"application/json"})
"""Whoever names such a type has something to say: no JSON is empty."""
_MOST_STREAM = 1 << 20
"""Bytes of a stream that was read at once; a longer one has more to say than an error."""


class AnswerExaminer:
    """Of one engine."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], ExaminedAnswers] = {}
        self._had_body: dict[tuple[str, str], bool] = {}
        """Whether the last examined answer of an endpoint had one; those that never had one are not here."""
        self._was_good: dict[tuple[str, str], bool] = {}
        """The same of answers that are what they should be."""

    def see(self, call: Ticket) -> None:
        """See GoodAnswerWatch."""
        known = self._found.get(call.identity)
        if known is None and len(self._found) >= MAX_ENDPOINTS:
            return
        with suppress(Exception):  # a damaged body, which the scenario did not read
            if (one := self._examined(call)) is not None:
                self._found[call.identity] = sum_examined(known or NONE_EXAMINED, self._turned(call, one))

    def take(self) -> tuple[ResponseFacts, ...]:
        """Since the last take, by endpoint."""
        taken = tuple(ResponseFacts(*identity, examined=one) for identity, one in self._found.items() if one.answers)
        self._found = dict.fromkeys(self._found, NONE_EXAMINED)
        return taken

    def _turned(self, call: Ticket, one: ExaminedAnswers) -> ExaminedAnswers:
        """`one`, and whether it is false after a good one, or good after a false one."""
        if one.refused:
            return one
        good = one.at_log_in + one.errors + one.pages + one.empty + one.failed <= one.meant
        was_good = self._was_good.get(call.identity)
        if good or was_good is not None:
            self._was_good[call.identity] = good
        return replace(one, turned=int(not good and was_good is not None), recovered=int(good and was_good is False))

    def _examined(self, call: Ticket) -> ExaminedAnswers | None:
        if call.stream is not None:
            return _error(call) if call.stream.says_error else ExaminedAnswers(1)
        if call.status_code >= 400:
            return ExaminedAnswers(1, failed=int(call.status_code >= 500), refused=int(call.status_code < 500))
        content = call.answer_content()
        if content is None:
            return None
        asked, place, body = content
        found = _of_content(call, asked, place, body)
        if call.status_code != 200 or call.identity[1].startswith("HEAD "):
            return found
        had = self._had_body.get(call.identity)
        if body or had is not None:
            self._had_body[call.identity] = bool(body)
        return replace(found, emptied=int(not body and had is not None), refilled=int(bool(body) and had is False))


def _of_content(call: Ticket, asked: str, place: str, body: bytes) -> ExaminedAnswers:
    if asked and leads_to_log_in(asked, place, body):
        return ExaminedAnswers(1, 1, place.partition("?")[0])
    media_type = _media_type(call.raw_head)
    if not body:
        if not call.status_code and not call.raw_head:
            return ExaminedAnswers(1, failed=1)
        named = media_type.partition(b";")[0].strip() in _HAS_BODY
        return ExaminedAnswers(1, empty=int(named and call.status_code == 200 and call.identity[1].startswith("GET ")))
    kind = str(media_type, "latin-1")
    if told_error(body) is not None or is_soap_fault(kind, body) or _has_error_event(kind, body):
        return _error(call)
    return ExaminedAnswers(1, pages=int(is_error_page(kind, body) or bool(asked and is_place_of_error(asked, place))))


def _error(call: Ticket) -> ExaminedAnswers:
    return ExaminedAnswers(1, errors=1, meant=int(call.called_good))


def _media_type(raw_head: bytes) -> bytes:
    """In lower case; the head of the answer, not that of a 1xx before it."""
    head = raw_head[begin_of_last_head(raw_head) :].partition(b"\r\n\r\n")[0]
    return field_value(head.lower(), b"\ncontent-type:")


def _has_error_event(media_type: str, body: bytes) -> bool:
    """Of a stream that was read at once."""
    if b"error" not in body or len(body) > _MOST_STREAM:
        return False
    if not is_event_stream(media_type):
        return False
    parser = EventParser(media_type, _MOST_STREAM)
    return any(event.says_error for event in [*parser.feed(body), *parser.end()])
