"""Every law of report.json: our own reports keep them all, and one that was changed to break a law is not believed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from readiness.config.load import load
from readiness.judge.attested import ended_on
from readiness.judge.invariants import REPORT_LAWS
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision
from readiness.measurements.json import loads as read_run
from readiness.measurements.law import Contradicted, contradictions
from readiness.report.json import loads, read, render

FOLDER = Path("reports/example")
NAMES = ("ready", "conditional", "not-ready", "inconclusive")
Facts = dict[str, Any]


def report_of(name: str) -> str:
    """The report on an example run, as this version writes it."""
    run = read_run((FOLDER / name / "run.json").read_text(), "run.json")
    return render(judge(run, load(FOLDER / name / "thresholds.yaml", {}, ended_on(run))))


@pytest.fixture(scope="module")
def documents() -> Mapping[str, Facts]:
    """By the name of the example."""
    return {name: json.loads(report_of(name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_our_reports_keep_every_law_those_of_older_versions_too(name: str, documents: Mapping[str, Facts]) -> None:
    assert loads(json.dumps(documents[name]), "report.json").rule is not None
    older = {key: value for key, value in documents[name].items() if key not in ("declared", "rule")}
    assert loads(json.dumps(older), "report.json").rule is None
    assert loads((FOLDER / name / "report.json").read_text(), "report.json").run_id == older["run_id"]


def of(document: Facts, name: str) -> Facts:
    found: Facts = next(one for one in document["checks"] if one["name"] == name and one["scope"] is None)
    return found


def busiest(document: Facts) -> Facts:
    found: Facts = max(document["endpoints"], key=lambda one: one["requests"])
    return found


def undeclared(change: Callable[[Facts], object]) -> Callable[[Facts], object]:
    """The change in a report that does not say what was declared."""

    def both(document: Facts) -> None:
        document.pop("declared")
        change(document)

    return both


def reworded(document: Facts) -> None:
    document["release"]["steps"][0]["text"] += " Or not."


def flipped(document: Facts) -> None:
    document["outlook"]["flips"] = [{"decision": "READY", "checks": [], "passing": False, "text": "x"}]


def empty(document: Facts) -> None:
    document.update(checks=[], risks={"low": [], "medium": [], "high": []})
    document["score"] = {"value": 100, "low": 100, "high": 100, "coverage": 1}
    document["outlook"]["flips"] = []


MUTATIONS: dict[str, tuple[str, Callable[[Facts], object]]] = {
    "exit_code_goes_with_the_decision": ("ready", lambda d: d.update(exit_code=4)),
    "decision_follows_from_the_checks": ("ready", lambda d: d["rule"].update(ready_score=101)),
    "a_good_decision_has_evidence": ("ready", undeclared(empty)),
    "score_rises": ("ready", lambda d: d["score"].update(high=100.0005)),
    "score_is_that_of_the_checks": ("ready", undeclared(lambda d: d["score"].update(value=95.0, low=95.0))),
    "checks_stand_once": (
        "ready", undeclared(lambda d: d["checks"].append({**d["checks"][0]}))),
    "checks_are_declared_rightly": ("ready", undeclared(lambda d: d["checks"][0].update(on_fail="maybe"))),
    "only_what_was_measured_has_a_value": ("ready", lambda d: of(d, "latency.p95").update(samples=0)),
    "intervals_hold_their_value": ("ready", lambda d: of(d, "latency.p95").update(low=99.0)),
    "passes_meet_their_limit": ("ready", lambda d: of(d, "latency.p95").update(high=1e6)),
    "checks_show_what_was_measured": ("ready", lambda d: of(d, "data.bags").update(value=25746.0, samples=3)),
    "waivers_count": ("ready", lambda d: d.update(
        waivers=[{"check": "latency.p95", "owner": "", "reason": "", "expires": "2027-01-01"}])),
    "conditions_are_the_open_checks": ("conditional", lambda d: d["conditions"].pop()),
    "what_did_not_pass_is_a_risk": ("ready", lambda d: d["risks"].update(high=["All is lost."])),
    "next_steps_are_those_of_the_release": ("conditional", reworded),
    "flips_lead_elsewhere": ("ready", flipped),
    "measurements_are_possible": ("ready", lambda d: d["measurements"].append(
        {**d["measurements"][0], "metric": "service.restarts", "scope": "x", "value": 0.5})),
    "times_are_in_order": ("ready", lambda d: d.update(started_at="2026-12-24T20:26:53+00:00")),
    "attestations_expire_by_their_day": ("ready", lambda d: d.update(attested=[
        {"title": "x", "who": "y", "when": "2020-01-01", "expires": "2020-02-01", "expired": False}])),
    "confidence_is_a_share": ("ready", lambda d: d.update(confidence=1.5)),
    "ledgers_are_balanced": ("ready", lambda d: d["ledger"].update(ok=d["ledger"]["ok"] + 1)),
    "the_judged_are_some_of_all": (
        "ready", lambda d: d["judged"].update(dropped=1, planned=d["judged"]["planned"] + 1)),
    "endpoints_add_up_to_the_ledger": ("ready", lambda d: d["endpoints"].pop(
        min((one["requests"], i) for i, one in enumerate(d["endpoints"]) if one["requests"])[1])),
    "endpoints_stand_once": ("ready", lambda d: d["endpoints"].append(
        {**next(one for one in d["endpoints"] if not one["requests"]), "warm_up_requests": 0})),
    "latencies_rise": ("ready", lambda d: busiest(d)["latency_ms"].update(p90=1e6)),
    "percentiles_are_those_of_the_endpoints": (
        "ready", lambda d: of(d, "latency.p95").update(value=0.01, low=0.01)),
    "samples_are_requests": ("ready", lambda d: of(d, "latency.p95").update(samples=10**6)),
    "key_numbers_rise": ("ready", lambda d: d["key_numbers"].update(p95_ms=1e6)),
    "the_tail_adds_up": ("conditional", lambda d: d["outlook"]["tail"].update(slow=10**6)),
    "shares_are_parts": ("conditional", lambda d: d["root_causes"][0].update(tail_share=1.5)),
    "steps_of_the_load_are_of_one_climb": ("ready", lambda d: d.update(load_steps=2 * [{
        "height": 5, "unit": "users", "judged": True, "lasted_s": 5, "requests": 0, "failures": 0,
        "throughput_per_s": None, "latency_ms": dict.fromkeys(("min", "mean", "p50", "p90", "p95", "p99", "max")),
        "outcome": "pass", "message": ""}])),
}  # fmt: skip
"""The example, and what breaks the law in it and no other."""


def test_every_law_has_a_sentence_and_a_report_that_breaks_it() -> None:
    assert set(MUTATIONS) == {law.__name__ for law in REPORT_LAWS}
    sentences = [law.__doc__ or "" for law in REPORT_LAWS]
    assert all(text.endswith(".") and "\n" not in text for text in sentences)
    assert len(set(sentences)) == len(REPORT_LAWS)


@pytest.mark.parametrize("law", REPORT_LAWS, ids=lambda law: law.__name__)
def test_a_report_that_breaks_a_law_is_refused_with_it(
    law: Callable[[object], object], documents: Mapping[str, Facts]
) -> None:
    name, change = MUTATIONS[law.__name__]
    document = copy.deepcopy(documents[name])
    change(document)
    text = json.dumps(document)
    verdict, problems = read(text, "report.json")
    assert [one.__name__ for one in REPORT_LAWS if contradictions(verdict, (one,))] == [law.__name__]
    assert len(problems) > 0
    with pytest.raises(Contradicted) as caught:
        loads(text, "out/report.json")
    assert str(caught.value).startswith("out/report.json: $")
    assert f"(always: {(law.__doc__ or '').rstrip('.')})" in str(caught.value)
    assert caught.value.exit_code == 2


MORE: dict[str, tuple[str, Callable[[Facts], object]]] = {
    "a blocking check removed": ("ready", lambda d: d["checks"].remove(of(d, "http.success_rate"))),
    "another limit": ("ready", lambda d: of(d, "latency.p95").update({"pass": "< 90 ms"})),
    "a condition where it blocked": ("ready", lambda d: d["checks"][0].update(on_fail="note")),
    "a decision that its checks do not give": ("not-ready", lambda d: d.update(decision="READY", exit_code=0)),
    "READY in spite of a doubt": ("ready", lambda d: d.update(doubts=["the engine was lost"])),
    "NOT READY with nothing failed": ("ready", lambda d: d.update(decision="NOT READY", exit_code=1)),
    "INCONCLUSIVE with everything proven": ("ready", lambda d: d.update(decision="INCONCLUSIVE", exit_code=3)),
    "an interval beyond the limit of a rate": ("ready", lambda d: of(d, "http.success_rate").update(low=1.0)),
    "a value that was not measured": ("ready", lambda d: of(d, "data.bags").update(value=25747.0)),
    "a failure at an endpoint that the ledger does not know": (
        "ready", lambda d: busiest(d).update(failures=1, failed={"http_5xx": 1})),
    "READY of a run that sent nothing": ("ready", lambda d: d.update(
        ledger={"planned": 0, "ok": 0, "failed": {}, "in_flight": 0, "dropped": 0})),
    "no latency of an endpoint that answered": (
        "ready", lambda d: busiest(d).update(latency_ms=dict.fromkeys(busiest(d)["latency_ms"]))),
}  # fmt: skip


@pytest.mark.parametrize("case", MORE)
def test_more_that_cannot_be_true_is_refused(case: str, documents: Mapping[str, Facts]) -> None:
    name, change = MORE[case]
    document = copy.deepcopy(documents[name])
    change(document)
    with pytest.raises(Contradicted):
        loads(json.dumps(document), "report.json")


def test_the_examples_are_of_every_decision(documents: Mapping[str, Facts]) -> None:
    assert {one["decision"] for one in documents.values()} == {decision.value for decision in Decision}
