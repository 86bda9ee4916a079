"""How sure a decision is, and the smallest regression that the run would have failed."""

import numpy as np
import pytest

from readiness.judge.judge import judge
from readiness.judge.proof import Proof, Tally
from readiness.judge.sensitivity import detectable_share
from readiness.judge.verdict import Outcome
from tests.judge.builders import check, config, load, recording, run

P95 = config(check("latency.p95", "< 100 ms"))


def latencies(n: int, p95_ms: float) -> list[float]:
    values = p95_ms * np.exp(0.5 * (np.random.default_rng(5).normal(size=n) - 1.645))
    return [float(one) for one in values]


def test_a_clear_answer_stays_the_same_and_a_close_one_may_not() -> None:
    clear = judge(run(load(("shop", "GET /", recording(latencies(3000, 50.0), blocks=30)))), P95)
    close = judge(run(load(("shop", "GET /", recording(latencies(3000, 95.0), blocks=30)))), P95)
    assert clear.sensitivity.same_decision == 1.0
    assert close.sensitivity.same_decision is not None
    assert close.sensitivity.same_decision < 1.0


def test_the_same_run_gives_the_same_share() -> None:
    seen = run(load(("shop", "GET /", recording(latencies(1000, 90.0), blocks=30))))
    assert judge(seen, P95).sensitivity == judge(seen, P95).sensitivity


def test_the_detectable_slowdown_fails_when_it_comes_and_a_much_smaller_one_does_not() -> None:
    values = latencies(3000, 50.0)
    (found,) = judge(run(load(("shop", "GET /", recording(values, blocks=30)))), P95).sensitivity.detectable
    assert found.times is not None
    assert 2.0 < found.times < 3.0  # the P95 is at half of the limit
    assert found.value == pytest.approx(50 * found.times, rel=0.1)

    def outcome(times: float) -> Outcome:
        slower = recording([value * times for value in values], blocks=30)
        return judge(run(load(("shop", "GET /", slower))), P95).checks[0].outcome

    assert outcome(found.times * 1.02) is Outcome.FAIL
    assert outcome(1.5) is Outcome.PASS


def test_a_detectable_share_fails_with_the_promised_probability() -> None:
    tally = Tally(10, 10, 1000, 0.05, ())
    _, fails = tally.edges(0.95, 0.95)
    share = detectable_share(tally, fails, 0.95)
    assert share is not None
    hits = np.random.default_rng(2).binomial(1000, share, 500)
    failed = np.mean([Tally(int(k), int(k), 1000, 0.05, ()).proof(0.95) is Proof.NO for k in hits])
    assert 0.92 <= failed <= 0.99


def test_without_confidence_or_load_there_is_nothing_to_say() -> None:
    assert judge(run(None), P95).sensitivity.same_decision is None
    bare = config(check("latency.p95", "< 100 ms"), confidence=None)
    assert judge(run(load(("shop", "GET /", recording([1.0] * 100)))), bare).sensitivity.detectable == ()


def test_a_level_too_slow_to_resolve_still_fails_what_is_far_over_its_limit() -> None:
    drift = [float(value) for value in np.repeat(np.linspace(150, 900, 30), 50)]
    by_block = [value for at in range(50) for value in drift[at::50]]
    result = judge(run(load(("shop", "GET /", recording(by_block, blocks=30)))), P95).checks[0]
    assert result.outcome is Outcome.FAIL
