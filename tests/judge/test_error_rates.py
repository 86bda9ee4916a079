"""How often the judge is wrong, on seeded draws of known truth; the whole table is `benchmarks/verdicts.py`."""

from functools import cache

import numpy as np
import pytest

from benchmarks.verdicts import KINDS, RATIOS, Row, measure
from readiness.judge.judge import judge
from readiness.judge.verdict import CheckResult, Decision, Outcome
from readiness.measurements.run import Run
from readiness.stats import wander
from tests.judge.builders import check, config, load, recording, run

RUNS = 80
SLACK = 0.037
"""1.5 standard errors of a share of 5 % in RUNS draws."""
BY_NAME = {kind.name: kind for kind in KINDS}


@cache
def shares(name: str, n: int) -> Row:
    return measure(BY_NAME[name], n, RUNS)


@pytest.mark.parametrize(("name", "n"), [("independent", 1000), ("AR(1) 0.8", 1000), ("bursts", 500)])
def test_hardly_any_run_is_wrong(name: str, n: int) -> None:
    row = shares(name, n)
    assert row.false_ready <= 0.05 + SLACK
    assert row.false_not_ready <= 0.05 + SLACK


def test_a_service_far_inside_its_limit_is_ready() -> None:
    for name in ("independent", "light wander"):
        assert dict(zip(RATIOS, shares(name, 1000).passed, strict=True))[0.5] >= 0.95


def test_the_bare_comparison_of_the_same_draws_is_a_coin_toss_on_the_limit() -> None:
    row = shares("independent", 1000)
    assert min(row.k6[RATIOS.index(1.0)], row.locust[RATIOS.index(1.0)]) > 0.2


def test_a_level_that_only_drifts_is_longer_than_the_run_can_resolve() -> None:
    drift = [float(at) * 10 for at in range(-20, 20)]
    assert wander.of_blocks(drift, [100] * 40, 1.0).effect(0.05) > 1000


def test_blocks_that_are_alike_cost_nothing() -> None:
    assert wander.of_blocks([0.0] * 40, [100] * 40, 1.0).effect(0.05) == 1.0


def test_few_blocks_say_nothing() -> None:
    assert wander.of_blocks([100.0, -100.0], [100, 100], 1.0) == wander.STILL


WORLDS = 150


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
    for seed in range(140):
        _, (result,) = _world(seed, checks, p95_ms=60.0 + 1.4 * seed, errors=0.0)
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
        # On a limit out of reach nothing is clipped: these are the order statistics themselves.
        (result,) = judge(_one(values), config(check("latency.p95", "< 100000000 ms"))).checks
        missed_low += result.low is not None and result.low > truth * 1.001
        missed_high += result.high is not None and result.high < truth * 0.999
    allowed = 0.05 * draws + 3 * (0.05 * 0.95 * draws) ** 0.5
    assert missed_low <= allowed
    assert missed_high <= allowed


def _one(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Run:
    return run(load(("shop", "GET /", recording([float(one) for one in values]))))


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
