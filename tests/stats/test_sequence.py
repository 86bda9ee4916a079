"""Bounds that stay valid under repeated looks, on seeded draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.stats import sequence, share

DRAWS = 400


def crossed(truth: float, tested: float, *, below: bool) -> int:
    """In how many of DRAWS runs of 4,000 events some look proves the tested side; a look every 20 events."""
    generator = np.random.default_rng(3)
    looks = np.arange(20, 4001, 20)
    proves = sequence.proves_below if below else sequence.proves_above
    seen: dict[tuple[int, int], bool] = {}
    runs = 0
    for _ in range(DRAWS):
        hits = np.cumsum(generator.random(4000) < truth)[looks - 1]
        for k, n in zip(hits.tolist(), looks.tolist(), strict=True):
            if (k, n) not in seen:
                seen[k, n] = proves(k, n, tested, 0.95)
            if seen[k, n]:
                runs += 1
                break
    return runs


@pytest.mark.parametrize("below", [True, False])
def test_hardly_any_run_is_wrong_at_any_of_its_looks(below: bool) -> None:
    assert crossed(0.05, 0.05, below=below) <= 0.05 * DRAWS + 3 * (0.05 * 0.95 * DRAWS) ** 0.5


def test_a_share_that_is_clearly_lower_or_higher_is_proven_in_every_run() -> None:
    assert crossed(0.02, 0.05, below=True) == DRAWS
    assert crossed(0.10, 0.05, below=False) == DRAWS


def test_the_bound_of_one_look_alone_is_wrong_far_more_often_when_looked_at_repeatedly() -> None:
    generator = np.random.default_rng(3)
    looks = list(range(20, 4001, 20))
    wrong = 0
    for _ in range(100):
        hits = np.cumsum(generator.random(4000) < 0.05)
        wrong += any(share.proves_below(int(hits[n - 1]), n, 0.05, 0.95) for n in looks)
    assert wrong >= 20


@given(n=st.integers(1, 3000), data=st.data())
def test_looking_often_costs_evidence_and_never_gives_any(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = sequence.lower(k, n, 0.95), sequence.upper(k, n, 0.95)
    assert 0 <= low <= share.lower(k, n, 0.95) + 1e-9
    assert share.upper(k, n, 0.95) - 1e-9 <= high <= 1
    assert low <= k / n <= high


def test_samples_needed_are_more_than_for_one_look() -> None:
    needed = sequence.samples_needed(0.05, 0.95)
    assert share.samples_needed(0.05, 0.95) < needed < 3 * share.samples_needed(0.05, 0.95)
    assert sequence.proves_below(0, needed, 0.05, 0.95)
    assert not sequence.proves_below(0, needed - 1, 0.05, 0.95)


def test_nothing_counted_proves_nothing() -> None:
    assert (sequence.lower(0, 0, 0.95), sequence.upper(0, 0, 0.95)) == (0.0, 1.0)
