"""Examines a few answers that the scenario counted as good: a log-in page behind a redirect, JSON that says error.

At most one answer of an endpoint in each second, so a request costs nothing, and a rare endpoint is seen as well.
"""

from __future__ import annotations

from contextlib import suppress

from readiness.load.response_watch import MAX_ENDPOINTS
from readiness.load.ticket import Ticket
from readiness.measurements.response_facts import NONE_EXAMINED, ExaminedAnswers, ResponseFacts, sum_examined
from readiness.text.error_pages import error_key
from readiness.text.log_in_pages import leads_to_log_in


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
            if (content := call.answer_content()) is not None:
                asked, place, body = content
                at_log_in = bool(asked) and leads_to_log_in(asked, place, body)
                failed = not at_log_in and error_key(body) is not None
                one = ExaminedAnswers(1, int(at_log_in), place.partition("?")[0] if at_log_in else "", int(failed))
                self._found[call.identity] = sum_examined(known or NONE_EXAMINED, one)

    def take(self) -> tuple[ResponseFacts, ...]:
        """Since the last take, by endpoint."""
        taken = tuple(ResponseFacts(*identity, examined=one) for identity, one in self._found.items() if one.answers)
        self._found = dict.fromkeys(self._found, NONE_EXAMINED)
        return taken
