"""What correlates, beyond P95: rates, means and tails whose requests come together, against known truths."""

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.judged import P95, SUCCESS, answer, failing, recording
from benchmarks.processes import wandering, wandering_chance
from readiness.judge.judge import judge
from readiness.judge.outcome import Outcome
from readiness.judge.proof import Proof
from readiness.judge.readings import over, reading_of
from readiness.judge.shared_level import clusters
from readiness.judge.verdict import CheckResult
from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.run import Recording, Slice
from tests.judge import builders

SECONDS = 60


def success_rate(failures: Sequence[int], requests: int, limit: str) -> CheckResult:
    """Of a run with so many failures in each tenth second, and so many requests in all."""
    bad = [0] * SECONDS
    for at, count in enumerate(failures):
        bad[5 + 10 * at] = count
    return by_second(bad, requests, limit)


def by_second(bad: Sequence[int], requests: int, limit: str) -> CheckResult:
    """Of a run with so many failures in each second."""
    each = requests // SECONDS
    ok = [Histogram.of_us(np.full(each - count, 5000, np.int64)) for count in bad]
    slices = tuple(Slice(float(at), 1.0, ok[at], bad[at]) for at in range(SECONDS))
    record = Recording(merge(*ok), {"http_5xx": sum(bad)}, slices=slices)
    checks = builders.config(builders.check("http.success_rate", limit))
    return judge(builders.run(builders.load(("shop", "GET /", record))), checks).checks[0]


def test_a_success_rate_whose_level_wanders_strongly_is_hardly_ever_ready_on_its_limit() -> None:
    process, runs = wandering(3.0, 2.0), 120
    times, latencies_ms = process.run(process.seeded("rate"), runs, 60.0, 50.0)
    limit_ms = process.truth.quantile_ms(0.95)
    ready = sum(
        answer(reading_of(failing(at_s, ms >= limit_ms, 60.0), SUCCESS, 0.0, 60.0), SUCCESS, 95.0).proof is Proof.YES
        for at_s, ms in zip(times.at_s, latencies_ms, strict=True)
    )
    assert ready <= 0.08 * runs


@pytest.mark.parametrize(("failures", "requests"), [([1], 3000), ([1, 1], 3000), ([3], 12000), ([30], 120000)], ids=str)
def test_a_burst_that_is_a_small_part_of_what_may_fail_still_passes(failures: list[int], requests: int) -> None:
    assert success_rate(failures, requests, "> 99 %").outcome is Outcome.PASS


def test_a_few_failures_by_a_level_decide_nothing_though_one_burst_of_all_of_them_would_be_excluded() -> None:
    """6 of 3,000 failed, and 150 may: in one second they pass, and over a stretch of ten seconds a level made them."""
    assert success_rate([6], 3000, "> 95 %").outcome is Outcome.PASS
    scattered = [0] * SECONDS
    for at in (20, 22, 23, 25, 27, 29):
        scattered[at] = 1
    found = by_second(scattered, 3000, "> 95 %")
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "failures cluster" in found.message


def test_bursts_that_are_a_tenth_of_what_may_fail_decide_nothing_and_the_interval_says_so() -> None:
    found = success_rate([4, 4, 4], 12000, "> 99 %")
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "failures cluster" in found.message
    assert found.low is not None
    assert found.low <= 99.0


def mean_of(level_ms: Sequence[float], limit: str) -> CheckResult:
    """The check of latency.mean, where each second takes about so long."""
    generator = np.random.default_rng(3)
    parts = [Histogram.of_us((one * 1000 * generator.lognormal(0, 0.2, 50)).astype(np.int64)) for one in level_ms]
    slices = tuple(Slice(float(at), 1.0, part, 0) for at, part in enumerate(parts))
    load = builders.load(("shop", "GET /", Recording(merge(*parts), slices=slices)))
    return judge(builders.run(load), builders.config(builders.check("latency.mean", limit))).checks[0]


