"""The decision's rules in their order, the score's range, and what missing evidence does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.model import OnFail
from readiness.errors import ExitCode
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision, Outcome, Verdict
from readiness.measurements.run import Measurement, Rate, Second
from readiness.report.view.lead import lead
from tests.judge.builders import check, config, load, measured, recording, run

FAST = load(("shop", "GET /", recording([10.0] * 1000)))


def decide(*measurements: Measurement, checks: tuple[object, ...], **more: object) -> Verdict:
    return judge(run(FAST, *measurements, **more), config(*checks))  # type: ignore[arg-type]


def test_everything_proven_is_ready() -> None:
    verdict = decide(checks=(check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK),))
    assert (verdict.decision, verdict.exit_code) == (Decision.READY, ExitCode.READY)
    assert verdict.score.value == verdict.score.low == 100.0


def test_a_blocking_failure_is_not_ready_whatever_the_score() -> None:
    checks = (check("data.x", "== 0", on_fail=OnFail.BLOCK), *(check(f"data.y{i}", "== 0") for i in range(20)))
    verdict = decide(measured("data.x", 1), *(measured(f"data.y{i}", 0) for i in range(20)), checks=checks)
    assert verdict.score.value > 90
    assert (verdict.decision, verdict.exit_code) == (Decision.NOT_READY, ExitCode.NOT_READY)


def test_a_blocking_check_without_a_measurement_is_inconclusive() -> None:
    verdict = decide(checks=(check("data.x", "== 0", on_fail=OnFail.BLOCK),))
    assert (verdict.decision, verdict.exit_code) == (Decision.INCONCLUSIVE, ExitCode.INCONCLUSIVE)


def test_a_condition_without_a_measurement_shortens_the_coverage_and_is_inconclusive() -> None:
    verdict = decide(checks=(check("data.x", "== 0"), check("latency.p95", "< 100 ms")))
    assert verdict.score.coverage == 0.5
    assert verdict.decision is Decision.INCONCLUSIVE


def test_a_failed_condition_is_conditional_with_one_condition_each() -> None:
    checks = (check("latency.p95", "< 100 ms"), check("latency.p50", "< 100 ms"), check("data.x", "== 0"))
    verdict = decide(measured("data.x", 3), checks=checks)
    assert (verdict.decision, verdict.exit_code) == (Decision.CONDITIONAL, ExitCode.CONDITIONAL)
    assert len(verdict.conditions) == 1
    assert verdict.score.value == pytest.approx(66.666667)


@pytest.mark.parametrize(("weight", "decision"), [(0.0, Decision.READY), (1.0, Decision.CONDITIONAL)])
def test_a_note_decides_nothing_and_where_its_own_weight_does_the_reason_says_so(
    weight: float, decision: Decision
) -> None:
    checks = (
        *(check(f"data.x{i}", "== 0", on_fail=OnFail.BLOCK) for i in range(7)),
        check("http.success_rate", "> 99.9 %", on_fail=OnFail.NOTE, weight=weight),
    )
    verdict = decide(*(measured(f"data.x{i}", 0) for i in range(7)), checks=checks)
    assert verdict.checks[-1].outcome is Outcome.INCONCLUSIVE
    assert verdict.decision is decision
    if decision is Decision.CONDITIONAL:
        assert "the score may be as low as 87.5, READY needs 90: http.success_rate is not proven" in verdict.reason
        assert lead(verdict)[0] == "The score may be as low as 87.5, READY needs 90: 1 of 8 checks is not proven."


def test_a_score_below_the_floor_is_not_ready_without_any_blocker() -> None:
    verdict = decide(
        measured("data.x", 3), measured("data.y", 3), checks=(check("data.x", "== 0"), check("data.y", "== 0"))
    )
    assert verdict.decision is Decision.NOT_READY


def test_a_doubt_about_the_run_keeps_it_from_green_but_not_from_red() -> None:
    good = (check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK),)
    bad = (check("latency.p95", "< 1 ms", on_fail=OnFail.BLOCK),)
    assert decide(checks=good, doubts=("the engine was lost",)).decision is Decision.INCONCLUSIVE
    assert decide(checks=bad, doubts=("the engine was lost",)).decision is Decision.NOT_READY


@pytest.mark.parametrize(("signal", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupted_run_is_inconclusive_with_the_signals_code(signal: str, code: int) -> None:
    verdict = decide(checks=(check("latency.p95", "< 1 ms", on_fail=OnFail.BLOCK),), interrupted=signal)
    assert (verdict.decision, int(verdict.exit_code)) == (Decision.INCONCLUSIVE, code)


def test_an_idle_scenario_is_a_doubt_that_names_it() -> None:
    seen = load(("shop", "GET /", recording([10.0] * 1000)), idle=("dashboard",))
    verdict = judge(run(seen), config(check("latency.p95", "< 100 ms")))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "dashboard: 0 requests" in verdict.reason


def test_users_that_went_away_are_a_doubt() -> None:
    full, fewer = (Second(at, 5.0, users, 500, 0, 1.0, 1.0, 1.0) for at, users in ((0.0, 5), (5.0, 2)))
    seen = replace(load(("shop", "GET /", recording([10.0] * 1000)), users=5), series=(full, fewer))
    verdict = judge(run(seen), config(check("latency.p95", "< 100 ms")))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "2 of 5 users" in verdict.reason


def test_a_check_that_does_not_apply_leaves_the_denominator_and_stays_listed() -> None:
    checks = (check("latency.p95", "< 100 ms"), check("data.x", "== 0", not_applicable="no database"))
    verdict = decide(checks=checks)
    assert (verdict.decision, verdict.score.value, len(verdict.checks)) == (Decision.READY, 100.0, 2)


def test_a_rate_is_proven_by_its_binomial_bound() -> None:
    checks = (check("cache.hit_rate", "> 80 %"),)

    def outcome(hits: int, total: int) -> Decision:
        rate = Rate(hits, total)
        return decide(measured("cache.hit_rate", 100 * hits / total, evidence=rate), checks=checks).decision

    assert outcome(900, 1000) is Decision.READY
    assert outcome(9, 10) is Decision.CONDITIONAL
    assert outcome(700, 1000) is Decision.NOT_READY


def test_a_bare_value_without_samples_proves_nothing_at_a_confidence() -> None:
    verdict = decide(measured("cache.hit_rate", 99.0), checks=(check("cache.hit_rate", "> 80 %"),))
    assert verdict.decision is Decision.CONDITIONAL
    assert (verdict.score.low, verdict.score.value, verdict.score.high) == (0.0, 100.0, 100.0)


@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 2)), min_size=1, max_size=8),
    blocking=st.lists(st.booleans(), min_size=8, max_size=8),
    lost=st.integers(0, 7),
)
def test_losing_a_measurement_never_raises_the_score_and_never_makes_it_ready(
    values: list[int | None], blocking: list[bool], lost: int
) -> None:
    checks = tuple(
        check(f"data.x{i}", "== 0", warn="<= 1", on_fail=OnFail.BLOCK if blocking[i] else OnFail.CONDITION)
        for i in range(len(values))
    )
    seen = [measured(f"data.x{i}", value, reason="gone" if value is None else None) for i, value in enumerate(values)]
    whole = decide(*seen, checks=checks)
    gone = [item for i, item in enumerate(seen) if i != lost % len(values)]
    partial = decide(*gone, checks=checks)
    assert partial.score.value <= whole.score.value
    assert partial.decision is not Decision.READY


def test_an_estimate_neither_passes_nor_fails_a_blocking_check_and_may_be_a_condition() -> None:
    for value, limit in ((10.0, ">= 5"), (10.0, ">= 50")):
        rough = Measurement("data.bags", None, value, "database", estimated=True)
        blocking = decide(rough, checks=(check("data.bags", limit, on_fail=OnFail.BLOCK),))
        assert blocking.decision is Decision.INCONCLUSIVE
        assert "estimate" in blocking.checks[0].message
    rough = Measurement("data.bags", None, 10.0, "database", estimated=True)
    assert decide(rough, checks=(check("data.bags", ">= 5"),)).decision is Decision.READY
