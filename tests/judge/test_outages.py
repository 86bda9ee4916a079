"""What happened for seconds needs no statistics; and users that wait must not hide it."""

from dataclasses import replace

import numpy as np

from readiness.config.model import OnFail
from readiness.judge.family import refuting
from readiness.judge.inconclusive import Cause
from readiness.judge.judge import judge
from readiness.judge.outlook import NeedKind
from readiness.judge.verdict import CheckResult, Decision, Outcome
from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.run import Recording, Slice
from tests.judge.builders import check, config, load, recording, run


def seconds(*each: tuple[int, float, int]) -> Recording:
    """One slice a second of (requests, latency in ms, failures)."""
    slices = tuple(
        Slice(float(at), 1.0, Histogram.of_us(np.full(requests, round(latency_ms * 1000), np.int64)), failed)
        for at, (requests, latency_ms, failed) in enumerate(each)
    )
    failed = sum(part.failed for part in slices)
    whole = merge(*(part.ok for part in slices))
    return Recording(whole, {"connect_refused": failed} if failed else {}, slices=slices)


def judged(record: Recording, metric: str, passes: str, *, model: str = "closed") -> CheckResult:
    length_s = float(len(record.slices))
    seen = load(("shop", "GET /", record))
    seen = replace(seen, model=model, judged_end_s=length_s, planned_s=length_s)
    return judge(run(seen), config(check(metric, passes, on_fail=OnFail.BLOCK))).checks[0]


def test_a_service_that_is_down_for_three_of_twenty_seconds_fails_its_success_rate() -> None:
    record = seconds(*[(30, 10.0, 0)] * 8, *[(0, 0.0, 30)] * 3, *[(30, 10.0, 0)] * 9)
    result = judged(record, "http.success_rate", "> 95 %")
    assert result.outcome is Outcome.FAIL
    assert "for 3 s of 20 s nearly all of them failed" in result.message


def test_a_service_that_dies_in_the_last_fifth_fails_its_latency_as_well() -> None:
    record = seconds(*[(30, 10.0, 0)] * 16, *[(0, 0.0, 30)] * 4)
    assert judged(record, "latency.p95", "< 100 ms").outcome is Outcome.FAIL


def test_one_page_that_still_works_hides_no_outage_of_the_others() -> None:
    page = seconds(*[(15, 3.0, 0)] * 32)
    orders, items = (seconds(*[(20, 10.0, 0)] * 27, *[(0, 0.0, 40)] * 5) for _ in range(2))
    seen = load(("shop", "GET /", page), ("shop", "GET /items", items), ("shop", "POST /orders", orders))
    seen = replace(seen, judged_end_s=32.0, planned_s=32.0)
    checks = config(check("http.success_rate", "> 99.5 %", on_fail=OnFail.BLOCK))
    verdict = judge(run(seen), checks)
    assert verdict.decision is Decision.NOT_READY
    assert "for 5 s of 32 s nearly all requests of GET /items and 1 more endpoint failed" in verdict.checks[0].message


def test_two_failures_one_after_the_other_are_no_outage_of_a_rare_endpoint() -> None:
    page = seconds(*[(15, 3.0, 0)] * 32)
    rare = seconds(*[(1, 10.0, 0)] * 20, *[(0, 0.0, 1)] * 2, *[(1, 10.0, 0)] * 10)
    seen = replace(load(("shop", "GET /", page), ("shop", "GET /rare", rare)), judged_end_s=32.0, planned_s=32.0)
    checks = config(check("http.success_rate", "> 99.9 %", on_fail=OnFail.BLOCK))
    assert judge(run(seen), checks).checks[0].outcome is Outcome.INCONCLUSIVE


def test_a_single_bad_second_is_left_to_the_statistics() -> None:
    record = seconds(*[(30, 10.0, 0)] * 59, (0, 0.0, 30))
    assert judged(record, "http.success_rate", "> 99 %").outcome is Outcome.INCONCLUSIVE


def test_an_outage_within_what_the_limit_allows_is_no_failure() -> None:
    record = seconds(*[(30, 10.0, 0)] * 58, *[(0, 0.0, 30)] * 2)
    assert judged(record, "http.success_rate", "> 90 %").outcome is not Outcome.FAIL


def test_a_closed_load_that_collapses_in_its_last_quarter_is_not_green() -> None:
    """6 ms become 901 ms: the users send so little then that only 2 % of the requests are slow."""
    record = seconds(*[(300, 6.0, 0)] * 30, *[(18, 901.0, 0)] * 10)
    assert record.ok.count_over_ms(100, inclusive=True)[0] < 0.05 * record.requests
    result = judged(record, "latency.p95", "< 100 ms")
    assert result.outcome is Outcome.FAIL
    assert "for 10 s of 40 s nearly all of them did" in result.message


def test_slow_seconds_of_a_closed_load_weigh_as_much_as_fast_ones() -> None:
    """One slow second in ten, in which users send a tenth: 1 % of the requests, 10 % of the time."""
    record = seconds(*([(300, 6.0, 0)] * 9 + [(30, 901.0, 0)]) * 6)
    closed = judged(record, "latency.p95", "< 100 ms")
    assert closed.outcome is not Outcome.PASS
    assert "while they waited, users sent less" in closed.message
    assert "by time it is 10 %, beyond the limit" in closed.message


def test_what_is_beyond_by_time_is_not_within_the_limit_and_no_longer_run_is_promised() -> None:
    record = seconds(*[(300, 6.0, 0)] * 3, *([(30, 901.0, 0)] + [(300, 6.0, 0)] * 9) * 6)
    seen = load(("shop", "GET /", record), seconds=len(record.slices))
    verdict = judge(run(seen), config(check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK)))
    assert verdict.inconclusive_cause == Cause.BEYOND
    (need,) = verdict.outlook.needs
    assert need.text.startswith("By time the value is beyond the limit, by requests it is not: ")
    assert (need.kind, need.window_s) == (NeedKind.VALUE, None)
    said = " ".join([*(step.text + step.headline for step in verdict.release.steps), *verdict.next_steps])
    assert "the proof is missing" not in said
    assert "run longer" not in said
    assert "Begin with GET /" in said


def test_many_checks_on_their_limits_share_the_error_of_a_wrong_failure() -> None:
    checks = [check("latency.p95", "< 100 ms", scope=f"GET /{at}", on_fail=OnFail.BLOCK) for at in range(20)]
    assert refuting(checks, checks[0], 0.95) == 1 - 0.05 / 20
    assert refuting(checks[:1], checks[0], 0.95) == 0.95
    condition = check("latency.p95", "< 100 ms")
    assert refuting([*checks, condition], condition, 0.95) == 0.95


def test_twenty_blocking_checks_on_their_limits_are_rarely_not_ready() -> None:
    generator = np.random.default_rng(11)
    wrong = 0
    for _ in range(40):
        endpoints = [
            ("shop", f"GET /{at}", recording([float(one) for one in 100 * np.exp(generator.normal(-0.8224, 0.5, 400))]))
            for at in range(20)
        ]
        checks = [check("latency.p95", "< 100 ms", scope=f"GET /{at}", on_fail=OnFail.BLOCK) for at in range(20)]
        wrong += judge(run(load(*endpoints)), config(*checks)).decision is Decision.NOT_READY
    assert wrong <= 5
