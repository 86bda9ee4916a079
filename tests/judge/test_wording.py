"""Values and limits in plain words."""

import pytest

from readiness.judge.wording import demand, distance, limit_words, read, value_words
from tests.report.builders import check


@pytest.mark.parametrize(
    ("name", "limit", "said"),
    [
        ("latency.p95", "< 50 ms", "needs under 50 ms"),
        ("cache.hit_rate", "> 80 %", "needs over 80 %"),
        ("data.bags", ">= 25248", "needs at least 25,248"),
        ("service.restarts", "<= 3", "needs at most 3"),
        ("cache.fallback", "== 0 %", "must be 0 %"),
        ("rate_limit.active", "== 1", "must be yes"),
        ("rate_limit.active", ">= 1", "must be yes"),
        ("health.touches_database", "== 0", "must be no"),
    ],
)
def test_a_limit_is_said_without_an_operator(name: str, limit: str, said: str) -> None:
    assert demand(name, limit) == said
    assert not set("<>=") & set(limit_words(name, limit))


def test_a_yes_no_metric_has_a_word_for_its_value_and_a_count_has_none() -> None:
    assert value_words("rate_limit.active", 0.0, "", 1.0, "") == "no"
    assert value_words("health.touches_database", 1.0, "", 1.0, "") == "yes"
    assert value_words("service.restarts", 1.0, "", 0.0, "") == "1"


def test_a_limit_reads_back_in_the_unit_of_the_value() -> None:
    bound = read("<= 1.5 s", "ms")
    assert bound is not None
    assert (bound.operator, bound.value) == ("<=", 1500.0)


def test_a_share_that_must_be_high_is_compared_by_what_is_missing() -> None:
    assert distance(check("cache.hit_rate", value=0.0, pass_limit="> 80 %", unit="%")) == pytest.approx(5.0)
