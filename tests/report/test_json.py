"""report.json: the contract's keys, strict JSON, and the exact inverse."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.errors import ConfigError, ExitCode
from readiness.judge.infrastructure import Observed
from readiness.judge.invariants import EXITS
from readiness.judge.verdict import (
    CheckResult,
    Decision,
    DrillResult,
    EndpointResult,
    Latency,
    Outcome,
    Risks,
    Score,
    Verdict,
)
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import FAILURE_CLASSES, Ledger, Measurement
from readiness.report.json import loads, read, render
from tests import published
from tests.measurements.values import (
    COUNTS,
    NUMBERS,
    PLANS,
    PROVENANCES,
    TARGETS,
    WORDS,
    measurements,
    tuples,
)
from tests.report import parts

SOME = st.none() | NUMBERS
LATENCIES = st.builds(Latency, SOME, SOME, SOME, SOME, SOME, SOME, SOME)
FAILED = st.dictionaries(st.sampled_from(FAILURE_CLASSES), COUNTS, max_size=3)
CHECKS = st.builds(
    CheckResult, name=WORDS, scope=st.none() | WORDS, title=WORDS, outcome=st.sampled_from(Outcome), value=SOME,
    low=SOME, high=SOME, unit=WORDS, samples=st.none() | COUNTS, pass_limit=WORDS, warn_limit=st.none() | WORDS,
    weight=NUMBERS, on_fail=WORDS, message=WORDS, source=WORDS, line=COUNTS,
)  # fmt: skip
ENDPOINTS = st.builds(EndpointResult, WORDS, WORDS, COUNTS, COUNTS, FAILED, COUNTS, COUNTS, LATENCIES, LATENCIES)
LEDGERS = st.builds(
    lambda ok, failed, waiting, dropped: Ledger(
        ok + sum(failed.values()) + waiting + dropped, ok, failed, waiting, dropped
    ),
    COUNTS, FAILED, COUNTS, COUNTS,
)  # fmt: skip
PLAIN_MEASUREMENTS = measurements().map(lambda found: replace(found, evidence=None))
SHARES = st.tuples(*[st.floats(0, 100)] * 3).map(sorted)
SCORES = st.builds(lambda rising, covered: Score(rising[1], rising[0], rising[2], covered), SHARES, st.floats(0, 1))
VERDICTS = st.builds(
    Verdict, run_id=WORDS, service=WORDS, decision=st.just(Decision.INCONCLUSIVE),
    exit_code=st.sampled_from(sorted(EXITS[Decision.INCONCLUSIVE])),
    reason=WORDS, score=SCORES, checks=tuples(CHECKS),
    conditions=tuples(WORDS), risks=st.builds(Risks, tuples(WORDS), tuples(WORDS), tuples(WORDS)),
    next_steps=tuples(WORDS), doubts=tuples(WORDS), notes=tuples(WORDS), ledger=st.none() | LEDGERS,
    judged=st.none() | LEDGERS, endpoints=tuples(ENDPOINTS), measurements=tuples(PLAIN_MEASUREMENTS),
    target=TARGETS, provenance=PROVENANCES, plan=PLANS, started_at=WORDS, ended_at=WORDS, thresholds_file=WORDS,
    thresholds_sha256=WORDS, confidence=SOME, stalls=tuples(WORDS), instrument=tuples(WORDS),
    outlook=WORDS.map(parts.outlook_of), release=WORDS.map(parts.release_of),
    infrastructure=tuples(st.builds(Observed, WORDS, WORDS)),
    drills=tuples(st.builds(DrillResult, WORDS, WORDS, WORDS, tuples(WORDS))),
)  # fmt: skip


def example() -> Verdict:
    """One verdict, always the same."""
    check = CheckResult(
        "latency.p95", None, "P95 Response Time", Outcome.FAIL, 1378.7, 1350.2, 1402.9, "ms", 7224, "< 100 ms", None,
        1.0, "condition", "is over", "load", 5,
    )  # fmt: skip
    latency = Latency(1.2, 9.1, 8.0, 14.1, 17.0, 31.5, 88.0)
    none = Latency(None, None, None, None, None, None, None)
    return Verdict(
        "r1", "shop", Decision.CONDITIONAL, ExitCode.CONDITIONAL, "because", Score(0.0, 0.0, 0.0, 1.0),
        (check,), ("c",), Risks(high=("h",)), ("n",), (), (), Ledger(12040, 12034, {"http_5xx": 4}, 2, 0),
        Ledger(7224, 7224, {}, 0, 0),
        (EndpointResult("s", "GET /api/bags/{qr}", 7224, 0, {}, 0, 4816, latency, none),), (), Target("demo", "u"),
        Provenance("0", "3", "l", 2), {"users": 50}, "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z",
        "thresholds.yaml", "00", 0.95,
    )  # fmt: skip


def changed(**changes: object) -> str:
    document: dict[str, Any] = json.loads(render(example()))
    return json.dumps({key: value for key, value in {**document, **changes}.items() if value != "absent"})


def test_the_report_has_the_keys_of_the_contract() -> None:
    document = json.loads(render(example()))
    assert document["schema"] == "readiness.report/1"
    assert (document["run_id"], document["decision"], document["exit_code"]) == ("r1", "CONDITIONAL", 4)
    assert document["score"] == {"value": 0.0, "low": 0.0, "high": 0.0, "coverage": 1.0}
    assert {
        "name": "latency.p95", "scope": None, "title": "P95 Response Time", "outcome": "fail", "value": 1378.7,
        "low": 1350.2, "high": 1402.9, "unit": "ms", "samples": 7224, "pass": "< 100 ms", "warn": None, "weight": 1,
        "on_fail": "condition", "message": "is over",
    }.items() <= document["checks"][0].items()  # fmt: skip
    assert document["risks"] == {"low": [], "medium": [], "high": ["h"]}
    assert document["ledger"] == {
        "planned": 12040,
        "ok": 12034,
        "failed": {"http_5xx": 4},
        "in_flight": 2,
        "dropped": 0,
    }
    endpoint = document["endpoints"][0]
    assert (endpoint["scenario"], endpoint["requests"], endpoint["failures"]) == ("s", 7224, 0)
    assert endpoint["latency_ms"] == {
        "min": 1.2,
        "mean": 9.1,
        "p50": 8.0,
        "p90": 14.1,
        "p95": 17.0,
        "p99": 31.5,
        "max": 88.0,
    }
    assert endpoint["failed_latency_ms"]["p95"] is None
    assert document["thresholds"] == {"file": "thresholds.yaml", "sha256": "00"}
    assert {
        "reason",
        "conditions",
        "next_steps",
        "doubts",
        "notes",
        "judged",
        "stalls",
        "plan",
        "confidence",
    } <= document.keys()


def test_without_load_the_ledger_is_null() -> None:
    document = json.loads(render(replace(example(), ledger=None, judged=None, endpoints=())))
    assert (document["ledger"], document["endpoints"]) == (None, [])


def test_an_unbounded_measurement_and_an_allowed_condition_read_back() -> None:
    unbounded = Measurement("health.latency.p95", None, None, "probe health", 9)
    note = "--allow-conditional was given: CONDITIONAL ends with exit code 0"
    verdict = replace(example(), measurements=(unbounded,), exit_code=ExitCode.READY, notes=(note,))
    assert loads(render(verdict), "report.json") == verdict


@settings(max_examples=60)
@given(VERDICTS)
def test_what_is_rendered_reads_back_the_same(verdict: Verdict) -> None:
    text = render(verdict)
    assert read(text, "report.json")[0] == verdict
    published.validate("report", json.loads(text, parse_constant=pytest.fail))
    text.encode("utf-8")


@given(st.text(st.characters(), max_size=30))
def test_any_unicode_is_strict_json_without_hidden_characters_and_stays_as_first_read(words: str) -> None:
    text = render(replace(example(), reason=words))
    text.encode("utf-8")
    assert not set(text) & set("\x1b\x00\x7f\u200b\u202e\u2028\ufeff\ud800")
    first, _ = read(text, "report.json")
    assert read(render(first), "report.json")[0] == first
    if words.isprintable():
        assert first.reason == words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        (changed(schema="readiness.run/1"), '"schema" must be "readiness.report/1"'),
        (changed(decision="GREAT"), "$.decision: must be one of READY"),
        (changed(exit_code=99), "$.exit_code: must be one of 0"),
        (changed(exit_code=True), "$.exit_code: must be one of 0"),
        (
            changed(score={"value": 1, "low": None, "high": 1, "coverage": 1}),
            "$.score.low: must be a finite number, not null",
        ),
        (changed(checks=[{"name": "x"}]), '$.checks[0]: the key "scope" is missing'),
        (changed(thresholds={}), '"thresholds" must be an object'),
        (changed(reason="absent"), '"reason" is missing'),
        (changed(score={"value": 50, "low": 60, "high": 70, "coverage": 1}), "$.score: low 60"),
        (changed(score={"value": 50, "low": 50, "high": 101, "coverage": 1}), "$.score: low 50"),
        (changed(score={"value": 50, "low": 50, "high": 50, "coverage": 2}), "coverage is 2"),
        (changed(decision="READY"), "does not go with exit_code 4"),
        (changed(decision="READY", exit_code=0), 'does not go with latency.p95, which is "fail"'),
        (changed(exit_code=0), "no note that --allow-conditional was given"),
        (changed(exit_code=1), "does not go with exit_code 1"),
        (changed(decision="NOT READY", exit_code=0), "does not go with exit_code 0"),
        (changed(decision="INCONCLUSIVE", exit_code=0), "does not go with exit_code 0"),
        (changed(doubts=["x"]), "does not go with doubts"),
        (changed(extra=1), 'unknown key "extra"'),
        (changed(ledger={"planned": 2, "ok": 1, "failed": {}, "in_flight": 0, "dropped": 0}), "$.ledger: planned is 2"),
    ],
)
def test_a_wrong_report_is_refused_with_its_path(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(text, "out/report.json")
    assert str(caught.value).startswith("out/report.json: $")
    assert message in str(caught.value)
