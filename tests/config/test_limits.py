"""A limit is an operator, a plain number and the metric's unit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config import limits
from readiness.config.model import Limit, Operator
from readiness.metrics import catalogue
from readiness.metrics.metric import Metric


def metric(name: str) -> Metric:
    found = catalogue.find(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "text", "operator", "value"),
    [
        ("latency.p95", "< 100 ms", Operator.LESS, 100.0),
        ("latency.p95", "<=0.3s", Operator.AT_MOST, 300.0),
        ("http.success_rate", "> 99.9 %", Operator.GREATER, 99.9),
        ("throughput", ">= 50 /s", Operator.AT_LEAST, 50.0),
        ("security.headers", "== 100 %", Operator.EQUAL, 100.0),
        ("rate_limit.active", "== 1", Operator.EQUAL, 1.0),
        ("data.balance", ">= -5", Operator.AT_LEAST, -5.0),
        ("data.balance", "== 1234567890123456", Operator.EQUAL, 1234567890123456.0),
    ],
)
def test_a_limit_is_read_into_the_unit_of_its_metric(name: str, text: str, operator: Operator, value: float) -> None:
    assert limits.parse(text, metric(name)) == Limit(operator, value, text)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("latency.p95", "< 100", 'needs a unit, such as "< 100 ms"'),
        ("latency.p95", "< 100 %", "is not a unit of latency.p95; write ms or s"),
        ("latency.p95", "< 100 minutes", "is not a unit"),
        ("latency.p95", "> 100 ms", "lower is better for latency.p95, so the limit starts with < or <="),
        ("latency.p95", "== 100 ms", "never exactly one number"),
        ("latency.p95", "< 0 ms", "must be more than 0 ms"),
        ("latency.p95", "100 ms", "must be an operator"),
        ("latency.p95", "< 1_00 ms", "must be an operator"),
        ("latency.p95", "< .nan ms", "must be an operator"),
        ("latency.p95", "< inf ms", "must be an operator"),
        ("latency.p95", "< 1e3 ms", "must be an operator"),
        ("latency.p95", "< 1:30 ms", "must be an operator"),
        ("http.success_rate", "< 99 %", "higher is better"),
        ("http.success_rate", "> 0.99", "needs a unit"),
        ("http.success_rate", "> 101 %", "between 0 and 100"),
        ("http.success_rate", "> 100 %", "can never hold"),
        ("http.success_rate", "== 100 %", "never exactly one number"),
        ("database.orphans", "< 0", "can never hold"),
        ("database.orphans", "== -1", "must not be negative"),
        ("data.bags", "== 5 %", "has no unit"),
        ("tls.chain_complete", "== 100 %", 'such as "== 1"'),
        ("data.bags", "!= 5", "must be an operator"),
        ("data.bags", "== 9007199254740993000", "must be at most 9,007,199,254,740,992"),
        ("latency.p95", "< 12345678901234567 ms", "must be at most 9,007,199,254,740,992"),
    ],
)
def test_a_wrong_limit_says_what_to_write(name: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        limits.parse(text, metric(name))
    assert words in str(caught.value)


def test_the_example_of_every_metric_is_a_limit_for_it() -> None:
    for name in (*catalogue.names(), "data.bags"):
        limits.parse(limits.example(metric(name)), metric(name))


NUMBERS = st.integers(-50, 50).map(float)
LIMITS = st.builds(Limit, st.sampled_from(Operator), NUMBERS, st.just(""))


@given(LIMITS, LIMITS)
def test_covers_is_what_the_values_say(outer: Limit, inner: Limit) -> None:
    steps = [half / 2 for half in range(-104, 105)]
    values = [-math.inf, *steps, math.inf]
    assert limits.covers(outer, inner) == all(outer.holds(v) for v in values if inner.holds(v))
