"""From how many answers on an endpoint that answers otherwise than it seems is a doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.config.model import Check
from readiness.judge.false_answers import doubts, notes
from readiness.measurements.response_facts import ExaminedAnswers, ResponseFacts, merge_facts
from tests.judge import builders

CHECKS = (builders.check("http.success_rate", "> 99 %"),)


def told(*examined: ExaminedAnswers, checks: tuple[Check, ...] = CHECKS, confidence: float | None = 0.95) -> list[str]:
    seen = tuple(ResponseFacts("shop", f"GET /{number}", examined=one) for number, one in enumerate(examined))
    good = [("shop", one.name, builders.recording([10.0] * 1000)) for one in seen]
    return list(doubts(replace(builders.load(*good), seen=seen), checks, confidence))


@pytest.mark.parametrize(
    ("examined", "is_doubt"),
    [
        (ExaminedAnswers(2, 2, "/login"), False),
        (ExaminedAnswers(3, 3, "/login"), True),
        (ExaminedAnswers(5, 5, "/login"), True),
        (ExaminedAnswers(10, 9, "/login"), True),
        (ExaminedAnswers(10, 3, "/login"), True),
        (ExaminedAnswers(10, 2, "/login"), False),
        (ExaminedAnswers(10, 0, "", 9), True),
        (ExaminedAnswers(31, errors=14), True),
        (ExaminedAnswers(30, errors=3), True),
        (ExaminedAnswers(31, errors=3), False),
        (ExaminedAnswers(30, errors=26, meant=24), False),
        (ExaminedAnswers(30, errors=26, meant=23), True),
        (ExaminedAnswers(30, errors=27, meant=27), True),
        (ExaminedAnswers(600, errors=30), False),
        (ExaminedAnswers(600, errors=30, turned=5), True),
        (ExaminedAnswers(600, errors=30, turned=4), False),
        (ExaminedAnswers(600, errors=30, turned=30, recovered=1), False),
        (ExaminedAnswers(10, errors=3, pages=3, empty=2, failed=1), True),
        (ExaminedAnswers(10, pages=1, empty=1, failed=1), True),
        (ExaminedAnswers(10, failed=2), False),
        (ExaminedAnswers(10, refused=10), False),
        (ExaminedAnswers(10, emptied=5), True),
        (ExaminedAnswers(10, emptied=4), False),
        (ExaminedAnswers(10, emptied=5, refilled=1), False),
    ],
)
def test_surely_more_than_may_fail_or_all_at_the_end(examined: ExaminedAnswers, is_doubt: bool) -> None:
    assert bool(told(examined)) is is_doubt


@pytest.mark.parametrize(
    ("checks", "confidence", "is_doubt"),
    [
        ((), 0.95, True),
        ((builders.check("http.success_rate", "> 98 %"),), 0.95, True),
        ((builders.check("http.error_rate", "< 10 %"),), 0.95, False),
        ((builders.check("http.error_rate", "< 10 %"),), None, True),
        ((*CHECKS, builders.check("http.error_rate", "< 50 %", scope="GET /0")), 0.95, True),
        (
            (builders.check("http.error_rate", "< 10 %"), builders.check("http.error_rate", "< 1 %", scope="x")),
            0.95,
            False,
        ),
        (
            (builders.check("http.error_rate", "< 10 %"), builders.check("http.error_rate", "< 1 %", scope="shop")),
            0.95,
            True,
        ),
    ],
)
def test_how_many_may_be_false_is_what_the_limits_say(
    checks: tuple[Check, ...], confidence: float | None, is_doubt: bool
) -> None:
    assert bool(told(ExaminedAnswers(30, errors=5), checks=checks, confidence=confidence)) is is_doubt


def test_errors_that_the_scenario_means_are_told() -> None:
    seen = (ResponseFacts("shop", "GET /", examined=ExaminedAnswers(9, errors=3, meant=3)),)
    (note,) = notes(replace(builders.load(), seen=seen))
    assert "3 say error, and the scenario called success() for them" in note


def test_a_doubt_says_how_many_of_which_endpoint_and_what_to_do() -> None:
    log_in, errors = told(ExaminedAnswers(6, 6, "/login"), ExaminedAnswers(5, 0, "", 5))
    assert "of the 6 good answers of GET /0" in log_in
    assert "let the scenario log in, or ask for /login" in log_in
    assert "of the 5 good answers of GET /1" in errors
    assert "response.failure" in errors
    assert "response.success()" in errors


def test_what_several_processes_saw_is_added_up() -> None:
    one, two = (ResponseFacts("shop", "GET /", examined=ExaminedAnswers(3, n, "/login" if n else "")) for n in (0, 3))
    assert merge_facts(one, two).examined == ExaminedAnswers(6, 3, "/login")


def test_a_refusal_that_a_scenario_calls_good_is_said_and_no_doubt() -> None:
    seen = tuple(ResponseFacts("shop", "GET /gone", examined=ExaminedAnswers(9, refused=n)) for n in (9, 5))
    (note,) = notes(replace(builders.load(), seen=seen))
    assert "9 have a status of 4xx" in note
