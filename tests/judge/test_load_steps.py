"""Every step is held against the limits of the file; the largest inside them is named, and nothing beyond."""

from dataclasses import replace

import pytest

from readiness.config.model import OnFail
from readiness.judge.judge import judge
from readiness.judge.load_steps import largest_inside
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
    assert verdict.notes[0] == "Largest step inside the limits: 50 users (judged); 100 users broke them."


def test_a_step_beyond_one_that_broke_the_limits_is_not_called_inside() -> None:
    said = judged(step(10, 20.0), step(20, 300.0)).notes[0]
    assert said == "Largest step inside the limits: 10 users; 20 users broke them, 50 users (judged) did not."


def test_a_step_that_was_cut_short_or_had_too_few_requests_neither_kept_nor_broke_the_limits() -> None:
    said = "Largest step inside the limits: 50 users (judged); not proven: 100 users "
    assert judged(step(100, 20.0, lasted_s=3.0)).notes[0] == f"{said}(1,000 requests in 3 s)."
    assert judged(step(100, 20.0, count=20)).notes[0] == f"{said}(20 requests in 10 s)."


def test_a_judged_step_that_passed_is_the_largest_inside_although_a_lower_one_is_not_proven() -> None:
    verdict = judged(step(10, 20.0, count=20))
    assert verdict.decision is Decision.READY
    terms = verdict.release.deployment
    assert terms is not None
    assert terms.max_load == (
        "50 users (judged), the largest that was measured; not proven: 10 users (20 requests in 10 s)."
    )


def test_where_every_step_holds_nothing_is_claimed_beyond_the_largest() -> None:
    said = "Largest step inside the limits: 50 users (judged), the largest that was measured."
    assert judged(step(10, 20.0)).notes[0] == said


def test_where_no_step_holds_that_is_said() -> None:
    verdict = judged(step(100, 300.0), latency_ms=200.0)
    assert verdict.notes[0].startswith("Largest step inside the limits: none: 50 users (judged) broke them.")


def test_where_no_step_is_proven_none_is_said_to_have_broken_the_limits() -> None:
    assert (largest_inside(judged(step(10, 20.0, count=20)).load_steps[:1]) or "").startswith(
        "none is proven: 10 users (20 requests in 10 s). latency.p95: "
    )
