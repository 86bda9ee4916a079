"""What it would take: each claim is checked by doing what it says and judging again."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.config.model import Check, Config, DecisionRule, OnFail
from readiness.judge.check import Judged, judge_check
from readiness.judge.decision import decide
from readiness.judge.decisive_checks import RANK, flips
from readiness.judge.judge import judge
from readiness.judge.outcome import Decision, Outcome
from readiness.judge.outlook import NeedKind
from readiness.judge.score import score
from readiness.judge.what_if import condensed
from readiness.measurements.histogram import Histogram, scaled
from readiness.measurements.run import Detail, Measurement, Run, Stall
from tests.judge import builders

FAST, SLOW = [10.0] * 1800, [150.0] * 200


def _config(*checks: Check, confidence: float | None = 0.95, **rule: float) -> Config:
    return Config("shop", checks, confidence=confidence, decision=DecisionRule(**rule))


def _two_endpoints(slow_ms: float = 150.0) -> Run:
    """200 of 2,000 requests are slow, all of one endpoint."""
    return builders.run(
        builders.load(
            ("shop", "GET /", builders.recording(FAST)), ("login", "POST /login", builders.recording([slow_ms] * 200))
        )
    )


def test_as_many_requests_as_a_failed_percentile_needs_make_it_pass_and_two_thirds_do_not() -> None:
    config = _config(builders.check("latency.p95", "< 100 ms"))
    (need,) = judge(_two_endpoints(), config).outlook.needs
    assert need.kind is NeedKind.VALUE
    assert need.requests is not None
    for moved, passes in ((need.requests, True), (2 * need.requests // 3, False)):
        record = builders.recording([10.0] * (1800 + moved) + [150.0] * (200 - moved), blocks=1)
        check = judge(builders.run(builders.load(("shop", "GET /", record))), config).checks[0]
        assert (check.outcome is Outcome.PASS) is passes


def test_a_rate_says_how_many_may_fail() -> None:
    record = builders.recording([10.0] * 1900, failed={"http_5xx": 100})
    config = _config(builders.check("http.success_rate", "> 99 %"))
    (need,) = judge(builders.run(builders.load(("shop", "GET /", record))), config).outlook.needs
    assert need.requests is not None
    assert need.text == f"Needs {1900 + need.requests:,} of 2,000; had 1,900."
    better = builders.recording([10.0] * (1900 + need.requests), failed={"http_5xx": 100 - need.requests}, blocks=1)
    assert judge(builders.run(builders.load(("shop", "GET /", better))), config).checks[0].outcome is Outcome.PASS


def test_too_few_samples_ask_for_so_many_that_prove_the_same_value() -> None:
    config = _config(builders.check("latency.p95", "< 100 ms"))
    few = builders.recording([10.0] * 29 + [150.0], blocks=1)
    (need,) = judge(builders.run(builders.load(("shop", "GET /", few))), config).outlook.needs
    assert need.kind is NeedKind.EVIDENCE
    assert need.samples is not None
    times = need.samples / 30
    many = builders.recording([10.0] * round(29 * times) + [150.0] * round(times), blocks=1)
    assert judge(builders.run(builders.load(("shop", "GET /", many))), config).checks[0].outcome is Outcome.PASS


def test_what_was_not_measured_asks_to_be_measured_and_an_exact_count_names_what_to_fix() -> None:
    rows = Measurement(
        "database.orphans",
        None,
        3.0,
        "database",
        details=(Detail("links_child_fkey", "3", False), Detail("x", "0", True)),
    )
    config = _config(builders.check("database.orphans", "== 0"), builders.check("security.headers", "== 100 %"))
    orphans, headers = judge(builders.run(None, rows), config).outlook.needs
    assert orphans.text == "Must be 0, is 3. To fix: links_child_fkey."
    assert headers.kind is NeedKind.MEASUREMENT


def test_a_standstill_is_told_as_a_standstill() -> None:
    stall = Stall(2.0, 5.0, 5, 5, ("shop", "GET /"))
    run = builders.run(builders.load(("shop", "GET /", builders.recording(FAST)), stalls=(stall,)))
    (need,) = judge(run, _config(builders.check("latency.p95", "< 100 ms"))).outlook.needs
    assert need.text.startswith("Answer all along: of the ")


def test_a_faster_endpoint_gives_the_verdict_that_its_text_says() -> None:
    config = _config(
        builders.check("latency.p95", "< 100 ms"), builders.check("latency.p99", "< 120 ms"), ready_score=90
    )
    verdict = judge(_two_endpoints(), config)
    (one,) = verdict.outlook.what_ifs
    assert one.endpoints == ("POST /login",)
    assert one.decision is Decision.READY
    then = judge(_two_endpoints(150.0 / one.times_faster), config)
    assert (then.decision, then.score.value) == (one.decision, one.score)
    assert f"the score {then.score.value:.1f} and the decision would be READY" in one.text
    for shift, check in zip(one.shifts, then.checks, strict=True):
        assert shift.after is not None
        assert check.value is not None
        assert abs(shift.after / check.value - 1) < 0.002
        assert shift.passes


def test_the_tail_names_who_carries_it() -> None:
    tail = judge(_two_endpoints(), _config(builders.check("latency.p95", "< 100 ms"))).outlook.tail
    assert tail is not None
    assert [(part.name, part.slow, part.share) for part in tail.parts] == [("POST /login", 200, 1.0)]
    assert tail.text == "POST /login is 10 % of traffic but 100 % of the requests at or over 100.0 ms."


def test_where_speed_changes_nothing_the_largest_part_of_the_tail_says_so() -> None:
    run = _two_endpoints()
    orphans = builders.check("database.orphans", "== 0", on_fail=OnFail.BLOCK)
    broken = replace(run, measurements=(Measurement("database.orphans", None, 3.0, "database"),))
    config = _config(builders.check("latency.p99", "< 1 ms"), orphans)
    verdict = judge(broken, config)
    assert verdict.decision is Decision.NOT_READY
    (one,) = verdict.outlook.what_ifs
    assert "even 100×" in one.text
    assert "would stay NOT READY" in one.text
    assert [flip.checks for flip in verdict.outlook.flips] == [("latency.p99", "database.orphans")]


def test_a_ready_run_says_what_would_end_it_and_a_doubtful_one_says_nothing() -> None:
    fast = builders.run(builders.load(("shop", "GET /", builders.recording(FAST))))
    config = _config(builders.check("latency.p95", "< 40 ms"), builders.check("http.success_rate", "> 99 %"))
    verdict = judge(fast, config)
    assert verdict.decision is Decision.READY
    texts = [flip.text for flip in verdict.outlook.flips]
    assert texts[0] == "NOT READY if latency.p95 failed: 10.0 ms, needs under 40 ms, 75 % of room left."
    assert judge(replace(fast, doubts=("a worker was lost",)), config).outlook.flips == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.ERROR, Outcome.NOT_APPLICABLE]),
            st.sampled_from(list(OnFail)),
            st.sampled_from([0.5, 1.0, 3.0]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([50.0, 90.0]),
)
def test_no_smaller_set_of_checks_changes_the_decision(
    parts: list[tuple[Outcome, OnFail, float]], ready_score: float
) -> None:
    judged = [_judged(*part, name=f"data.x{i}") for i, part in enumerate(parts)]
    rule = DecisionRule(ready_score=ready_score, floor_score=40.0, min_coverage=0.8)
    now = decide([item.result for item in judged], score(judged), rule, (), None)[0]
    behind = [item.result.key for item in judged if item.result.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    found = flips(judged, rule, (), None)
    for goal in (Decision.CONDITIONAL, Decision.READY):
        if RANK[goal] <= RANK[now] or now is Decision.READY:
            continue
        sizes = [
            n
            for n in range(len(behind) + 1)
            for chosen in itertools.combinations(behind, n)
            if RANK[_then(judged, chosen, rule)] >= RANK[goal]
        ]
        reaching = [flip for flip in found if RANK[flip.decision] >= RANK[goal]]
        assert bool(sizes) == bool(reaching)
        if sizes:
            assert min(len(flip.checks) for flip in reaching) == min(sizes)
            assert all(_then(judged, flip.checks, rule) is flip.decision for flip in reaching)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=200), st.floats(0.01, 3.0))
def test_a_scaled_histogram_is_that_of_the_scaled_samples(samples: list[int], factor: float) -> None:
    values = np.array(samples, np.int64)
    got, wanted = scaled(Histogram.of_us(values), factor), Histogram.of_us(np.rint(values * factor).astype(np.int64))
    assert got.total == wanted.total
    for q in (0.01, 0.5, 0.95, 1.0):
        one, other = got.quantile_ms(q), wanted.quantile_ms(q)
        assert one is not None
        assert other is not None
        assert abs(one - other) <= 0.003 * other + 0.002


def test_endpoints_added_up_are_judged_like_the_endpoints_themselves() -> None:
    records = [builders.recording(list(np.random.default_rng(seed).lognormal(2, 1, 300))) for seed in range(6)]
    load = builders.load(*((f"s{i % 2}", f"GET /{i}", record) for i, record in enumerate(records)))
    checks = (
        builders.check("latency.p95", "< 40 ms"),
        builders.check("latency.p95", "< 40 ms", scope="s1"),
        builders.check("latency.p99", "< 40 ms", scope="GET /4"),
        builders.check("http.success_rate", "> 99 %", scope="s0"),
    )
    small = condensed(load, checks, ("GET /0",))
    assert len(small.endpoints) < len(load.endpoints)
    for check in checks:
        whole = judge_check(builders.run(load), check, 0.95).result
        assert judge_check(builders.run(small), check, 0.95).result == whole


def _judged(outcome: Outcome, on_fail: OnFail, weight: float, *, name: str) -> Judged:
    """A check of that outcome, made by judging an exact count."""
    value = {Outcome.PASS: 0.0, Outcome.WARN: 1.0, Outcome.FAIL: 5.0}.get(outcome)
    reason = None if value is not None else "nobody looked"
    check = builders.check(
        name,
        "== 0",
        warn="<= 1",
        on_fail=on_fail,
        weight=weight,
        not_applicable="no" if outcome is Outcome.NOT_APPLICABLE else None,
    )
    return judge_check(builders.run(None, Measurement(name, None, value, "database", reason=reason)), check, None)


def _then(judged: list[Judged], passing: tuple[str, ...], rule: DecisionRule) -> Decision:
    again = [
        _judged(Outcome.PASS, OnFail(item.result.on_fail), item.result.weight, name=item.result.name)
        if item.result.key in passing
        else item
        for item in judged
    ]
    return decide([item.result for item in again], score(again), rule, (), None)[0]
