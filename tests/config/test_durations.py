"""Durations are written with their unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.durations import parse, show


@pytest.mark.parametrize(("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("2m", 120), ("1h", 3600), ("1.5 s", 1.5)])
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse(text) == seconds


@pytest.mark.parametrize("text", ["30", "", "s", "-1s", "1e3s", "1_0s", "1m30s", "٣s", "nan s", "8h\n8h", "200h"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


@given(st.integers(0, 7 * 86_400_000))
def test_what_is_shown_reads_back(milliseconds: int) -> None:
    assert parse(show(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)
