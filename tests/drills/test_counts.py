"""What is counted of the requests of a drill: how soon refusals came, and which limits a service has to keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from readiness.config.load import load
from readiness.config.model import Check
from readiness.drills.drill_windows import silent_of
from readiness.drills.recovery import wellness
from readiness.drills.window_counts import refusals
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Recording


def failed(**by_class: tuple[float, ...]) -> Recording:
    """Requests that failed, by class with their latencies in ms."""
    times_us = np.array([round(one * 1000) for times in by_class.values() for one in times], np.int64)
    return Recording(
        failed={name: len(times) for name, times in by_class.items()}, failed_latency=Histogram.of_us(times_us)
    )


def test_who_heard_nothing_was_told_later_than_everybody_else() -> None:
    quick = (5.0,) * 97
    # At the caller's own deadline of 300 ms nobody was told anything.
    mostly = failed(http_5xx=quick, timeout=(300.0,) * 3)
    found = refusals(mostly, silent_of(mostly))
    assert (found.ok.total, found.in_flight) == (97, 3)
    assert found.ok.quantile_ms(0.95, infinite=found.in_flight) == pytest.approx(300, rel=0.01)
    dead = failed(timeout=(300.0,) * 60, connect_refused=(0.5,) * 40)
    found = refusals(dead, silent_of(dead))
    assert (found.ok.total, found.in_flight) == (0, 100)
    # Nobody's time becomes shorter by what is taken out.
    some = failed(http_5xx=(2000.0,) * 97, connect_refused=(0.5,) * 3)
    assert refusals(some, silent_of(some)).ok.quantile_ms(0.5) == pytest.approx(2000, rel=0.01)


def checks(folder: Path, text: str) -> tuple[Check, ...]:
    """Of a file with these lines."""
    file = folder / "thresholds.yaml"
    file.write_text(f"version: 1\nservice: s\nload: {{ users: 1, duration: 1s }}\nchecks:\n{text}")
    return tuple(load(file, {}).checks)


@pytest.mark.parametrize("turned", [False, True])
def test_the_stricter_of_two_limits_is_the_one_that_holds(tmp_path: Path, turned: bool) -> None:
    lines = ['  http.error_rate: { pass: "< 1 %" }\n', '  http.success_rate: { pass: "> 90 %" }\n']
    assert wellness(checks(tmp_path, "".join(lines[::-1] if turned else lines))).errors == pytest.approx(0.01)
