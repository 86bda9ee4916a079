"""A generator that may be the cause takes the pass away; it never gives one, and never blames the target."""

from dataclasses import replace

import numpy as np
import pytest

from readiness.config.model import OnFail
from readiness.judge.inconclusive import TO_DO, Cause
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision, Outcome, Verdict
from readiness.measurements.generator_health import Calibration, Instrument, Pause
from readiness.measurements.histogram import Histogram
from readiness.measurements.pace import AT_TARGETS_SOCKET, Pace
from tests.judge.builders import check, config, load, recording, run


def lagging(*lags_ms: float, **more: object) -> Instrument:
    lag = Histogram.of_us(np.array(np.array(lags_ms) * 1000, np.int64))
    return replace(Instrument(watched_s=10.0, cpu_s=2.0, lag=lag, start_lag=Histogram.of_us(np.full(100, 10))), **more)  # type: ignore[arg-type]


def judged(
    instrument: Instrument | None,
    *,
    latency_ms: float = 50.0,
    passes: str = "< 100 ms",
    count: int = 1000,
    paces: tuple[Pace, ...] = (),
    script_errors: tuple[str, ...] = (),
) -> Verdict:
    seen = load(("shop", "GET /", recording([latency_ms] * count)))
    seen = replace(seen, instrument=instrument, paces=paces, script_errors=script_errors)
    checks = (
        check("latency.p95", passes, on_fail=OnFail.BLOCK),
        check("http.success_rate", "> 99 %"),
    )
    return judge(run(seen), config(*checks))


def test_a_healthy_generator_changes_nothing() -> None:
    assert judged(lagging(*[1.0] * 100)).decision is Decision.READY


def test_an_engine_that_nobody_watched_proves_no_latency() -> None:
    """A run.json without the record must not be greener than one with it."""
    verdict = judged(None)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "nothing is known of the load generator" in verdict.checks[0].message


@pytest.mark.parametrize("lost", [{"watched_s": 1.0}, {"cpu_s": 0.0}, {"lag": Histogram.of_us(np.array([], np.int64))}])
def test_a_record_of_the_engine_that_lost_a_part_excuses_nothing(lost: dict[str, object]) -> None:
    assert judged(lagging(*[1.0] * 100, **lost)).decision is Decision.INCONCLUSIVE


def test_a_run_whose_time_series_is_gone_is_inconclusive() -> None:
    seen = replace(load(("shop", "GET /", recording([50.0] * 1000))), series=())
    verdict = judge(run(seen), config(check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK)))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "nobody knows how many users were running" in " ".join(verdict.doubts)


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


@pytest.mark.parametrize(("pace_ms", "decision"), [(200, Decision.INCONCLUSIVE), (1000, Decision.READY)])
def test_lag_that_takes_up_the_users_own_pace_proves_nothing_however_fast_the_answers(
    pace_ms: int, decision: Decision
) -> None:
    pace = Pace("shop", 5, 5, 100, 0, Histogram.of_us(np.full(100, 1000 * pace_ms)))
    verdict = judged(lagging(*[20.0] * 100), latency_ms=1.0, paces=(pace,))
    assert verdict.decision is decision
    assert ("held its users back" in verdict.checks[0].message) is (decision is Decision.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("told", "cause"),
    [((), Cause.GENERATOR), ((f"the locustfile: 5 users waited {AT_TARGETS_SOCKET} since 2 s",), Cause.DOUBTED)],
)
def test_users_that_waited_at_the_targets_socket_are_not_the_generators_fault(
    told: tuple[str, ...], cause: Cause
) -> None:
    pace = Pace("shop", 5, 5, 100, 0, Histogram.of_us(np.full(100, 200_000)))
    verdict = judged(lagging(*[20.0] * 100), latency_ms=1.0, paces=(pace,), script_errors=told)
    assert verdict.inconclusive_cause is cause
    assert (verdict.next_steps[0] == TO_DO[Cause.GENERATOR]) is not bool(told)


@pytest.mark.parametrize(
    ("requests", "cpu_s", "decision"),
    [(900, 6.0, Decision.INCONCLUSIVE), (700, 6.0, Decision.READY), (900, 3.0, Decision.READY)],
    ids=["near the ceiling and busy", "far from it", "near a ceiling that a half idle core refutes"],
)
def test_a_load_near_the_calibrated_ceiling_proves_no_latency(requests: int, cpu_s: float, decision: Decision) -> None:
    calibration = Calibration(1200 if requests == 900 else 1000, 0, 10.0, 10.0, Histogram.of_us(np.full(9, 200)))
    seen = lagging(*[1.0] * 100, cpu_s=cpu_s, calibration=calibration)
    verdict = judged(seen, count=1000 if requests == 900 else 700)
    assert verdict.decision is decision
    assert ("near its ceiling" in verdict.checks[0].message) is (decision is Decision.INCONCLUSIVE)
    assert verdict.instrument[0].startswith("calibrated against a server that answers at once: 0.20 ms at P50")


def test_why_the_engine_was_not_calibrated_is_told() -> None:
    lines = judged(lagging(*[1.0] * 100, calibration=Calibration(skipped="no such luck"))).instrument
    assert lines[0] == "not calibrated: no such luck"


def test_g6_a_plan_of_which_more_than_a_twentieth_was_not_sent_by_our_own_doing_is_a_doubt() -> None:
    seen = replace(load(("shop", "GET /", recording([1.0] * 940))), model="open", rate_per_s=100.0)
    for dropped, unanswered, doubts in ((60, 0, 1), (40, 0, 0), (60, 60, 0), (120, 60, 1)):
        judged_ = judge(
            run(replace(seen, dropped_judged=dropped, unanswered_judged=unanswered, intended_judged=1000)),
            config(check("latency.p50", "< 100 ms")),
        )
        assert len([doubt for doubt in judged_.doubts if "were never sent" in doubt]) == doubts


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


@pytest.mark.parametrize("fault", ["local_ports", "local_fds"])
def test_g8_what_this_machine_lacks_is_a_doubt_and_no_failure_of_the_target(fault: str) -> None:
    seen = load(("shop", "GET /", recording([1.0] * 1000, failed={fault: 100})))
    verdict = judge(run(seen), config(check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK)))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert verdict.checks[0].outcome is Outcome.PASS
    assert any(f"100 × {fault}" in doubt for doubt in verdict.doubts)


@pytest.mark.parametrize(
    ("at_s", "duration_s", "decision"),
    [(-0.5, 12.0, Decision.READY), (0.0, 10.5, Decision.READY), (0.0, 4.0, Decision.INCONCLUSIVE)],
)
def test_the_time_series_must_cover_half_of_the_measurement_window_wherever_its_points_begin(
    at_s: float, duration_s: float, decision: Decision
) -> None:
    """The last points of a short run of several processes are joined: one point may hold the window and more."""
    whole = load(("shop", "GET /", recording([50.0] * 1000)))
    point = replace(whole.series[0], at_s=whole.judged_start_s + at_s, duration_s=duration_s)
    verdict = judge(run(replace(whole, series=(point,))), config(check("http.success_rate", "> 99 %")))
    assert verdict.decision is decision, verdict.reason
