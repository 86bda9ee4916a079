"""How often the judge is wrong, on seeded draws of known truth: a small part of `python -m benchmarks verdicts`."""

from functools import cache

import numpy as np
import pytest

from benchmarks.claims import family
from benchmarks.judged import P95
from benchmarks.power import POWERS, ready
from benchmarks.processes import (
    Process,
    batches,
    independent,
    pauses,
    slow_times,
    two_states,
    wandering,
    wandering_chance,
)
from benchmarks.throughputs import ARRIVALS, Arrivals
from benchmarks.until_decided import ends
from benchmarks.verdicts import NAMES, POWER_RATIOS, Row, measure, measure_rate
from readiness.judge.judge import judge
from readiness.judge.limit_test import bounds
from readiness.judge.proof import Proof
from readiness.judge.readings import reading_of
from readiness.judge.verdict import CheckResult, Decision, Outcome
from tests.judge.builders import check, config, load, recording, run

RUNS = 50
MOST = 10.0
"""Percent of wrong answers in RUNS draws of a cell whose goal is 5 %: 1.8 standard errors more."""


@cache
def row(process: Process) -> Row:
    return measure(process, RUNS)


KNOWABLE = (
    independent(0.5),
    wandering(1.0, 0.75),
    batches(100),
    wandering_chance(1.0),
    two_states(0.5, 5),
    slow_times(10, 1.2),
)


@pytest.mark.parametrize("process", KNOWABLE, ids=lambda one: f"{one.group}, {one.name}")
def test_hardly_any_run_is_wrong_where_the_truth_is_on_the_limit(process: Process) -> None:
    for name, cell in zip(NAMES, row(process).cells, strict=True):
        assert cell.worst <= MOST, (name, cell)


@pytest.mark.parametrize("process", KNOWABLE, ids=lambda one: f"{one.group}, {one.name}")
def test_the_plain_comparison_of_the_same_draws_is_a_coin_toss(process: Process) -> None:
    assert all(cell.plain > 20 for cell in row(process).cells)


@pytest.mark.parametrize("arrivals", ARRIVALS[:5], ids=lambda one: one.name)
def test_hardly_any_throughput_is_wrong_where_the_truth_is_on_the_limit(arrivals: Arrivals) -> None:
    assert measure_rate(arrivals, 2 * RUNS).worst <= MOST


def test_a_service_far_inside_its_limit_is_ready() -> None:
    for process in (independent(0.5), wandering(1.0, 0.75), slow_times(10, 1.2)):
        assert dict(zip(POWER_RATIOS, row(process).power, strict=True))[0.5] >= 95


def test_independent_requests_at_0_8_of_the_limit_are_ready() -> None:
    assert ready(POWERS[0], RUNS) >= 95


def test_pauses_at_equal_intervals_prove_more_than_independent_requests_would() -> None:
    assert ready(POWERS[5], RUNS) >= 70
    assert max(cell.worst for cell in row(pauses(10, 0.8)).cells) <= MOST


def test_hardly_any_load_that_may_end_early_ends_wrongly() -> None:
    on_the_limit, _, at_half = ends(wandering(1.0, 0.75), RUNS // 2)
    assert np.mean([end.proof is not Proof.OPEN for end in on_the_limit]) <= MOST / 100
    assert np.median([end.at_s for end in at_half]) < 120


def test_twenty_checks_on_their_limits_hardly_ever_fail_by_chance() -> None:
    assert family(independent(0.5), RUNS // 4) <= MOST


WORLDS = 60


def test_no_seeded_world_is_ready_whose_truth_is_far_from_it() -> None:
    """Known truths (P95 at 1.3 times the limit, or 3 % of errors where 1 % may be): never READY."""
    checks = config(check("latency.p95", "< 100 ms"), check("http.error_rate", "< 1 %"))
    for seed in range(WORLDS):
        decision, _ = _world(seed, checks, p95_ms=130.0 if seed % 2 else 50.0, errors=0.0 if seed % 2 else 0.03)
        assert decision is not Decision.READY, seed


def test_nearly_every_seeded_world_with_a_healthy_service_is_ready() -> None:
    checks = config(check("latency.p95", "< 100 ms"), check("http.error_rate", "< 1 %"))
    ready = [_world(seed, checks, p95_ms=50.0, errors=0.0)[0] is Decision.READY for seed in range(WORLDS // 3)]
    assert sum(ready) >= 0.95 * len(ready)


def _world(seed: int, checks: object, *, p95_ms: float, errors: float) -> tuple[Decision, tuple[CheckResult, ...]]:
    generator = np.random.default_rng(seed)
    n = int(generator.integers(600, 3000))
    sigma = float(generator.uniform(0.2, 1.0))
    failed = int(generator.binomial(n, errors))
    latencies = p95_ms * np.exp(sigma * (generator.normal(size=n - failed) - 1.645))
    record = recording([float(one) for one in latencies], failed={"http_5xx": failed} if failed else {})
    verdict = judge(run(load(("shop", "GET /", record))), checks)  # type: ignore[arg-type]
    return verdict.decision, verdict.checks


def test_an_interval_never_denies_the_outcome() -> None:
    checks = config(check("latency.p95", "< 100 ms", warn="< 150 ms"))
    seen = set()
    for seed in range(70):
        _, (result,) = _world(seed, checks, p95_ms=60.0 + 2.8 * seed, errors=0.0)
        seen.add(result.outcome)
        low, high = result.low or 0.0, np.inf if result.high is None else result.high
        assert low <= (result.value or np.inf)
        match result.outcome:
            case Outcome.PASS:
                assert high <= 100
            case Outcome.WARN:
                assert low >= 100
                assert high <= 150
            case Outcome.FAIL:
                assert low >= 150
            case _:
                assert low <= 100 <= high or low <= 150 <= high
    assert seen == {Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.INCONCLUSIVE}


@pytest.mark.parametrize("shape", ["uniform", "lognormal", "bimodal"])
def test_the_interval_holds_the_true_quantile_as_often_as_it_says(shape: str) -> None:
    generator = np.random.default_rng(1)
    draws = 150
    missed_low = missed_high = 0
    for _ in range(draws):
        values, truth = _sample(generator, shape, 500)
        record = recording([float(one) for one in values])
        low, high = bounds(reading_of(record, P95, 0.0, float(len(record.slices))), P95, 0.95)
        missed_low += low is not None and low > truth * 1.001
        missed_high += high is not None and high < truth * 0.999
    allowed = 0.05 * draws + 3 * (0.05 * 0.95 * draws) ** 0.5
    assert missed_low <= allowed
    assert missed_high <= allowed


def _sample(
    generator: np.random.Generator, shape: str, n: int
) -> "tuple[np.ndarray[tuple[int], np.dtype[np.float64]], float]":
    match shape:
        case "uniform":
            return generator.uniform(1, 100, n), 95.05
        case "lognormal":
            return 20 * np.exp(0.8 * generator.normal(size=n)), 20 * float(np.exp(0.8 * 1.6448536))
        case _:
            slow = generator.random(n) < 0.1
            return np.where(slow, generator.uniform(200, 300, n), generator.uniform(5, 15, n)), 250.0
