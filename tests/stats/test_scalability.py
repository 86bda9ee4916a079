"""The Universal Scalability Law is found again in what it made."""

import numpy as np
import pytest

from readiness.stats.scalability import fit

HEIGHTS = [1, 2, 4, 8, 16, 32, 48, 64]


def points(rate: float, sigma: float, kappa: float, noise: float = 0.0, seed: int = 1) -> list[tuple[float, float]]:
    random = np.random.default_rng(seed)
    return [
        (n, rate * n / (1 + sigma * (n - 1) + kappa * n * (n - 1)) * (1 + noise * float(random.standard_normal())))
        for n in HEIGHTS
    ]


@pytest.mark.parametrize(("sigma", "kappa"), [(0.05, 0.001), (0.0, 0.0), (0.1, 0.0), (0.0, 0.0005)])
def test_exact_points_give_the_parameters_that_made_them(sigma: float, kappa: float) -> None:
    law = fit(points(20, sigma, kappa))
    assert law is not None
    found = (law.per_user_per_s.value, law.contention.value, law.coherency.value)
    assert found == pytest.approx((20, sigma, kappa), abs=1e-9)
    assert law.worst_residual < 1e-9
    peak = np.sqrt((1 - sigma) / kappa) if kappa else np.inf
    assert (law.knee is None) == (peak > 64)
    if law.knee is not None:
        assert law.knee.value == pytest.approx(peak)
        assert law.throughput_per_s(law.knee.value) >= max(law.throughput_per_s(n) for n in HEIGHTS)


def test_noisy_points_give_intervals_that_mostly_hold_the_truth() -> None:
    hits = {"rate": 0, "sigma": 0, "kappa": 0, "knee": 0}
    rounds = 40
    for seed in range(rounds):
        law = fit(points(20, 0.05, 0.001, noise=0.02, seed=seed))
        assert law is not None
        hits["rate"] += law.per_user_per_s.low <= 20 <= law.per_user_per_s.high
        hits["sigma"] += law.contention.low <= 0.05 <= law.contention.high
        hits["kappa"] += law.coherency.low <= 0.001 <= law.coherency.high
        hits["knee"] += law.knee is not None and law.knee.low <= np.sqrt(0.95 / 0.001) <= law.knee.high
    assert all(count >= 0.8 * rounds for count in hits.values()), hits


def test_too_few_heights_and_a_knee_beyond_them_are_not_made_up() -> None:
    assert fit(points(20, 0.05, 0.001)[:4]) is None
    assert fit([(10, 5.0)] * 9) is None
    law = fit(points(20, 0.05, 0.0001))  # its knee is at 97 users
    assert law is not None
    assert law.knee is None


def test_the_same_points_give_the_same_intervals() -> None:
    assert fit(points(20, 0.05, 0.001, noise=0.02)) == fit(points(20, 0.05, 0.001, noise=0.02))
