"""From how many answers on an endpoint that answers otherwise than it seems is a doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.judge.false_answers import doubts, notes
from readiness.measurements.response_facts import ExaminedAnswers, ResponseFacts, merge_facts
from tests.judge import builders


def told(*examined: ExaminedAnswers) -> list[str]:
    seen = tuple(ResponseFacts("shop", f"GET /{number}", examined=one) for number, one in enumerate(examined))
    return list(doubts(replace(builders.load(), seen=seen)))


@pytest.mark.parametrize(
    ("examined", "is_doubt"),
    [
        (ExaminedAnswers(4, 4, "/login"), False),
        (ExaminedAnswers(5, 5, "/login"), True),
        (ExaminedAnswers(10, 9, "/login"), True),
        (ExaminedAnswers(10, 8, "/login"), False),
        (ExaminedAnswers(10, 0, "", 9), True),
        (ExaminedAnswers(10, 0, "", 8), False),
        (ExaminedAnswers(10, errors=3, pages=3, empty=2, failed=1), True),
        (ExaminedAnswers(10, failed=8), False),
        (ExaminedAnswers(10, refused=10), False),
        (ExaminedAnswers(10, emptied=5), True),
        (ExaminedAnswers(10, emptied=4), False),
        (ExaminedAnswers(10, emptied=5, refilled=1), False),
    ],
)
def test_nearly_all_of_at_least_five(examined: ExaminedAnswers, is_doubt: bool) -> None:
    assert bool(told(examined)) is is_doubt


def test_a_doubt_says_how_many_of_which_endpoint_and_what_to_do() -> None:
    log_in, errors = told(ExaminedAnswers(6, 6, "/login"), ExaminedAnswers(5, 0, "", 5))
    assert "of the 6 good answers of GET /0" in log_in
    assert "let the scenario log in, or ask for /login" in log_in
    assert "of the 5 good answers of GET /1" in errors
    assert "response.failure" in errors


def test_what_several_processes_saw_is_added_up() -> None:
    one, two = (ResponseFacts("shop", "GET /", examined=ExaminedAnswers(3, n, "/login" if n else "")) for n in (0, 3))
    assert merge_facts(one, two).examined == ExaminedAnswers(6, 3, "/login")


def test_a_refusal_that_a_scenario_calls_good_is_said_and_no_doubt() -> None:
    seen = tuple(ResponseFacts("shop", "GET /gone", examined=ExaminedAnswers(9, refused=n)) for n in (9, 5))
    (note,) = notes(replace(builders.load(), seen=seen))
    assert "9 have a status of 4xx" in note
