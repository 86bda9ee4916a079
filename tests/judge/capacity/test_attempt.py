"""An attempt is the service's, the generator's or nobody's: who is to blame decides what may be claimed."""

from dataclasses import replace

import numpy as np
import pytest

from readiness.judge.capacity.attempt import Attempt, TrialFinding, judge_attempt, lowest_users
from readiness.measurements.generator_health import Instrument, Pause
from readiness.measurements.histogram import Histogram
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.run import Recording
from tests.judge.builders import WATCHED, check, load, recording, run

CHECKS = (check("latency.p95", "< 100 ms", warn="< 400 ms"), check("http.success_rate", "> 99 %"))


def lagging(lag_ms: float, **more: object) -> Instrument:
    lag = Histogram.of_us(np.full(100, int(lag_ms * 1000), np.int64))
    return replace(Instrument(watched_s=10.0, cpu_s=2.0, lag=lag), **more)  # type: ignore[arg-type]


def attempt(record: Recording, instrument: Instrument | None = WATCHED, doubts: tuple[str, ...] = ()) -> Attempt:
    seen = replace(load(("shop", "GET /", record)), instrument=instrument)
    made = replace(run(seen), doubts=doubts)
    return judge_attempt(made, CHECKS, 5.0, proof=False, confidence=0.95, proof_confidence=0.9875)


def test_limits_that_are_proven_are_kept_and_nothing_is_left_to_say() -> None:
    found = attempt(recording([50.0] * 2000), lagging(1.0))
    assert (found.finding, found.reason, found.requests) == (TrialFinding.KEPT, "", 2000)
    assert found.throughput_per_s == 200


@pytest.mark.parametrize("latency_ms", [150.0, 900.0], ids=["within warn", "beyond warn"])
def test_a_latency_over_its_pass_limit_breaks_it_also_where_it_is_only_a_warning(latency_ms: float) -> None:
    found = attempt(recording([latency_ms] * 2000), lagging(1.0))
    assert found.finding is TrialFinding.BROKEN
    assert "needs under 100 ms" in found.reason


@pytest.mark.parametrize(
    ("latency_ms", "instrument", "finding"),
    [
        (120.0, lagging(40.0), TrialFinding.GENERATOR),
        (300.0, lagging(40.0), TrialFinding.BROKEN),
        (90.0, lagging(40.0), TrialFinding.GENERATOR),
        (30.0, lagging(1.0, cpu_s=9.5), TrialFinding.GENERATOR),
        (900.0, lagging(1.0, cpu_s=9.5), TrialFinding.GENERATOR),
        (900.0, None, TrialFinding.BROKEN),
    ],
    ids=[
        "without the lag it would be kept",
        "also without the lag it is broken",
        "a pass that the lag may have made",
        "a saturated engine sent less than planned",
        "a saturated engine may be what is slow",
        "nobody watched the engine",
    ],
)
def test_the_generator_is_blamed_for_what_its_lag_explains_and_for_nothing_else(
    latency_ms: float, instrument: Instrument | None, finding: TrialFinding
) -> None:
    assert attempt(recording([latency_ms] * 2000), instrument).finding is finding


def test_failures_on_this_side_are_the_generators() -> None:
    found = attempt(recording([50.0] * 2000, failed={"local_ports": 300}))
    assert found.finding is TrialFinding.GENERATOR
    assert "local_ports" in found.reason
    assert found.failed == {"local_ports": 300}


def test_few_requests_lean_by_their_bare_values() -> None:
    assert attempt(recording([50.0] * 20)).finding is TrialFinding.LEANS_KEPT
    assert attempt(recording([50.0] * 18 + [150.0] * 2)).finding is TrialFinding.LEANS_BROKEN


def test_what_is_doubtful_is_never_kept() -> None:
    lost = attempt(recording([50.0] * 2000), doubts=("the load generator fell silent",))
    assert lost.finding is TrialFinding.UNTRUSTED
    paused = lagging(1.0, pauses=(Pause(4.0, 6.0, 0.0),))
    assert attempt(recording([50.0] * 2000), paused).finding is TrialFinding.UNTRUSTED
    nothing = judge_attempt(run(None), CHECKS, 5.0, proof=True, confidence=0.95, proof_confidence=0.95)
    assert nothing.finding is TrialFinding.UNTRUSTED


def test_a_service_that_waits_for_cores_of_others_is_said_to() -> None:
    made = run(load(("shop", "GET /", recording([50.0] * 2000))))  # 100 s of requests
    seen = ProcessActivity("java (pid 7)", window_s=10.0, cores=2.0, cpu_s=8.0, waited_for_core_s=30.0)

    def of(one: ProcessActivity) -> str:
        confidence = 0.95
        return judge_attempt(
            replace(made, process=one), CHECKS, 5.0, proof=False, confidence=confidence, proof_confidence=confidence
        ).no_free_core

    assert "java (pid 7) were ready to run and waited 30.0 s in sum, 3 at a time, for a free core" in of(seen)
    assert not of(replace(seen, waited_for_core_s=3.0))
    assert not of(replace(seen, cpu_s=19.0)), "it had all its cores: its own threads wait for each other"
    assert not of(ProcessActivity(reason="not read"))


def test_a_proof_is_planned_for_the_check_that_gets_its_requests_slowest() -> None:
    many, few = attempt(recording([50.0] * 2000)), attempt(recording([50.0] * 100))
    # "> 99 %" needs 437 requests at 98.75 %, 2.5 times as many are planned; the load held for 10 s
    assert many.needed_s == pytest.approx(2.5 * 436 / 200, rel=0.01)
    assert few.needed_s == pytest.approx(20 * many.needed_s)
    assert attempt(Recording()).needed_s == 3600


def test_the_smallest_number_of_users_has_one_for_each_scenario() -> None:
    assert lowest_users([1, 6, 3], 100) == 10
    assert lowest_users([1, 6, 3], 4) == 4
    assert lowest_users([None], 100) == lowest_users([], 100) == lowest_users([5], 100) == 1