def test_a_mean_that_goes_one_way_through_the_whole_run_is_proven_only_beyond_where_it_may_go() -> None:
    rising = np.linspace(20, 40, SECONDS)
    near = mean_of(list(rising), "< 50 ms")
    assert near.outcome is Outcome.INCONCLUSIVE
    assert "drifted through the whole run" in near.message
    assert mean_of(list(rising), "< 100 ms").outcome is Outcome.INCONCLUSIVE
    assert mean_of(list(rising), "< 200 ms").outcome is Outcome.PASS
    assert mean_of(list(rising[::-1]), "< 60 ms").outcome is Outcome.INCONCLUSIVE
    assert mean_of(list(rising[::-1]), "< 80 ms").outcome is Outcome.PASS
    assert mean_of(list(rising), "< 10 ms").outcome is Outcome.FAIL


def test_slow_requests_that_come_together_without_a_level_count_no_less_than_failures_that_do() -> None:
    process = wandering_chance(3.0)
    times, latencies_ms = process.run(process.seeded("tail"), 30, 60.0, 50.0)
    limit_ms = process.truth.quantile_ms(0.95)
    ratios = []
    for at_s, ms in zip(times.at_s, latencies_ms, strict=True):
        record = recording(at_s, ms, 60.0)
        blocks = over(record, limit_ms, inclusive=True)[2]
        level = reading_of(record, P95, 0.0, 60.0).level
        ratios.append(clusters(blocks, level).worth(0.95) / clusters(blocks).worth(0.95))
    assert np.median(ratios) > 0.85


def percentile_of(slow: Sequence[int], limit: str) -> CheckResult:
    """Of 50 requests a second, of which so many are slow; one of 100 others is slow as well."""
    parts = [
        Histogram.of_us(np.repeat([5000, 90000], [50 - max(n, at % 2), max(n, at % 2)])) for at, n in enumerate(slow)
    ]
    slices = tuple(Slice(float(at), 1.0, part, 0) for at, part in enumerate(parts))
    load = builders.load(("shop", "GET /", Recording(merge(*parts), slices=slices)))
    return judge(builders.run(load), builders.config(builders.check("latency.p95", limit))).checks[0]


def test_a_level_that_goes_through_the_run_excuses_no_service_that_is_far_over_its_limit_all_the_time() -> None:
    far, near = (
        percentile_of([round(n) for n in np.linspace(first, last, SECONDS)], "< 80 ms")
        for first, last in ((10, 24), (1, 8))
    )
    assert far.outcome is Outcome.FAIL, "20 to 48 of 100 are over the limit, and 5 may be"
    assert near.outcome is Outcome.INCONCLUSIVE
    assert "drifted through the whole run" in near.message


def test_a_single_burst_that_was_an_eighth_of_what_may_be_slow_decides_nothing() -> None:
    one = [0] * SECONDS
    one[20] = 18
    found = percentile_of(one, "< 80 ms")
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "the bursts are too few to exclude longer ones" in found.message
    one[20] = 6
    assert percentile_of(one, "< 80 ms").outcome is Outcome.PASS


def test_slow_phases_at_equal_intervals_are_no_lucky_bursts() -> None:
    assert percentile_of([12 if at % 10 == 3 else 0 for at in range(SECONDS)], "< 80 ms").outcome is Outcome.PASS


def test_a_mean_whose_slow_times_come_at_equal_intervals_has_no_lucky_bursts() -> None:
    slow = [100.0 if at % 10 == 3 else 20.0 for at in range(SECONDS)]
    assert mean_of(slow, "< 36 ms").outcome is Outcome.PASS
    assert mean_of(slow[::-1], "< 36 ms").outcome is Outcome.PASS


def test_a_mean_with_a_single_burst_excludes_a_longer_one() -> None:
    burst = [20.0] * SECONDS
    burst[20] = 200.0
    assert mean_of(burst, "< 45 ms").outcome is Outcome.INCONCLUSIVE
    assert mean_of(burst, "< 200 ms").outcome is Outcome.PASS
    assert mean_of([20.0] * SECONDS, "< 22 ms").outcome is Outcome.PASS
