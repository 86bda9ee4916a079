"""`baseline:` makes "no worse than that run" a check, judged like every other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from readiness.config.load import load
from readiness.config.model import Config
from readiness.errors import ConfigError
from readiness.judge.invariants import REPORT_LAWS
from readiness.judge.judge import judge
from readiness.judge.verdict import CheckResult, Decision, Outcome, Verdict
from readiness.measurements.json import dumps
from readiness.measurements.law import contradictions
from readiness.measurements.run import Run
from readiness.report import FORMATS
from readiness.report import json as report_json
from tests.judge.compare.simulated import run

HEAD = 'version: 1\nservice: shop\nchecks:\n  http.success_rate: { pass: "> 90 %", on_fail: block, weight: 8 }\n'
WORSE = 'baseline: { run: base.json, worse_by: "> 10 %" }\n'
LONG = {"seconds": 40, "per_s": 400.0, "wander": 0.02}


def config(folder: Path, text: str, base: Run | None) -> Config:
    if base is not None:
        (folder / "base.json").write_text(dumps(base))
    (folder / "thresholds.yaml").write_text(text)
    return load(folder / "thresholds.yaml", {})


def judged(folder: Path, head: Run, base: Run | None = None, text: str = HEAD + WORSE) -> Verdict:
    verdict = judge(head, config(folder, text, base or run(1, **LONG)))  # type: ignore[arg-type]
    assert contradictions(verdict, REPORT_LAWS) == ()
    assert report_json.loads(report_json.render(verdict), "r").checks == verdict.checks
    return verdict


def of(verdict: Verdict, key: str) -> CheckResult:
    (found,) = [one for one in verdict.checks if one.key == key]
    return found


def test_the_same_service_passes_and_a_slower_one_fails(tmp_path: Path) -> None:
    same = judged(tmp_path, run(2, **LONG))  # type: ignore[arg-type]
    assert [one.key for one in same.checks] == ["http.success_rate", "baseline.latency.p50", "baseline.latency.p95"]
    assert {one.outcome for one in same.checks} == {Outcome.PASS}
    assert same.decision is Decision.READY
    slower = judged(tmp_path, run(2, slower=2.5, **LONG))  # type: ignore[arg-type]
    median = of(slower, "baseline.latency.p50")
    assert median.outcome is Outcome.FAIL
    assert median.value is not None
    assert median.low is not None
    assert 10 < median.low < median.value
    assert slower.decision is Decision.CONDITIONAL
    assert median.line == 5
    for fmt in FORMATS.values():
        assert fmt.render(slower)


def test_what_the_data_cannot_say_is_inconclusive(tmp_path: Path) -> None:
    few = judged(tmp_path, run(2, per_s=3))
    assert of(few, "baseline.latency.p95").outcome is Outcome.INCONCLUSIVE


def test_a_check_of_ones_own_takes_the_place_of_the_implied_one(tmp_path: Path) -> None:
    own = (
        HEAD + '  baseline.latency.p50: { pass: "<= 300 %" }\n  baseline.throughput@shop: { pass: "<= 20 %" }\n' + WORSE
    )
    verdict = judged(tmp_path, run(2, slower=2.5, **LONG), text=own)  # type: ignore[arg-type]
    assert of(verdict, "baseline.latency.p50").outcome is Outcome.PASS
    assert of(verdict, "baseline.throughput@shop").outcome is Outcome.PASS
    assert len(verdict.checks) == 4


def test_a_better_run_is_negative_and_throughput_counts_downwards(tmp_path: Path) -> None:
    base = run(1, slower=2.5, **LONG)  # type: ignore[arg-type]
    better = judged(tmp_path, run(2, **LONG), base)  # type: ignore[arg-type]
    assert (of(better, "baseline.latency.p50").value or 0) < 0
    own = HEAD + '  baseline.throughput: { pass: "<= 10 %" }\nbaseline: { run: base.json }\n'
    half = judged(tmp_path, run(2, seconds=40, per_s=200), run(1, **LONG), own)  # type: ignore[arg-type]
    throughput = of(half, "baseline.throughput")
    assert throughput.outcome is Outcome.FAIL
    assert throughput.value == pytest.approx(50, abs=3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"plan": {"timeout_s": 9}}, "the plan differs: timeout is 9 s in base, not set in head"),
        ({"doubts": ("a worker was lost",)}, "the base run cannot be trusted: a worker was lost"),
        ({"load": None}, "the base run sent no load"),
    ],
)
def test_a_baseline_of_something_else_is_never_a_pass(tmp_path: Path, change: dict[str, object], said: str) -> None:
    base = replace(run(1), **change)  # type: ignore[arg-type]
    verdict = judged(tmp_path, run(2), base)
    median = of(verdict, "baseline.latency.p50")
    assert median.outcome is Outcome.ERROR
    assert said in median.message
    assert verdict.decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + WORSE, "thresholds.yaml:5: baseline.run: there is no base.json yet"),
        (
            HEAD + "baseline: { run: thresholds.yaml, worse_by: '> 10 %' }\n",
            "thresholds.yaml:5: baseline.run: thresholds",
        ),
        (HEAD + "baseline: { run: base.json }\n", "baseline: is never used"),
        (HEAD + "baseline: { worse_by: '> 10 %' }\n", "baseline.run: is required"),
        (HEAD + "baseline: { run: base.json, worse_by: '10 %' }\n", 'must say what is too much, such as "> 10 %"'),
        (HEAD + '  baseline.latency.p95: { pass: "<= 5 %" }\n', "needs the section baseline"),
        (HEAD + '  baseline.latency.p59: { pass: "<= 5 %" }\n' + WORSE, "unknown metric; did you mean"),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text, None)
    assert said in str(caught.value)


def test_a_hand_written_interval_proves_nothing() -> None:
    from readiness.measurements.json import loads
    from tests.judge.builders import measured

    for metric, fine in (("baseline.latency.p95", True), ("cache.hit_rate", False)):
        text = dumps(replace(run(1), measurements=(measured(metric, 50.0),)))
        forged = text.replace('"source": "probe"', '"source": "probe", "evidence": {"low": 49.0, "high": 51.0}')
        assert forged != text
        if fine:
            assert loads(forged, "run.json").measurements[0].value == 50.0
        else:
            with pytest.raises(ConfigError, match="is not computed from evidence of this kind"):
                loads(forged, "run.json")
