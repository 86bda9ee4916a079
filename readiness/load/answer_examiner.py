"""Examines a few answers that the scenario counted as good: a log-in page behind a redirect, JSON that says error.

A stream is an error where one of its events is. At most one answer of an endpoint in each second, so a request costs
nothing, and a rare endpoint is seen as well.
"""

from __future__ import annotations

from contextlib import suppress

from readiness.load.http.event_parser import EventParser, is_event_stream
from readiness.load.response_watch import MAX_ENDPOINTS, field_value
from readiness.load.ticket import Ticket
from readiness.measurements.response_facts import NONE_EXAMINED, ExaminedAnswers, ResponseFacts, sum_examined
from readiness.text.error_pages import error_key
from readiness.text.log_in_pages import leads_to_log_in

_MOST_STREAM = 1 << 20
"""Bytes of a stream that was read at once; a longer one has more to say than an error."""


class AnswerExaminer:
    """Of one engine."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], ExaminedAnswers] = {}

    def see(self, call: Ticket) -> None:
        """See GoodAnswerWatch."""
        known = self._found.get(call.identity)
        if known is None and len(self._found) >= MAX_ENDPOINTS:
            return
        with suppress(Exception):  # a damaged body, which the scenario did not read
            if (one := _examined(call)) is not None:
                self._found[call.identity] = sum_examined(known or NONE_EXAMINED, one)

    def take(self) -> tuple[ResponseFacts, ...]:
        """Since the last take, by endpoint."""
        taken = tuple(ResponseFacts(*identity, examined=one) for identity, one in self._found.items() if one.answers)
        self._found = dict.fromkeys(self._found, NONE_EXAMINED)
        return taken


def _examined(call: Ticket) -> ExaminedAnswers | None:
    if call.stream is not None:
        return ExaminedAnswers(1, errors=int(call.stream.says_error))
    content = call.answer_content()
    if content is None:
        return None
    asked, place, body = content
    if asked and leads_to_log_in(asked, place, body):
        return ExaminedAnswers(1, 1, place.partition("?")[0])
    failed = error_key(body) is not None or _has_error_event(call.raw_head, body)
    return ExaminedAnswers(1, errors=int(failed))


def _has_error_event(raw_head: bytes, body: bytes) -> bool:
    """Of a stream that was read at once."""
    if b"error" not in body or len(body) > _MOST_STREAM:
        return False
    media_type = str(field_value(raw_head.partition(b"\r\n\r\n")[0].lower(), b"\ncontent-type:"), "latin-1")
    if not is_event_stream(media_type):
        return False
    parser = EventParser(media_type, _MOST_STREAM)
    return any(event.says_error for event in [*parser.feed(body), *parser.end()])
