"""No verdict of ours contradicts itself, whatever was measured."""

from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.config.model import OnFail
from readiness.judge.audit import deviations
from readiness.judge.invariants import REPORT_LAWS
from readiness.judge.judge import judge
from readiness.measurements.law import contradictions
from readiness.measurements.run import Rate
from tests.judge.builders import check, config, load, measured, recording, run

LATENCIES = st.lists(st.floats(0.1, 1000), min_size=1, max_size=300)
KINDS = st.sampled_from(OnFail)


@settings(max_examples=60, deadline=None)
@given(
    LATENCIES, st.integers(0, 30), st.integers(0, 1000), st.none() | st.integers(-2, 2), st.lists(KINDS, min_size=5),
    st.lists(st.floats(0, 10), min_size=5, max_size=5), st.sampled_from([None, 0.95]),
)  # fmt: skip
def test_no_verdict_contradicts_itself(
    latencies: list[float], failed: int, hits: int, count: int | None, kinds: list[OnFail], weights: list[float],
    confidence: float | None,
) -> None:  # fmt: skip
    facts = run(
        load(("s", "GET /", recording(latencies, failed={"http_5xx": failed} if failed else {}))),
        measured("cache.hit_rate", hits / 10, evidence=Rate(hits, 1000)),
        measured("data.x", count, reason="gone" if count is None else None),
    )
    rows = (
        ("latency.p95", "< 500 ms", "< 800 ms"),
        ("latency.mean", "< 300 ms", "< 600 ms"),
        ("http.success_rate", "> 95 %", None),
        ("cache.hit_rate", "> 50 %", ">= 40 %"),
        ("data.x", "== 0", None),
    )
    checks = (
        check(name, passes, warn=warn, on_fail=kind, weight=weight)
        for (name, passes, warn), kind, weight in zip(rows, kinds, weights, strict=False)
    )
    verdict = judge(facts, config(*checks, confidence=confidence))
    assert contradictions(verdict, REPORT_LAWS) == ()
    assert deviations(verdict, verdict) == ()
