"""Bounds for shares against exact sums of binomial probabilities, and how many requests prove a share."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.stats import share


def binomial_at_most(k: int, n: int, p: float) -> float:
    return math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))


@given(n=st.integers(1, 200), data=st.data(), confidence=st.sampled_from([0.9, 0.95, 0.99]))
def test_the_upper_bound_is_where_so_few_hits_become_as_unlikely_as_asked(
    n: int, data: st.DataObject, confidence: float
) -> None:
    k = data.draw(st.integers(0, n - 1))
    bound = share.upper(k, n, confidence)
    assert binomial_at_most(k, n, bound) == pytest.approx(1 - confidence, rel=1e-6)


@given(n=st.integers(1, 200), data=st.data(), confidence=st.sampled_from([0.9, 0.95, 0.99]))
def test_the_lower_bound_is_where_so_many_hits_become_as_unlikely_as_asked(
    n: int, data: st.DataObject, confidence: float
) -> None:
    k = data.draw(st.integers(1, n))
    bound = share.lower(k, n, confidence)
    assert 1 - binomial_at_most(k - 1, n, bound) == pytest.approx(1 - confidence, rel=1e-6)


@given(n=st.integers(1, 10_000), data=st.data())
def test_the_share_itself_lies_between_its_bounds(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    assert 0 <= share.lower(k, n, 0.95) <= k / n <= share.upper(k, n, 0.95) <= 1


@pytest.mark.parametrize(
    ("n", "most_over", "too_many"), [(59, 0, 7), (100, 1, 10), (299, 8, 22), (1000, 38, 63), (10_000, 463, 537)]
)
def test_p95_is_proven_and_refuted_where_the_exact_binomial_says(n: int, most_over: int, too_many: int) -> None:
    assert share.upper(most_over, n, 0.95) <= 0.05 < share.upper(most_over + 1, n, 0.95)
    assert share.lower(too_many - 1, n, 0.95) <= 0.05 < share.lower(too_many, n, 0.95)


def test_samples_needed_are_59_for_p95_and_299_for_p99() -> None:
    assert (share.samples_needed(0.05, 0.95), share.samples_needed(0.01, 0.95)) == (59, 299)


def test_nothing_counted_proves_nothing() -> None:
    assert (share.lower(0, 0, 0.95), share.upper(0, 0, 0.95)) == (0.0, 1.0)


def test_without_a_common_level_the_chances_are_binomial() -> None:
    assert share.chance_of_fewer(3, 100, 0.05, 0.0) == pytest.approx(binomial_at_most(3, 100, 0.05))
    assert share.chance_of_more(9, 100, 0.05, 0.0) == pytest.approx(1 - binomial_at_most(8, 100, 0.05))


def test_a_common_level_leaves_the_mean_share_and_makes_extreme_ones_likelier() -> None:
    own = share._own_shares(0.05, 0.4)
    assert math.fsum(p * weight for p, weight in own) == pytest.approx(0.05, rel=1e-3)
    assert share.chance_of_fewer(20, 1000, 0.05, 0.4) > 100 * share.chance_of_fewer(20, 1000, 0.05, 0.0)
    assert share.chance_of_more(100, 1000, 0.05, 0.4) > 100 * share.chance_of_more(100, 1000, 0.05, 0.0)
