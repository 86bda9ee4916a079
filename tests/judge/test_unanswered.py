"""From how many users without an answer on a run is in doubt, and when the share of their time is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.config.model import Check
from readiness.judge.unanswered import doubts, notes
from readiness.measurements.lost_time import LostTime
from readiness.measurements.run import Load
from tests.judge import builders
from tests.judge.builders import check

ONE_PERCENT = check("http.success_rate", "> 99 %")


def load(requests: int, time_s: float, from_before: int) -> Load:
    """100 users, 10 s."""
    return replace(builders.load(users=100), unanswered=LostTime(requests, time_s, from_before))


@pytest.mark.parametrize(
    ("from_before", "checks", "is_doubt"),
    [
        (0, (ONE_PERCENT,), False),
        (1, (ONE_PERCENT,), False),
        (2, (ONE_PERCENT,), True),
        (2, (check("http.error_rate", "< 5 %"),), False),
        (6, (check("http.error_rate", "< 5 %"),), True),
        (1, (check("http.success_rate", ">= 100 %"),), True),
        (1, (check("latency.p95", "< 100 ms"),), True),
        (2, (check("http.success_rate", "> 95 %"), check("http.success_rate", ">= 100 %", scope="GET /pay")), False),
        (2, (check("http.success_rate", ">= 100 %", scope="GET /pay"),), True),
        (2, (check("http.success_rate", "> 90 %", not_applicable="no"),), True),
    ],
)
def test_more_users_than_requests_may_fail(from_before: int, checks: tuple[Check, ...], is_doubt: bool) -> None:
    found = list(doubts(load(from_before, 10.0 * from_before, from_before), checks))
    assert bool(found) is is_doubt
    assert all(f"{from_before} of 100 users" in doubt for doubt in found)


def test_a_run_that_does_not_tell_is_no_doubt() -> None:
    assert not list(doubts(builders.load(), ()))
    assert not notes(builders.load())
    assert not notes(None)


@pytest.mark.parametrize(("time_s", "told"), [(99.0, ()), (250.0, ("25 % of the users' time",))])
def test_more_than_a_tenth_of_the_users_time_is_told(time_s: float, told: tuple[str, ...]) -> None:
    found = notes(load(60, time_s, 0))
    assert [note.startswith(start) for note, start in zip(found, told, strict=True)] == [True] * len(told)
