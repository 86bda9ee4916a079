"""What the requests of one fault prove: its own share, as one block, however its failures lie in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from readiness.config.drills import Drill
from readiness.config.model import LoadSection
from readiness.config.probes import CircuitBreakerSettings
from readiness.drills.conduct import Conducted, Happened
from readiness.drills.course import course
from readiness.drills.measured import measure
from readiness.drills.recovery import wellness
from readiness.judge.check import judge_check
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Load, Measurement, Recording, Second, Slice, Step, StepEndpoint
from readiness.probes.health import HealthSample
from readiness.probes.sampler import Readings
from readiness.probes.self_reports import SelfReports
from readiness.stats.share import upper
from tests.judge.builders import check, config, load, run

DRILL = Drill(for_s=4.0, before_s=3.0, after_s=6.0, rate_per_s=50.0, times=2.0)
LIMITS = (check("http.success_rate", "> 95 %"), check("latency.p95", "< 100 ms"))
FAILS_IN_A_BURST = ((100, 0, 5.0), (30, 70, 5.0), (100, 0, 5.0), (100, 0, 5.0))
"""By second of the fault: right answers, failures, and how long each took in ms."""


def window(start_s: float, *seconds: tuple[int, int, float]) -> Step:
    """A step of the load with its requests."""
    slices = tuple(
        Slice(start_s + number, 1.0, Histogram.of_us(np.full(ok, round(1000 * took_ms))), failed)
        for number, (ok, failed, took_ms) in enumerate(seconds)
    )
    every_us = np.concatenate([np.full(ok, round(1000 * took_ms)) for ok, _, took_ms in seconds])
    failed = sum(count for _, count, _ in seconds)
    late = Histogram.of_us(np.full(failed, 5000))
    record = Recording(Histogram.of_us(every_us), {"http_5xx": failed} if failed else {}, late, slices=slices)
    height, lasts_s = sum(slices[0].ok.counts), float(len(seconds))
    endpoints = (StepEndpoint("shop", "GET /", record),)
    return Step(float(height), start_s, start_s + lasts_s, lasts_s, False, endpoints, record.requests)


def rushed(*fault: tuple[int, int, float]) -> dict[str, Measurement]:
    """What is measured of a rush whose fault went like this, beside a service that says all along that it is ready."""
    phases, (plan,) = course({"rush": DRILL}, LoadSection())
    steps = [Step(50.0, 0.0, plan.begin_s - 3, 1.0, False)] * (plan.after + 1)
    steps[plan.before] = window(plan.begin_s - 3, *[(50, 0, 5.0)] * 3)
    steps[plan.during] = window(plan.begin_s, *fault)
    steps[plan.after] = window(plan.end_s, *[(50, 0, 5.0)] * 6)
    points = [
        Second(step.start_s + number, 0.999, 5, ok, failed, 5.0, 5.0, 5.0)
        for step, seconds in ((steps[plan.before], [(50, 0, 5.0)] * 3), (steps[plan.during], fault))
        for number, (ok, failed, _) in enumerate(seconds)
    ]
    seen: Load = replace(load(), steps=tuple(steps), series=tuple(points))
    happened = Happened(plan, plan.begin_s, plan.end_s)
    said = tuple(HealthSample(at_s + 0.5, 3.0, None, "200") for at_s in range(int(plan.over_s)))
    reports = SelfReports("/ready", said, None, CircuitBreakerSettings(), Readings({}, began=True))
    found, _ = measure(Conducted(seen, 0.0, (happened,), phases=phases), lambda _: (), config(*LIMITS), reports)
    return {one.metric: one for one in found}


def outcome(measurement: Measurement, passes: str) -> str:
    """Of a check with this limit."""
    seen = run(load(), replace(measurement, scope="rush"))
    seen = replace(seen, plan={"drills": "rush"})
    return judge_check(seen, check(measurement.metric, passes, scope="rush"), 0.95).result.outcome


def test_a_service_that_was_not_well_before_the_fault_is_told_the_limit_that_it_missed() -> None:
    limits = wellness(LIMITS)
    slow = Recording(Histogram.of_us(np.array([5000] * 80 + [300_000] * 20)))
    assert limits.missed(slow) == "20 % of the requests failed or took 100.0 ms or longer, 5 % may"
    assert wellness(LIMITS[:1]).missed(replace(slow, failed={"http_5xx": 25})) == "20 % of the requests failed, 5 % may"


def test_failures_of_a_fault_come_together_and_still_prove_its_own_share() -> None:
    found = rushed(*FAILS_IN_A_BURST)
    errors = found["drill.error_rate"]
    assert errors.value == pytest.approx(17.5)
    assert errors.samples == 400
    most = 100 * upper(70, 400, 0.95)
    assert outcome(errors, f"< {most + 0.1:.2f} %") == "pass"
    assert outcome(errors, f"< {most - 0.1:.2f} %") == "inconclusive", "never more than so many requests prove"
    assert outcome(errors, "< 10 %") == "fail"
    assert outcome(found["drill.latency.p95"], "< 100 ms") == "fail", "the failed are slower than any limit"


def test_slow_answers_of_a_fault_come_together_and_still_prove_its_own_percentile() -> None:
    seconds = ((100, 0, 5.0), (100, 0, 5.0), (10, 0, 300.0), (190, 0, 5.0))
    assert outcome(rushed(*seconds)["drill.latency.p95"], "< 100 ms") == "pass"
    assert outcome(rushed(*seconds[2:])["drill.latency.p95"], "< 100 ms") == "inconclusive"


def test_a_fault_of_few_requests_proves_nothing_though_all_went_well() -> None:
    assert outcome(rushed((20, 0, 5.0), (20, 0, 5.0))["drill.error_rate"], "< 5 %") == "inconclusive"
    assert outcome(rushed((30, 0, 5.0), (30, 0, 5.0))["drill.error_rate"], "< 5 %") == "pass"


@pytest.mark.parametrize(
    ("fault", "told_the_truth"),
    [
        (((100, 0, 400.0),) * 4, True),
        (((60, 40, 5.0),) * 4, True),
        (((20, 80, 5.0),) * 4, False),
    ],
    ids=["all answers late", "it refuses what is beyond its usual load", "it answers less than half of what is usual"],
)
def test_readiness_may_say_yes_in_a_rush_as_long_as_the_service_serves(
    fault: tuple[tuple[int, int, float], ...], told_the_truth: bool
) -> None:
    assert bool(rushed(*fault)["drill.health"].value) is told_the_truth
