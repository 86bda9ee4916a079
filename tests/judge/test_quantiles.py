"""Quantile checks: proven, refuted, or open; failures, stalls and dead endpoints included."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.judge.judge import judge
from readiness.judge.verdict import CheckResult, Outcome
from readiness.measurements.run import Load, Recording, Stall
from readiness.report.view.checks import row
from tests.judge.builders import check, config, load, recording, run


def p95(record: Recording, passes: str = "< 100 ms", warn: str | None = None, **more: object) -> CheckResult:
    seen = load(("shop", "GET /", record))
    return judge(run(seen), config(check("latency.p95", passes, warn=warn), **more)).checks[0]  # type: ignore[arg-type]


def judged(seen: Load, passes: str = "< 100 ms", scope: str | None = None) -> CheckResult:
    return judge(run(seen), config(check("latency.p95", passes, scope=scope))).checks[0]


def test_59_fast_requests_prove_p95_and_58_do_not() -> None:
    assert p95(recording([10.0] * 59)).outcome is Outcome.PASS
    assert p95(recording([10.0] * 58)).outcome is Outcome.INCONCLUSIVE


def test_30_slow_requests_in_1000_pass_and_80_fail_and_50_are_open() -> None:
    outcomes = [p95(recording([500.0] * slow + [10.0] * (1000 - slow))).outcome for slow in (30, 80, 50)]
    assert outcomes == [Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE]


def test_a_pass_by_distance_says_so_and_the_limit_is_no_end_of_its_interval() -> None:
    levels = (3.0, 20.0, 4.0, 4.0, 25.0, 3.0, 5.0, 22.0, 3.0, 4.0)  # ms, a level for each second
    far = p95(recording([levels[i % 10] * (1 + 0.01 * (i % 7)) for i in range(200)]), "< 5000 ms")
    assert far.outcome is Outcome.PASS
    assert far.message.endswith("; it is proven by its distance from the limit.")
    assert "5000" not in row(far).interval.replace(",", "")
    near = p95(recording([10.0 + i % 7 for i in range(700)]), "< 5000 ms")
    assert near.outcome is Outcome.PASS
    assert "distance" not in near.message


def test_a_latency_on_the_limit_is_over_a_strict_limit_and_within_an_inclusive_one() -> None:
    on_the_limit = recording([100.0] * 1000)
    assert p95(on_the_limit, "< 100 ms").outcome is Outcome.FAIL
    assert p95(on_the_limit, "<= 100 ms").outcome is Outcome.PASS


def test_104_point_9_ms_fails_a_limit_of_100_where_locust_would_print_100() -> None:
    result = p95(recording([104.9] * 1000))
    assert result.outcome is Outcome.FAIL
    assert result.value == pytest.approx(104.9, rel=0.001)


def test_failed_requests_are_slower_than_every_limit() -> None:
    result = p95(recording([1.0] * 900, failed={"http_5xx": 100}))
    assert result.outcome is Outcome.FAIL
    assert result.value is None


def test_requests_in_flight_are_slower_than_every_limit() -> None:
    assert p95(recording([1.0] * 900, in_flight=100)).outcome is Outcome.FAIL


def test_a_warn_limit_that_is_proven_turns_a_failure_into_a_warning() -> None:
    assert p95(recording([150.0] * 1000), warn="< 200 ms").outcome is Outcome.WARN


def test_without_confidence_the_bare_value_decides() -> None:
    few = recording([10.0] * 5)
    assert p95(few, confidence=None).outcome is Outcome.PASS


def test_one_slow_second_of_ten_proves_less_than_the_same_requests_spread_out() -> None:
    spread = recording([500.0] * 80 + [10.0] * 920)
    seconds = [[500.0] * 80 + [10.0] * 20, *[[10.0] * 100] * 9]
    blocks = [replace(recording(second, blocks=1).slices[0], start_s=float(at)) for at, second in enumerate(seconds)]
    clustered = Recording(ok=spread.ok, slices=tuple(blocks))
    assert p95(spread).outcome is Outcome.FAIL
    assert p95(clustered).outcome is Outcome.INCONCLUSIVE


def test_a_standstill_fails_p95_although_few_requests_were_slow() -> None:
    seen = load(("shop", "GET /", recording([1.0] * 1000)), stalls=(Stall(2.0, 5.0, 5, 5, ("shop", "GET /")),))
    result = judged(seen)
    assert result.outcome is Outcome.FAIL
    assert "3.00 s" in result.message


def test_a_standstill_of_another_scenario_is_not_charged_to_this_one() -> None:
    seen = load(("shop", "GET /", recording([1.0] * 1000)), stalls=(Stall(2.0, 5.0, 5, 5, ("login",)),))
    assert judged(seen, scope="shop").outcome is Outcome.PASS


def test_one_slow_request_beside_idle_users_is_no_standstill() -> None:
    seen = load(("shop", "GET /", recording([1.0] * 1000)), stalls=(Stall(2.0, 5.0, 1, 5, ("shop",)),))
    assert judged(seen).outcome is Outcome.PASS


def test_an_endpoint_that_never_succeeds_is_not_hidden_by_the_others() -> None:
    seen = load(
        ("shop", "GET /", recording([1.0] * 10_000)), ("shop", "GET /x", recording([], failed={"http_4xx": 30}))
    )
    result = judged(seen)
    assert result.outcome is Outcome.FAIL
    assert "GET /x" in result.message


def test_no_requests_are_an_error_and_never_zero() -> None:
    result = p95(recording([]))
    assert (result.outcome, result.value) == (Outcome.ERROR, None)


@given(
    latencies=st.lists(st.floats(0.01, 1000), min_size=1, max_size=200),
    failures=st.integers(0, 20),
)
def test_one_more_failure_never_improves_the_outcome(latencies: list[float], failures: int) -> None:
    order = [Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS]
    before = p95(recording(latencies, failed={"http_5xx": failures} if failures else {}, blocks=1))
    after = p95(recording(latencies, failed={"http_5xx": failures + 1}, blocks=1))
    assert order.index(after.outcome) <= order.index(before.outcome)


HUNG = Stall(1.0, 10.0, 2, 2, ("b", "GET /b"), answered=False, endpoint=True)


def test_one_endpoint_that_hangs_fails_its_own_checks_and_the_whole_services() -> None:
    seen = load(
        ("a", "GET /a", recording([1.0] * 3000)),
        ("b", "GET /b", recording([1.0] * 300, in_flight=2)),
        stalls=(HUNG,),
        users=6,
    )
    assert judged(seen, scope="b").outcome is Outcome.FAIL
    assert judged(seen, scope="a").outcome is Outcome.PASS
    assert judged(seen).outcome is Outcome.FAIL
    rate = judge(run(seen), config(check("http.success_rate", "> 99 %"))).checks[0]
    assert rate.outcome is Outcome.FAIL


def test_one_hung_endpoint_weighs_by_the_users_who_waited_in_it() -> None:
    one_of_many = replace(HUNG, in_flight=1, users=1)
    seen = load(
        ("a", "GET /a", recording([1.0] * 3000)),
        ("b", "GET /b", recording([1.0] * 300)),
        stalls=(one_of_many,),
        users=50,
    )
    assert judged(seen).outcome is Outcome.PASS
    assert judged(seen, scope="GET /b").outcome is Outcome.FAIL


def test_a_single_user_that_waits_for_half_the_window_fails_p95() -> None:
    seen = load(
        ("shop", "GET /", recording([1.0] * 363, in_flight=1)),
        stalls=(Stall(5.0, 10.0, 1, 1, ("shop", "GET /"), answered=False),),
        users=1,
    )
    assert judged(seen).outcome is Outcome.FAIL


def test_an_endpoint_that_is_always_slow_does_not_stand_still() -> None:
    slow = Stall(1.0, 3.0, 1, 1, ("report", "GET /slow"), endpoint=True)
    seen = load(
        ("report", "GET /slow", recording([2000.0] * 100)), ("a", "GET /a", recording([1.0] * 9900)), stalls=(slow,)
    )
    assert judged(seen).outcome is Outcome.PASS


def test_arrivals_that_found_no_free_user_are_slower_than_every_limit() -> None:
    seen = replace(load(("shop", "GET /", recording([1.0] * 1000))), dropped_judged=30)
    verdict = judge(run(seen), config(check("latency.p99", "< 100 ms"), check("http.success_rate", "> 99 %")))
    assert [result.outcome for result in verdict.checks] == [Outcome.FAIL, Outcome.FAIL]


def test_a_mean_of_successes_proves_nothing_when_every_tenth_request_failed() -> None:
    seen = load(("shop", "GET /", recording([1.0] * 900, failed={"http_5xx": 100})))
    result = judge(run(seen), config(check("latency.mean", "< 100 ms"))).checks[0]
    assert result.outcome is Outcome.INCONCLUSIVE


def test_the_interval_of_a_proven_pass_ends_at_the_limit_at_most() -> None:
    result = p95(recording([10.0] * 59))
    assert result.outcome is Outcome.PASS
    assert result.high is not None
    assert 10.0 <= result.high <= 100.0


@pytest.mark.parametrize(
    ("failed", "in_flight", "did"),
    [
        ({}, 0, "exceeded 100.0 ms"),
        ({"assertion": 30}, 0, "failed or took longer than 100.0 ms"),
        ({}, 30, "had no end or took longer than 100.0 ms"),
        ({"assertion": 30}, 30, "failed, had no end or took longer than 100.0 ms"),
    ],
)
def test_a_failed_request_is_not_said_to_have_taken_long(failed: dict[str, int], in_flight: int, did: str) -> None:
    result = p95(recording([10.0] * 1000 + [500.0] * 20, failed=failed, in_flight=in_flight))
    assert f" requests {did} (allowed: 5 %)" in result.message
