"""A generator that may be the cause takes the pass away; it never gives one, and never blames the target."""

from dataclasses import replace

import numpy as np
import pytest

from readiness.config.model import OnFail
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision, Outcome, Verdict
from readiness.measurements.histogram import Histogram
from readiness.measurements.instrument import Instrument, Pause
from tests.judge.builders import check, config, load, recording, run


def lagging(*lags_ms: float, **more: object) -> Instrument:
    lag = Histogram.of_us(np.array(np.array(lags_ms) * 1000, np.int64))
    return replace(Instrument(watched_s=10.0, cpu_s=2.0, lag=lag), **more)  # type: ignore[arg-type]


def judged(instrument: Instrument | None, *, latency_ms: float = 50.0, passes: str = "< 100 ms") -> Verdict:
    seen = replace(load(("shop", "GET /", recording([latency_ms] * 1000))), instrument=instrument)
    checks = (
        check("latency.p95", passes, on_fail=OnFail.BLOCK),
        check("http.success_rate", "> 99 %"),
    )
    return judge(run(seen), config(*checks))


def test_a_healthy_generator_changes_nothing() -> None:
    assert judged(lagging(*[1.0] * 100)).decision is judged(None).decision is Decision.READY


def test_a_latency_that_passed_under_a_lagging_event_loop_proves_nothing() -> None:
    verdict = judged(lagging(*[1.0] * 90, *[12.0] * 10), latency_ms=90.0)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert [result.outcome for result in verdict.checks] == [Outcome.INCONCLUSIVE, Outcome.PASS]
    assert "event loop was late by 12.0 ms at P95" in verdict.checks[0].message
    assert any("core of its own" in step for step in verdict.next_steps)
    assert not any("run longer" in step for step in verdict.next_steps)


@pytest.mark.parametrize(
    ("lags_ms", "passes"),
    [
        ([1.0] * 97 + [90.0] * 3, "< 100 ms"),
        ([12.0] * 100, "< 500 ms"),
        ([1.5] * 100, "< 51 ms"),
        ([20.0] * 100, "< 100 ms"),
    ],
    ids=["rarer than the share that P95 allows", "a wide limit", "timers tick like this", "both together are under it"],
)
def test_lag_that_cannot_matter_to_the_limit_is_no_suspicion(lags_ms: list[float], passes: str) -> None:
    assert judged(lagging(*lags_ms), passes=passes).decision is Decision.READY


def test_lag_over_half_of_the_limit_proves_nothing_however_fast_the_answers() -> None:
    assert judged(lagging(*[60.0] * 100), latency_ms=1.0).decision is Decision.INCONCLUSIVE


def test_a_saturated_engine_proves_no_latency() -> None:
    verdict = judged(lagging(*[1.0] * 100, cpu_s=9.5))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "95 % of its core" in verdict.checks[0].message


def test_arrivals_that_leave_late_prove_no_latency() -> None:
    late = Histogram.of_us(np.full(100, 30_000))
    verdict = judged(lagging(*[1.0] * 100, start_lag=late), latency_ms=80.0)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "arrivals left 30.0 ms late at P95" in verdict.checks[0].message


def test_a_failure_stays_a_failure_under_lag() -> None:
    assert judged(lagging(*[12.0] * 100), latency_ms=500.0).decision is Decision.NOT_READY


@pytest.mark.parametrize("latency_ms", [50.0, 500.0])
def test_a_pause_of_the_generator_in_the_judged_window_decides_nothing(latency_ms: float) -> None:
    verdict = judged(lagging(1.0, pauses=(Pause(4.0, 7.0, 0.1),)), latency_ms=latency_ms)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert any("paused for 3.0 s at 4.0 s (stopped" in doubt for doubt in verdict.doubts)


def test_a_pause_before_the_judged_window_is_no_doubt() -> None:
    assert judged(lagging(1.0, pauses=(Pause(-5.0, -2.0, 0.1),))).decision is Decision.READY


def test_a_pause_with_the_cpu_busy_is_laid_to_the_scenario() -> None:
    (doubt,) = judged(lagging(1.0, pauses=(Pause(4.0, 6.0, 1.9),))).doubts
    assert "scenario code held it" in doubt


def test_the_figures_of_the_engine_are_in_the_verdict() -> None:
    lines = judged(lagging(*[1.0] * 100, fds=12, fd_limit=1024)).instrument
    assert lines[0].startswith("CPU 20 % of one core")
    assert lines[-1] == "12 file descriptors open of 1,024"
