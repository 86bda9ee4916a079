"""What holds for every run, whatever it saw: P5 to P8, P10 and P12 to P14 of the properties that a verdict promises."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from readiness.config.model import Check, OnFail
from readiness.judge.check import Judged, judge_check
from readiness.judge.decision import decide
from readiness.judge.judge import judge, load_doubts
from readiness.judge.score import score
from readiness.judge.verdict import Decision, Outcome, Score
from readiness.measurements.histogram import Histogram, bucket_of, highest_us, lowest_us
from readiness.measurements.run import FAILURE_CLASSES, OWN_FAULTS, Endpoint, Measurement, Recording, Run
from tests.judge.builders import check, config, load, measured, recording, run

GREEN = {Decision.READY: 2, Decision.CONDITIONAL: 1, Decision.NOT_READY: 0, Decision.INCONCLUSIVE: 0}
BETTER = {Outcome.PASS: 3, Outcome.WARN: 2, Outcome.INCONCLUSIVE: 1, Outcome.ERROR: 1, Outcome.FAIL: 0}
CHECKS = (
    check("http.success_rate", "> 90 %", on_fail=OnFail.BLOCK),
    check("latency.p50", "< 40 ms", warn="< 80 ms"),
    check("latency.p95", "< 100 ms", warn="< 200 ms", on_fail=OnFail.BLOCK),
    check("latency.p95", "< 100 ms", scope="GET /b"),
    check("latency.mean", "< 60 ms"),
    check("data.x", "<= 3", weight=2.0),
    check("data.y", "== 0", on_fail=OnFail.BLOCK),
)
THEIRS = tuple(name for name in FAILURE_CLASSES if name not in OWN_FAULTS)
FAILED = st.dictionaries(st.sampled_from(THEIRS), st.integers(1, 20), max_size=2)


@st.composite
def records(draw: st.DrawFn, blocks: int, healthy: bool) -> Recording:
    """Latencies of a few sizes, each some times; above 8 ms, where every bucket of a histogram has its double."""
    sizes_us = st.integers(8_192, 35_000 if healthy else 400_000)
    drawn = draw(st.lists(st.tuples(sizes_us, st.integers(1, 200)), min_size=2 * healthy, max_size=6))
    latencies_ms = [us / 1000 for us, times in drawn for _ in range(times)]
    if healthy:
        return recording(latencies_ms + latencies_ms[:1] * 100, blocks=blocks)
    return recording(latencies_ms, failed=draw(FAILED), in_flight=draw(st.integers(0, 3)), blocks=blocks)


@st.composite
def worlds(draw: st.DrawFn, blocks: int = 1) -> Run:
    """A run of two endpoints and two counts; in half of them the service is well."""
    healthy = draw(st.booleans())
    parts = [("shop", name, draw(records(blocks, healthy))) for name in ("GET /a", "GET /b")]
    most = {"x": 3, "y": 0} if healthy else {"x": 6, "y": 2}
    return run(load(*parts), *(measured(f"data.{name}", draw(st.integers(0, most[name]))) for name in "xy"))


def decision(
    seen: Run, checks: tuple[Check, ...] = CHECKS, confidence: float | None = 0.95
) -> tuple[Decision, Score, list[Judged]]:
    """What `judge` decides, without the rest of the report."""
    rules = config(*checks, confidence=confidence)
    judged = [judge_check(seen, one, confidence) for one in checks]
    total = score(judged)
    assert seen.load is not None
    word, _ = decide(
        [one.result for one in judged], total, rules.decision, load_doubts(seen.load, checks, confidence), None
    )
    return word, total, judged


def outcomes(judged: list[Judged]) -> dict[str, Outcome]:
    return {one.result.key: one.result.outcome for one in judged}


def with_record(seen: Run, index: int, record: Recording) -> Run:
    """The same run, in which one endpoint saw something else."""
    assert seen.load is not None
    parts = [
        (one.scenario, one.name, record if place == index else one.judged)
        for place, one in enumerate(seen.load.endpoints)
    ]
    return run(load(*parts), *seen.measurements)


def record_of(seen: Run, index: int) -> Recording:
    assert seen.load is not None
    return seen.load.endpoints[index].judged


def assert_no_better(worse: Run, better: Run, confidence: float | None) -> None:
    low_word, low_score, low = decision(worse, confidence=confidence)
    high_word, high_score, high = decision(better, confidence=confidence)
    for one, other in zip(low, high, strict=True):
        at_best = max(BETTER[other.result.outcome], BETTER[Outcome.WARN] * is_between(other))
        assert BETTER[one.result.outcome] <= at_best, (one.result, other.result)
    assert low_score.value <= high_score.value
    assert GREEN[low_word] <= max(GREEN[high_word], GREEN[Decision.CONDITIONAL] * any(map(is_between, high)))


def is_between(one: Judged) -> bool:
    """Whether it may be a pass or a warning: less than a proven warning, and no worse."""
    return one.result.outcome is Outcome.INCONCLUSIVE and one.result.warn_limit is not None


@given(worlds(), st.sampled_from(THEIRS), st.integers(0, 1), st.sampled_from([0.95, None]))
def test_p5_one_more_failure_never_helps(seen: Run, kind: str, index: int, confidence: float | None) -> None:
    record = record_of(seen, index)
    failed = {**record.failed, kind: record.failed.get(kind, 0) + 1}
    (block,) = record.slices
    more = replace(record, failed=failed, slices=(replace(block, failed=block.failed + 1),))
    assert_no_better(with_record(seen, index, more), seen, confidence)


@given(worlds(), st.sampled_from(THEIRS), st.lists(st.integers(1, 10**7), max_size=30))
def test_p6_how_and_how_fast_requests_failed_changes_nothing(seen: Run, kind: str, latencies_us: list[int]) -> None:
    record = record_of(seen, 0)
    other = replace(record, failed={kind: record.failures} if record.failures else {})
    other = replace(other, failed_latency=Histogram.of_us(np.array(latencies_us, np.int64)))
    assert decision(with_record(seen, 0, other)) == decision(seen)


@given(worlds(), st.integers(0, 1), st.data(), st.sampled_from([0.95, None]))
def test_p7_a_faster_request_or_a_better_count_never_hurts(
    seen: Run, index: int, data: st.DataObject, confidence: float | None
) -> None:
    which = data.draw(st.sampled_from(["latency", "failure", "data.x", "data.y"]))
    record = record_of(seen, index)
    if which.startswith("data"):
        better = replace(
            seen,
            measurements=tuple(
                replace(one, value=max((one.value or 0) - 1, 0)) if one.metric == which else one
                for one in seen.measurements
            ),
        )
    elif which == "latency" and record.ok.total:
        values_us = [int(us) for us, n in zip(record.ok.indices, record.ok.counts, strict=True) for _ in range(n)]
        assert len(values_us) == record.ok.total
        place = data.draw(st.integers(0, len(values_us) - 1))
        buckets = sorted([*values_us[:place], data.draw(st.integers(0, values_us[place])), *values_us[place + 1 :]])
        faster = recording([highest_us(bucket) / 1000 for bucket in buckets], blocks=1)
        before = recording([highest_us(bucket) / 1000 for bucket in values_us], blocks=1)
        better = with_record(seen, index, replace(record, ok=faster.ok, slices=faster.slices))
        seen = with_record(seen, index, replace(record, ok=before.ok, slices=before.slices))
    else:
        assume(record.requests > 1)  # without its only request an endpoint was not measured, which is no better
        better = with_record(seen, index, replace(record, in_flight=max(record.in_flight - 1, 0)))
    assert_no_better(seen, better, confidence)


@given(worlds(blocks=10))
def test_p8_ready_means_that_everything_that_blocks_is_proven_and_nothing_is_missing(seen: Run) -> None:
    word, total, judged = decision(seen)
    if word is not Decision.READY:
        return
    assert total.coverage == 1
    assert seen.load is not None
    assert not load_doubts(seen.load, (), 0.95)
    for one in judged:
        assert one.result.outcome in (Outcome.PASS, Outcome.WARN)
        assert one.result.value is not None
        if one.result.name == "latency.p95":
            assert (one.result.samples or 0) >= 59


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("limit", ["< 5", "<= 5", ">= 5", "> -5", "== 0"])
@pytest.mark.parametrize("confidence", [0.95, None])
def test_p10_what_is_no_number_never_passes(value: float, limit: str, confidence: float | None) -> None:
    checks = (check("data.x", limit, warn=limit, on_fail=OnFail.BLOCK),)
    verdict = judge(run(load(), measured("data.x", value)), config(*checks, confidence=confidence))
    assert verdict.checks[0].outcome is Outcome.ERROR
    assert verdict.checks[0].value is None
    assert verdict.decision is Decision.INCONCLUSIVE


@given(worlds(blocks=10), st.integers(1, 4), st.sampled_from([0.95, None]))
def test_p12_twice_as_slow_under_limits_twice_as_wide_is_the_same(
    seen: Run, power: int, confidence: float | None
) -> None:
    factor = 2**power

    def scaled(record: Recording) -> Recording:
        def slower(histogram: Histogram) -> Histogram:
            lows = np.array([lowest_us(int(bucket)) for bucket in histogram.indices], np.int64)
            return replace(
                histogram,
                indices=bucket_of(lows * factor),
                sum_us=histogram.sum_us * factor,
                min_us=histogram.min_us * factor,
                max_us=histogram.max_us * factor,
            )

        return replace(
            record,
            ok=slower(record.ok),
            slices=tuple(replace(block, ok=slower(block.ok)) for block in record.slices),
        )

    slow = with_record(with_record(seen, 0, scaled(record_of(seen, 0))), 1, scaled(record_of(seen, 1)))

    def wider(one: Check) -> Check:
        if not one.metric.startswith("latency"):
            return one
        limits = [
            None if limit is None else replace(limit, value=limit.value * factor)
            for limit in (one.pass_limit, one.warn_limit)
        ]
        return replace(one, pass_limit=limits[0] or one.pass_limit, warn_limit=limits[1])

    word, total, judged = decision(seen, confidence=confidence)
    slow_word, slow_total, slow_judged = decision(slow, tuple(map(wider, CHECKS)), confidence)
    assert outcomes(judged) == outcomes(slow_judged)
    assert (word, total) == (slow_word, slow_total)


def doubled(record: Recording) -> Recording:
    def twice(histogram: Histogram) -> Histogram:
        return replace(histogram, counts=histogram.counts * 2, total=histogram.total * 2, sum_us=histogram.sum_us * 2)

    return replace(
        record,
        ok=twice(record.ok),
        failed={name: 2 * count for name, count in record.failed.items()},
        in_flight=2 * record.in_flight,
        slices=tuple(replace(block, ok=twice(block.ok), failed=2 * block.failed) for block in record.slices),
    )


@given(worlds(blocks=10))
def test_p13_the_same_samples_twice_keep_every_value_and_fail_nothing_that_passed(seen: Run) -> None:
    for index in (0, 1):  # one or two requests without a success do not make a dead endpoint, twice as many may
        assume(record_of(seen, index).ok.total or record_of(seen, index).requests not in (1, 2))
    twice = with_record(with_record(seen, 0, doubled(record_of(seen, 0))), 1, doubled(record_of(seen, 1)))
    for confidence in (0.95, None):
        _, _, once = decision(seen, confidence=confidence)
        _, _, again = decision(twice, confidence=confidence)
        for one, other in zip(once, again, strict=True):
            assert one.result.value == other.result.value
            if one.result.outcome is Outcome.PASS:
                assert other.result.outcome is not Outcome.FAIL
            if confidence is None:
                assert one.result.outcome is other.result.outcome


@settings(max_examples=25)
@given(worlds(blocks=10), st.randoms(use_true_random=False))
def test_p14_no_order_of_checks_endpoints_or_measurements_matters(seen: Run, dice: object) -> None:
    assert seen.load is not None
    shuffle = dice.shuffle  # type: ignore[attr-defined]
    checks: list[Check] = list(CHECKS)
    endpoints: list[Endpoint] = list(seen.load.endpoints)
    measurements: list[Measurement] = list(seen.measurements)
    for items in (checks, endpoints, measurements):
        shuffle(items)
    other = replace(seen, load=replace(seen.load, endpoints=tuple(endpoints)), measurements=tuple(measurements))
    one, two = judge(seen, config(*CHECKS)), judge(other, config(*checks))
    assert (one.decision, one.score, one.ledger) == (two.decision, two.score, two.ledger)
    assert {check.key: check for check in one.checks} == {check.key: check for check in two.checks}
    assert sorted(one.endpoints, key=lambda e: e.name) == sorted(two.endpoints, key=lambda e: e.name)


def test_the_worlds_hold_green_and_red() -> None:
    """The properties above would hold of nothing, if every world were the same."""
    words: Counter[Decision] = Counter()

    @settings(max_examples=120)
    @given(worlds(blocks=10))
    def count(seen: Run) -> None:
        words[decision(seen)[0]] += 1

    count()
    assert min(words[Decision.READY], words[Decision.NOT_READY]) >= 2, words
