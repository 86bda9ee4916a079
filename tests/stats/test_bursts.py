"""Bursts among hits: how many there were at least, and how often the exclusion of longer ones is wrong."""

import math

import numpy as np
import pytest

from readiness.stats.bursts import bursts, bursts_in, least_times


@pytest.mark.parametrize("count", [1, 2, 4])
def test_at_least_so_many_bursts_are_counted_among_independent_hits(count: int) -> None:
    """In short blocks, where what all blocks have in common is known best."""
    generator = np.random.default_rng(count)
    hits = generator.poisson(0.3, 96)
    hits[:: 96 // count][:count] += 20
    short = bursts(tuple((int(one), 1000) for one in hits))[0]
    assert 0.7 * count <= short.count <= 1.5 * count
    assert 0.7 * 20 * count <= short.hits <= 1.3 * 20 * count


def test_there_are_no_more_bursts_than_blocks_with_a_hit_and_no_more_hits_in_them_than_in_all() -> None:
    for found in bursts(((0, 50),) * 20 + ((3, 50),) + ((0, 50),) * 39):
        assert (found.count, found.hits) == (1, 3)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_bursts_of_any_amount_stand_out_of_noise_that_is_nearly_normal(count: int) -> None:
    generator = np.random.default_rng(count)
    series = generator.normal(0, 50, 96)
    series[:: 96 // count][:count] += 2000
    short = bursts_in(series - series.mean())[0]
    assert 0.7 * count <= short.count <= 1.6 * count
    assert 0.7 * 2000 * count <= short.hits <= 1.4 * 2000 * count


def test_what_does_not_vary_has_no_bursts() -> None:
    assert bursts_in(np.zeros(60)) == ()


def test_hits_that_come_evenly_are_no_bursts() -> None:
    assert bursts(((2, 50),) * 96) == ()
    assert bursts(((0, 50),) * 96) == ()


@pytest.mark.parametrize("confidence", [0.95, 0.9875, 0.99, 0.999])
def test_bursts_of_exponential_length_are_excluded_wrongly_in_as_many_runs_as_the_confidence_leaves(
    confidence: float,
) -> None:
    """Exactly: the number of bursts is Poisson, what `count` of them take is gamma, and the truth is on the limit."""
    wrong = []
    for expected in np.geomspace(0.05, 40, 60):
        chances = 0.0
        for count in range(1, 100):
            seen = expected / least_times(count, confidence)  # hits, in units of the mean length
            few = 1 - sum(math.exp(-seen + at * math.log(seen) - math.lgamma(at + 1)) for at in range(count))
            chances += math.exp(-expected + count * math.log(expected) - math.lgamma(count + 1)) * few
        wrong.append(chances / -math.expm1(-expected))
    assert 0.8 * (1 - confidence) <= max(wrong) <= 1.02 * (1 - confidence)
