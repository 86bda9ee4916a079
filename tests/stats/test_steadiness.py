"""A trend and a shift are seen; steady noise, also correlated, rings seldom."""

import random

import pytest

from readiness.stats.steadiness import Course, course

BLOCKS = 20


def noise(generator: random.Random, correlation: float = 0.0, blocks: int = BLOCKS) -> list[float]:
    """Log-normal block values around 20, with the given lag-one correlation."""
    level, values = 0.0, []
    for index in range(blocks):
        fresh = generator.gauss(0, 1)
        level = fresh if index == 0 else correlation * level + (1 - correlation**2) ** 0.5 * fresh
        values.append(20 * 2.718 ** (0.1 * level))
    return values


def alarms(correlation: float, rounds: int = 600, blocks: int = BLOCKS) -> float:
    generator = random.Random(7)
    found = [course(noise(generator, correlation, blocks)) for _ in range(rounds)]
    return sum(one is not None and one.unsteady for one in found) / rounds


@pytest.mark.parametrize(("correlation", "most"), [(0.0, 0.02), (0.3, 0.03), (0.6, 0.08)])
def test_false_alarms_are_bounded_also_for_correlated_blocks(correlation: float, most: float) -> None:
    assert alarms(correlation) <= most


def test_few_blocks_ring_no_more_often() -> None:
    assert alarms(0.0, blocks=6) <= 0.03
    assert alarms(0.0, blocks=9) <= 0.03


def seen(rising: float, shifting: float) -> list[Course]:
    generator = random.Random(11)
    found = []
    for _ in range(100):
        values = noise(generator)
        changed = [
            value * (1 + rising * index / BLOCKS) * (1 + shifting * (index >= 12)) for index, value in enumerate(values)
        ]
        one = course(changed)
        assert one is not None
        found.append(one)
    return found


def test_a_rise_to_double_is_seen_and_its_direction_is_right() -> None:
    found = seen(rising=1.0, shifting=0.0)
    assert sum(one.trend for one in found) >= 95
    assert all(one.slope > 0 and one.late > one.early for one in found)


def test_a_shift_by_half_is_seen_near_its_place() -> None:
    found = seen(rising=0.0, shifting=0.5)
    hits = [one.shift_at for one in found if one.shift_at is not None]
    assert len(hits) >= 60
    assert sum(10 <= at <= 14 for at in hits) >= 0.9 * len(hits)


def test_equal_values_and_short_series_are_no_alarm() -> None:
    same = course([5.0] * BLOCKS)
    assert same is not None
    assert not same.unsteady
    assert course([1, 2, 3, 4, 5]) is None
