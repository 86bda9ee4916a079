"""The long-run variance of a series, from its slowest cosines."""

import math

import numpy as np
import pytest

from readiness.stats.long_run import MIN_BLOCKS, MOST_BLOCKS, grouped, long_run, reached
from readiness.stats.share import NORMAL

Z = NORMAL.inv_cdf(0.95)
BLOCKS = 60
DRAWS = 200


Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def white(seed: int, rows: int = DRAWS) -> Rows:
    return np.random.default_rng(seed).standard_normal((rows, BLOCKS))


def wandering(seed: int, tau: float) -> tuple[Rows, float]:
    """AR(1) beside white noise, and the deviation of its sum."""
    kept = math.exp(-1 / tau)
    level = white(seed)
    for at in range(1, BLOCKS):
        level[:, at] = kept * level[:, at - 1] + math.sqrt(1 - kept * kept) * level[:, at]
    lags = np.abs(np.subtract.outer(np.arange(BLOCKS), np.arange(BLOCKS)))
    return level + white(seed + 1), math.sqrt(float((kept**lags).sum()) + BLOCKS)


def reaches(rows: Rows, noise: float | None = None) -> Rows:
    """Of each row, at 95 %."""
    return np.array([found.reach(0.95) for row in rows if (found := long_run(row - row.mean(), noise))])


def test_the_sum_of_white_noise_reaches_about_as_far_as_its_own_deviation() -> None:
    alone = Z * math.sqrt(BLOCKS)
    known, unknown = (np.median(reaches(white(1), noise)) / alone for noise in (float(BLOCKS), None))
    assert 1.0 <= known <= 1.5
    assert known < unknown <= 2.0


def test_a_cycle_that_the_run_holds_many_times_hardly_moves_its_sum() -> None:
    cycle = 5 * np.sin(2 * math.pi * np.arange(BLOCKS) / 5)
    rows = white(2) + cycle
    as_if_independent = Z * rows.std() * math.sqrt(BLOCKS)
    assert np.median(reaches(rows, float(BLOCKS))) <= 0.75 * as_if_independent


@pytest.mark.parametrize("noise", [None, float(BLOCKS)])
@pytest.mark.parametrize("tau", [1.0, 3.0, 6.0])
def test_the_reach_of_a_wandering_level_covers_what_its_sum_really_does(tau: float, noise: float | None) -> None:
    rows, deviation = wandering(3, tau)
    reach = reaches(rows, noise)
    assert np.mean(reach >= deviation) >= 0.9
    assert np.mean(rows.sum(axis=1) > reach) <= 0.065


def test_a_level_that_goes_through_the_run_is_told_from_one_that_varies_within_it() -> None:
    steady = white(5, 20)
    ramps = steady + np.linspace(-4, 4, BLOCKS)
    drifts = [
        sum(found.drift > 0.5 for row in rows if (found := long_run(row - row.mean()))) for rows in (steady, ramps)
    ]
    assert drifts[0] <= 2
    assert drifts[1] >= 18


def test_fewer_blocks_than_can_show_anything_say_nothing() -> None:
    assert long_run([1.0, -1.0] * (MIN_BLOCKS // 2)) is None
    assert long_run([1.0, -1.0, 2.0, -2.0, 0.5]) is not None


def test_independence_is_the_least_that_a_known_noise_allows() -> None:
    quiet = white(6) * 0.1
    assert np.all(reaches(quiet, float(BLOCKS)) >= 0.9 * Z * math.sqrt(BLOCKS))


def test_a_series_without_any_variation_says_nothing() -> None:
    assert long_run([0.0] * BLOCKS) is None


def test_a_long_series_is_added_up_and_loses_nothing_of_its_sum() -> None:
    values = np.random.default_rng(5).standard_normal(10 * MOST_BLOCKS + 7)
    shorter = grouped(values, MOST_BLOCKS)
    assert shorter.size <= MOST_BLOCKS
    assert float(shorter.sum()) == pytest.approx(float(values.sum()))
    (reach,) = reaches(values[None])
    assert reach >= Z * 0.8 * math.sqrt(values.size)


def test_what_comes_on_top_of_a_distance_is_reached_too() -> None:
    found = long_run(white(1)[0])
    assert found is not None
    assert found.reach_of(found.scales, 0.95, 3.0) == pytest.approx(found.reach(0.95) + 3.0, rel=2e-3)


def test_a_level_in_blocks_of_independent_events_is_unlikely_and_a_level_that_moves_them_is_found() -> None:
    alone = [found.level for row in white(1)[:40] if (found := long_run(row - row.mean(), float(BLOCKS)))]
    moved = [found.level for row in wandering(1, 6.0)[0][:40] if (found := long_run(row - row.mean(), float(BLOCKS)))]
    assert np.median(alone) < 0.5
    assert np.median(moved) > 10


@pytest.mark.parametrize(
    ("fifths", "below", "above"),
    [
        ((20, 11, 8, 8, 8), math.sqrt(5), math.sqrt(5) - 1),
        ((8, 9, 12, 16, 20), math.sqrt(5) - 1, math.sqrt(5)),
        ((8, 20, 14, 8, 14), math.sqrt(5) - 0.5, math.sqrt(5) - 0.5),
        ((8, 8, 8, 8, 8), math.sqrt(5), math.sqrt(5)),
    ],
    ids=["a warm-up", "a rise", "there and back", "level"],
)
def test_a_level_may_go_on_so_far_from_where_the_run_left_it(
    fifths: tuple[int, ...], below: float, above: float
) -> None:
    found = reached(np.repeat(fifths, 12).astype(float), np.ones(60))
    assert list(found) == pytest.approx([min(fifths), max(fifths), below, above])
