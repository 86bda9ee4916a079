"""Numbers never contradict their own comparison."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.config.model import Limit, Operator
from readiness.judge import wording
from readiness.text import numbers


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1378.7, "ms", "1,378.7 ms"),
        (6.2, "ms", "6.2 ms"),
        (0.034, "ms", "0.03 ms"),
        (0.0, "%", "0 %"),
        (80.0, "%", "80 %"),
        (99.996, "%", "99.996 %"),
        (0.0004, "%", "0.0004 %"),
        (25746.0, "", "25,746"),
        (251.24, "/s", "251.2 /s"),
        (-843.0, "", "-843"),
        (None, "ms", "not measured"),
        (float("nan"), "ms", "not measured"),
        (float("inf"), "%", "not measured"),
    ],
)
def test_a_quantity_has_thousands_a_point_and_its_unit(value: float | None, unit: str, expected: str) -> None:
    assert numbers.quantity(value, unit) == expected


_FINITE = st.floats(-1e6, 1e6, allow_nan=False)


@settings(deadline=None)
@given(_FINITE, _FINITE, st.sampled_from(["ms", "%", "/s", ""]))
def test_a_value_prints_apart_from_its_limit_and_on_the_right_side_of_it(value: float, limit: float, unit: str) -> None:
    printed = float(numbers.number(value, unit, apart_from=limit).replace(",", ""))
    if abs(value - limit) > 1e-9:
        assert printed != limit
        assert (printed < limit) == (value < limit)


@settings(deadline=None)
@given(st.floats(1e-9, 1e9), st.sampled_from(["ms", "%", "/s", ""]))
def test_what_is_not_zero_never_prints_as_zero(value: float, unit: str) -> None:
    assert float(numbers.number(value, unit).replace(",", "")) > 0


@pytest.mark.parametrize("value", [1e-29, -1e-29, 5e-324, 1e-13])
@pytest.mark.parametrize("unit", ["", "ms", "%"])
def test_the_tiniest_number_is_not_shown_as_zero_either(value: float, unit: str) -> None:
    assert float(numbers.number(value, unit, apart_from=0)) == value
    assert float(numbers.limit(value, "")) == value
    assert numbers.quantity(1e-29, "", apart_from=0) == "1e-29"


def test_neighbours_of_a_limit_are_shown_apart_from_it() -> None:
    assert numbers.quantity(0.1 + 0.2, "", apart_from=0.3) == "0.30000000000000004"
    assert numbers.quantity(100 - 1e-14, "%") == "99.99999999999999 %"


@settings(deadline=None)
@given(st.floats(99.0, 100.0, exclude_max=True))
def test_nearly_all_is_not_all(value: float) -> None:
    if 100.0 - value > 1e-9:
        assert numbers.quantity(value, "%") != "100 %"


def test_an_interval_is_bounds_or_words() -> None:
    assert numbers.interval(1350.2, 1402.9, 1378.7, "ms") == "1,350.2 – 1,402.9 ms"
    assert numbers.interval(99.9, 99.98, 99.95, "%") == "99.90 – 99.98 %"
    assert numbers.interval(5.0, 5.0, 5.0, "") == "exact"
    assert numbers.interval(90.0, None, None, "ms") == "at least 90.0 ms"
    assert numbers.interval(None, None, None, "ms") == "–"


def test_how_far_is_a_factor_of_the_limit() -> None:
    assert numbers.times(1378.7, 100) == "13.8×"
    assert numbers.times(100.2, 100) == "1.002×"
    assert numbers.headline(1378.7, 100, "ms") == "1,379 ms"
    assert numbers.headline(100.2, 100, "ms") == "100.2 ms"


def test_times_are_utc_and_what_is_no_time_is_shown_as_it_is() -> None:
    assert numbers.utc("2026-11-24T01:14:05+02:00") == "2026-11-23 23:14:05 UTC"
    assert numbers.utc("yesterday\x1b[1m") == "yesterday[1m"
    assert numbers.elapsed("2026-11-23T23:00:00Z", "2026-11-23T23:02:05Z") == "2 min 5 s"
    assert numbers.elapsed("2026-11-23T23:00:00", "2026-11-23T23:02:05Z") == "unknown"


def test_a_limit_is_read_in_the_unit_of_the_value() -> None:
    assert wording.read("< 0.5 s", "ms") == Limit(Operator.LESS, 500.0, "< 0.5 s")
    assert wording.read(">= 99.95 %", "%") == Limit(Operator.AT_LEAST, 99.95, ">= 99.95 %")
    assert wording.read("< 500 MB", "MB") == Limit(Operator.LESS, 500.0, "< 500 MB")
    assert wording.read("about ten", "ms") is None
    assert wording.read(None, "ms") is None
