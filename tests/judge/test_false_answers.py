"""From how many answers on an endpoint that answers otherwise than it seems is a doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.judge.false_answers import doubts
from readiness.measurements.response_facts import LookedAt, ResponseFacts, merge_facts
from tests.judge import builders


def told(*looks: LookedAt) -> list[str]:
    seen = tuple(ResponseFacts("shop", f"GET /{number}", looks=one) for number, one in enumerate(looks))
    return list(doubts(replace(builders.load(), seen=seen)))


@pytest.mark.parametrize(
    ("looks", "is_doubt"),
    [
        (LookedAt(4, 4, "/login"), False),
        (LookedAt(5, 5, "/login"), True),
        (LookedAt(10, 9, "/login"), True),
        (LookedAt(10, 8, "/login"), False),
        (LookedAt(10, 0, "", 9), True),
        (LookedAt(10, 0, "", 8), False),
    ],
)
def test_nearly_all_of_at_least_five(looks: LookedAt, is_doubt: bool) -> None:
    assert bool(told(looks)) is is_doubt


def test_a_doubt_says_how_many_of_which_endpoint_and_what_to_do() -> None:
    log_in, errors = told(LookedAt(6, 6, "/login"), LookedAt(5, 0, "", 5))
    assert "of the 6 good answers of GET /0" in log_in
    assert "let the scenario log in, or ask for /login" in log_in
    assert "of the 5 good answers of GET /1" in errors
    assert "response.failure" in errors


def test_what_several_processes_saw_is_added_up() -> None:
    one, two = (ResponseFacts("shop", "GET /", looks=LookedAt(3, n, "/login" if n else "")) for n in (0, 3))
    assert merge_facts(one, two).looks == LookedAt(6, 3, "/login")
