"""What a closed load may hide is said in words and numbers, and changes no outcome."""

from dataclasses import replace

import numpy as np
import pytest

from readiness.judge.judge import judge
from readiness.judge.outcome import Decision
from readiness.judge.verdict import Verdict
from readiness.measurements.histogram import Histogram
from readiness.measurements.pace import Pace
from tests.judge.builders import check, config, load, recording, run


def judged(unpaused: int, latencies_ms: list[float]) -> Verdict:
    """One watched user of one that made 1000 iterations of 10 ms, one request each."""
    pace = Pace("shop", 1, 1, 1000, unpaused, Histogram.of_us(np.full(1000, 10_000)))
    seen = replace(load(("shop", "GET /", recording(latencies_ms)), users=1), paces=(pace,))
    return judge(run(seen), config(check("latency.p95", "< 100 ms")))


def test_the_corrected_percentile_stands_beside_the_measured_one_and_decides_nothing() -> None:
    verdict = judged(0, [1.0] * 995 + [1000.0] * 5)
    (endpoint,) = verdict.endpoints
    assert endpoint.corrected_ms is not None
    assert endpoint.latency_ms.p95 == pytest.approx(1.0, rel=0.01)
    assert endpoint.corrected_ms.p95 == pytest.approx(850, rel=0.02)
    (line,) = [line for line in verdict.instrument if line.endswith("corrected for coordinated omission")]
    assert line.startswith("P95 1.0")
    assert verdict.decision is Decision.READY


@pytest.mark.parametrize(
    ("unpaused", "text"), [(1000, "send back to back"), (120, "12 % of the iterations started late"), (0, "")]
)
def test_how_the_users_took_turns_is_said_plainly(unpaused: int, text: str) -> None:
    said = " ".join(line for line in judged(unpaused, [1.0] * 1000).instrument if line.startswith("shop: "))
    assert text in said
    assert bool(said) is bool(text)
