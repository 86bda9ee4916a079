"""Every step is held against the limits of the file; the largest inside them is named, and nothing beyond."""

from dataclasses import replace

import pytest

from readiness.config.model import OnFail
from readiness.judge.judge import judge
from readiness.judge.outcome import Decision, Outcome
from readiness.judge.verdict import Verdict
from readiness.measurements.run import Step, StepEndpoint
from tests.judge.builders import WATCHED, check, config, load, recording, run

CHECKS = config(
    check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK),
    check("throughput", "> 50 /s"),
    check("latency.p50", "< 1 ms", on_fail=OnFail.NOTE, weight=0),
)


def step(height: float, latency_ms: float, *, lasted_s: float = 10.0, count: int = 1000) -> Step:
    record = recording([latency_ms] * count)
    return Step(
        height, 20.0, 20.0 + lasted_s, 10.0, False, (StepEndpoint("shop", "GET /", record),), instrument=WATCHED
    )


def judged(*others: Step, at: float = 50, latency_ms: float = 50.0) -> Verdict:
    own = Step(at, 0.0, 10.0, 10.0, True)
    steps = tuple(sorted((own, *others), key=lambda one: one.height))
    seen = replace(load(("shop", "GET /", recording([latency_ms] * 1000)), users=int(at)), steps=steps)
    return judge(run(seen), CHECKS)


def test_the_judged_step_decides_and_the_others_are_only_told() -> None:
    verdict = judged(step(10, 20.0), step(100, 400.0))
    assert verdict.decision is Decision.READY
    assert [(s.height, s.outcome, s.judged) for s in verdict.load_steps] == [
        (10, Outcome.PASS, False),
        (50, Outcome.PASS, True),
        (100, Outcome.FAIL, False),
    ]
    assert verdict.load_steps[2].latency_ms.p95 == pytest.approx(400, rel=0.001)
    assert verdict.load_steps[0].throughput_per_s == 100
    assert verdict.notes[0] == "Largest step inside the limits: 50 users; 100 users broke them."


def test_a_step_beyond_one_that_broke_the_limits_is_not_called_inside() -> None:
    assert "Largest step inside the limits: 10 users" in judged(step(10, 20.0), step(20, 300.0)).notes[0]


def test_a_step_that_was_cut_short_or_is_not_proven_is_not_inside() -> None:
    assert judged(step(100, 20.0, lasted_s=3.0)).notes[0].endswith("100 users is not proven.")
    assert judged(step(100, 20.0, count=20)).notes[0].endswith("100 users is not proven.")


def test_where_every_step_holds_nothing_is_claimed_beyond_the_largest() -> None:
    assert judged(step(10, 20.0)).notes[0] == "Largest step inside the limits: 50 users, the largest that was measured."


def test_where_no_step_holds_that_is_said() -> None:
    assert judged(step(100, 300.0), latency_ms=200.0).notes[0].startswith("No step kept the limits: 50 users already")
