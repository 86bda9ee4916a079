"""Every law of run.json: a real run keeps them all, and one that was changed to break a law is refused with it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from readiness.measurements.invariants import RUN_LAWS
from readiness.measurements.json import decode, loads
from readiness.measurements.law import _MOST, Contradicted, contradictions
from readiness.measurements.run import Detail, Measurement
from readiness.measurements.source_invariants import WITHOUT_LINES, values_are_those_of_their_lines
from readiness.metrics.catalogue import CATALOGUE
from tests.measurements.drilled import with_drill, with_sources

EXAMPLES = sorted(Path("reports/example").glob("*/run.json"))
DOCUMENT: dict[str, Any] = with_sources(with_drill(json.loads(Path("reports/example/ready/run.json").read_text())))
Facts = dict[str, Any]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_a_real_run_keeps_every_law(path: Path) -> None:
    assert loads(path.read_text(), "run.json").load is not None


def test_a_run_with_a_drill_and_everything_that_watches_keeps_every_law() -> None:
    assert loads(json.dumps(DOCUMENT), "run.json").drills


def measured(document: Facts, metric: str) -> Facts:
    found: Facts = next(one for one in document["measurements"] if one["metric"] == metric)
    return found


def busiest(document: Facts) -> Facts:
    """The endpoint with the most judged requests."""
    found: Facts = max(document["endpoints"], key=lambda one: one["judged"].get("ok", {}).get("total", 0))
    return found


def add(metric: str, value: float, **more: object) -> Callable[[Facts], object]:
    return lambda d: d["measurements"].append({"metric": metric, "value": value, **more})


def step(start_s: float, end_s: float, **more: object) -> Facts:
    return {"height": 5, "start_s": start_s, "end_s": end_s, "planned_s": 5, "judged": False, **more}


def in_flight(document: Facts) -> None:
    document["ledger"]["in_flight"] += 1
    document["ledger"]["planned"] += 1


def another_class(document: Facts) -> None:
    """One request is an answer 500 at its endpoint and in the series, and a time-out in the ledger."""
    busiest(document)["warm_up"]["failed"] = {"http_5xx": 1}
    document["ledger"] |= {"failed": {"timeout": 1}, "planned": document["ledger"]["planned"] + 1}
    document["load"]["series"][0] |= {"failed": 1, "classes": {"timeout": 1}}


def a_class_of_its_own(document: Facts) -> None:
    another_class(document)
    busiest(document)["warm_up"]["failed"] = {"time_out": 1}
    document["ledger"]["failed"] = {"time_out": 1}


def twice(document: Facts) -> None:
    """A second endpoint of the same name that nobody asked anything."""
    first = next(one for one in document["endpoints"] if not one["judged"])
    document["endpoints"].append({"scenario": first["scenario"], "name": first["name"], "judged": {}, "warm_up": {}})


def of_drills(document: Facts) -> list[Facts]:
    return [one for one in document["measurements"] if one["metric"].startswith("drill.")]


def without_drill(document: Facts) -> None:
    """Nothing that the drill showed, and no drill."""
    document["measurements"] = [one for one in document["measurements"] if one not in of_drills(document)]
    document.pop("drills")


def unplanned(document: Facts) -> None:
    """The plan knows of no drill."""
    document["plan"].pop("drills")
    whole = {"plan": document["plan"], "scenarios": document["provenance"]["scenarios"]}
    document["plan_hash"] = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def without(document: Facts, metric: str) -> None:
    document["measurements"].remove(measured(document, metric))


def out_of_order(document: Facts) -> None:
    starts = busiest(document)["judged"]["slices"]["start_s"]
    starts[3], starts[4] = starts[4], starts[3]


MUTATIONS: dict[str, Callable[[Facts], object]] = {
    "what_was_examined_is_among_the_answers": lambda d: d["load"]["seen"][0].update(
        examined={"answers": 1, "at_log_in": 2}
    ),
    "what_was_examined_is_all_there": lambda d: d["provenance"].update(tool_version="0.2.0.dev0"),
    "requests_without_an_answer_failed": lambda d: d["load"].update(unanswered={"requests": 1, "time_s": 1.0}),
    "classes_are_known": a_class_of_its_own,
    "ledger_is_balanced": lambda d: d["ledger"].update(planned=d["ledger"]["planned"] + 1),
    "endpoints_add_up_to_the_ledger": another_class,
    "what_is_in_flight_is_at_an_endpoint": in_flight,
    "connections_are_those_of_the_requests": lambda d: d["load"].update(connections={"resent_unread": 10**9}),
    "endpoints_stand_once": twice,
    "blocks_add_up_to_the_whole": lambda d: busiest(d)["judged"]["slices"]["failed"].__setitem__(0, 1),
    "blocks_come_in_order": out_of_order,
    "judged_requests_have_blocks": lambda d: busiest(d)["judged"].pop("slices"),
    "parts_of_a_recording_are_no_more_than_it": lambda d: busiest(d)["warm_up"].update(
        failed_latency=busiest(d)["warm_up"]["ok"]
    ),
    "first_bytes_are_those_of_the_requests": lambda d: busiest(d).update(
        first_byte=busiest(d)["judged"] | {"in_flight": 1}
    ),
    "streams_are_some_of_the_requests": lambda d: busiest(d).update(first_event={"in_flight": 1}),
    "series_adds_up_to_the_ledger": lambda d: d["load"]["series"][20].update(failed=9999),
    "points_are_of_one_piece": lambda d: d["load"]["series"][20].update(p50_ms=1e6),
    "points_come_in_order": lambda d: d["load"]["series"][20].update(at_s=3.0),
    "rates_are_shares": lambda d: measured(d, "health.success_rate")["evidence"]["blocks"].__setitem__(0, [2, 1]),
    "no_more_users_than_planned": lambda d: d["load"]["series"][20].update(users=51),
    "load_is_the_planned_one": lambda d: d["load"].update(planned_s=121.0),
    "plan_has_its_hash": lambda d: d["plan"].update(timeout_s=31.0),
    "model_has_its_figures": lambda d: d["load"].update(intended_judged=5),
    "arrivals_add_up": lambda d: d["load"].update(dropped_judged=1),
    "window_is_a_time": lambda d: (
        d["load"].update(judged_start_s=0.5, judged_end_s=150.5),
        d["probing"].update(window_s=150.0),
    ),
    "stalls_are_times": lambda d: d["load"].update(
        stalls=[{"start_s": 30.0, "end_s": 25.0, "in_flight": 1, "users": 1, "scopes": []}]
    ),
    "run_lasts_as_long_as_its_load": lambda d: d.update(ended_at="2026-11-24T20:27:50.000+00:00"),
    "only_a_load_that_was_watched_is_decided_early": lambda d: d["load"].update(ending="decided"),
    "idle_scenarios_sent_nothing": lambda d: d["load"].update(idle_scenarios=["login"]),
    "paces_are_parts_of_their_users": lambda d: d["load"]["paces"][0].update(watched=31),
    "lookups_are_those_that_were_seen": lambda d: (
        d["load"]["header_rate"].update(hits=d["load"]["header_rate"]["hits"] + 1),
        measured(d, "cache.hit_rate").update(source="probe cache"),
    ),
    "steps_are_of_one_climb": lambda d: d["load"].update(steps=[step(0, 9), step(5, 12)]),
    "instruments_are_of_one_piece": lambda d: d["load"]["instrument"].update(fds=30_000),
    "times_are_not_negative": lambda d: d["load"]["instrument"].update(cpu_s=-1.0),
    "interrupted_is_a_signal": lambda d: d.update(interrupted=""),
    "measurements_stand_once": lambda d: d["measurements"].append(measured(d, "service.restarts")),
    "the_load_is_its_own_measurement": add("latency.p95", 1.0),
    "a_measurement_has_a_value_or_a_reason": lambda d: measured(d, "service.restarts").update(samples=0),
    "values_are_those_of_their_evidence": lambda d: measured(d, "health.latency.p95").update(value=1.0),
    "bounds_hold_their_value": add("baseline.latency.p95", 5.0, evidence={"low": 6.0, "high": 9.0}),
    "listed_faults_are_counted": lambda d: measured(d, "database.writes.lost")["details"].append(
        {"subject": "a write", "observed": "lost", "ok": False}
    ),
    "header_rules_are_counted": lambda d: measured(d, "security.headers").update(value=50.0),
    "repeated_numbers_are_the_same": lambda d: measured(d, "data.bags").update(value=25746.5),
    "witnesses_can_be_heard": lambda d: measured(d, "pool.saturation")["witnesses"][1].update(relation="about"),
    "hit_rate_of_the_load_is_the_loads": lambda d: measured(d, "cache.hit_rate").update(
        value=100.0, evidence=dict.fromkeys(("hits", "total"), d["load"]["header_rate"]["total"])
    ),
    "database_samples_are_in_order": lambda d: d["database"]["sessions"][0].update(active=500),
    "database_measurements_are_those_of_its_counters": lambda d: measured(d, "database.deadlocks").update(value=1.0),
    "probes_saw_the_same_load": lambda d: d["probing"]["load"].update(requests=99_999),
    "what_the_file_defines_has_its_digest": lambda d: d["definitions"].pop("custom.queue"),
    "values_are_those_of_their_lines": lambda d: measured(d, "kubernetes.restarts").update(value=0.0),
    "what_is_measured_of_processes_is_what_was_seen_of_them": lambda d: d.pop("process"),
    "drills_have_a_course": lambda d: d["drills"][0].update(end_s=2.0),
    "points_of_a_drill_have_no_gap": lambda d: d["drills"][0]["series"].pop(1),
    "health_is_that_of_its_samples": lambda d: measured(d, "health.success_rate").update(
        value=100.0, samples=7, evidence={"hits": 7, "total": 7}
    ),
    "planned_drills_stand_in_the_run": without_drill,
    "what_a_drill_showed_is_of_a_drill_that_happened": lambda d: d["drills"][0].update(problem="the load ended first"),
    "rates_and_percentiles_of_a_drill_have_evidence": lambda d: measured(d, "drill.unanswered").pop("evidence"),
    "numbers_of_a_drill_are_of_the_same_requests": lambda d: measured(d, "drill.longest_answer").update(value=0.0),
}
"""What breaks each law, and it alone."""


def changed(change: Callable[[Facts], object]) -> str:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return json.dumps(document)


def test_every_law_has_a_sentence_and_a_file_that_breaks_it() -> None:
    assert set(MUTATIONS) == {law.__name__ for law in RUN_LAWS}
    sentences = [law.__doc__ or "" for law in RUN_LAWS]
    assert all(text.endswith(".") and "\n" not in text for text in sentences)
    assert len(set(sentences)) == len(RUN_LAWS)


@pytest.mark.parametrize("law", RUN_LAWS, ids=lambda law: law.__name__)
def test_a_run_that_breaks_a_law_is_refused_with_it(law: Callable[[object], object]) -> None:
    text = changed(MUTATIONS[law.__name__])
    run = decode(text, "run.json")
    broken = [one.__name__ for one in RUN_LAWS if contradictions(run, (one,))]
    assert broken == [law.__name__]
    with pytest.raises(Contradicted) as caught:
        loads(text, "out/run.json")
    assert str(caught.value).startswith("out/run.json: $")
    assert f"(always: {(law.__doc__ or '').rstrip('.')})" in str(caught.value)
    assert caught.value.exit_code == 2


def the_least_sums(document: Facts) -> None:
    """Every block's latencies add up to the least that its smallest one allows, and so does the whole: a low mean."""
    for one in document["endpoints"]:
        if one["judged"]:
            blocks, whole = one["judged"]["slices"], one["judged"]["ok"]
            before = whole["sum_us"]
            pairs = zip(blocks["total"], blocks["min_us"], blocks["max_us"], strict=True)
            blocks["sum_us"] = [(total - 1) * least + most if total else 0 for total, least, most in pairs]
            whole["sum_us"] = sum(blocks["sum_us"])
            document["probing"]["load"]["waited_ms"] -= (before - whole["sum_us"]) / 1000


def fewer_hits_in_a_block(document: Facts) -> None:
    document["load"]["header_rate"]["blocks"][3][0] -= 1


MORE: dict[str, Callable[[Facts], object]] = {
    "a mean that no bucket allows": the_least_sums,
    "a block with another number of hits": fewer_hits_in_a_block,
    "one user beside fifty": lambda d: d["load"].update(users=1),
    "failures of a second without a class": lambda d: d["load"]["series"][5].update(failed=1),
    "percentiles of a second without a success": lambda d: d["load"]["series"][5].update(ok=0),
    "a value from no samples": lambda d: measured(d, "service.user_agent").update(samples=0),
    "a fraction of a restart": lambda d: measured(d, "service.restarts").update(value=0.5),
    "neither yes nor no": lambda d: measured(d, "rate_limit.active").update(value=0.5),
    "another count beside the invariant": lambda d: measured(d, "data.parents").update(value=844.0),
    "another change than was counted": lambda d: measured(d, "data.bags.change").update(value=1.0),
    "a write that was lost and not counted": lambda d: measured(d, "database.writes.lost").update(
        details=[{"subject": "x", "observed": "lost", "ok": False}]
    ),
    "more look-ups than requests": lambda d: d["load"]["seen"][0]["hit"].update(
        d["load"]["seen"][0]["hit"] | {"total": 10**6}
    ),
    "more examined answers than are there": lambda d: d["load"].update(examined=10**6),
    "an end before the start": lambda d: d.update(ended_at=d["started_at"].replace("2026", "2025")),
    "a time that is none": lambda d: d.update(started_at="yesterday"),
    "another rate of the database": lambda d: measured(d, "database.rollback_rate").update(
        value=50.0, samples=2, evidence={"hits": 1, "total": 2}
    ),
    "another head-room": lambda d: measured(d, "pool.headroom").update(value=100.0),
    "a scenario that is not in its hash": lambda d: d["provenance"]["scenarios"].update(login="00" * 32),
    "no users": lambda d: d["load"].update(users=0),
    "neither open nor closed": lambda d: d["load"].update(model="ajar"),
    "dropped arrivals of a closed load": lambda d: d["ledger"].update(dropped=1, planned=d["ledger"]["planned"] + 1),
    "more arrivals kept back by the service than were dropped": lambda d: d["load"].update(unanswered_judged=1),
    "more calibrations failed than were sent": lambda d: d["load"]["instrument"]["calibration"].update(failed=10**9),
    "no drills": lambda d: d.pop("drills"),
    "no drill": lambda d: d.update(drills=[]),
    "a drill of another name": lambda d: d["drills"][0].update(name="other"),
    "values of a drill that nobody planned": unplanned,
    "a drill without a time": lambda d: (d["drills"][0].pop("begin_s"), d["drills"][0].pop("end_s")),
    "a drill without a window before it": lambda d: d["drills"][0].update(begin_s=0.0, end_s=0.0),
    "a drill without points": lambda d: d["drills"][0].update(series=[]),
    "points of a drill without requests": lambda d: [
        one.update(ok=0, p50_ms=None, p95_ms=None, p99_ms=None) for one in d["drills"][0]["series"]
    ],
    "points of a drill that end before its fault": lambda d: d["drills"][0].update(end_s=15.5),
    "points of a drill that begin after its fault": lambda d: d["drills"][0]["series"].__delitem__(slice(0, 2)),
    "a user agent that makes no difference": lambda d: measured(d, "service.user_agent").update(value=0.0),
    "a rate limit that no line declares": lambda d: measured(d, "rate_limit.active").update(details=[]),
    "no rate limit, and a line that declares one": lambda d: measured(d, "rate_limit.active").update(value=0.0),
    "a drill without its error rate": lambda d: without(d, "drill.error_rate"),
    "no failures of a drill in which some had no answer": lambda d: measured(d, "drill.unanswered").update(
        value=100.0, evidence=dict.fromkeys(("hits", "total"), measured(d, "drill.unanswered")["samples"])
    ),
    "another number of requests in a drill": lambda d: measured(d, "drill.goodput").update(samples=1),
    "a reason why no process was seen": lambda d: d.update(process={"reason": "nobody listens"}),
    "another CPU than that of the process": lambda d: measured(d, "target.cpu").update(
        value=1.0, evidence={"low": 0.5, "high": 2.0}
    ),
    "less memory than the process had": lambda d: measured(d, "target.memory.max").update(value=1.0),
    "a role without a definition": lambda d: d.pop("definitions"),
    "days left of a certificate that ended": lambda d: measured(d, "tls.days_left")["details"][0].update(ok=False),
    "a number of TLS without an address": lambda d: measured(d, "tls.days_left").pop("details"),
    "no database beside its numbers": lambda d: d.pop("database"),
    "no samples of the database": lambda d: d["database"].update(sessions=[]),
    "no counters of the database": lambda d: d["database"].pop("counters"),
    "a pause that ends before it begins": lambda d: d["load"]["instrument"].update(
        pauses=[{"start_s": 5.0, "end_s": 4.0, "cpu_s": 0.0}]
    ),
}


YES_NO = tuple(metric.name for metric in CATALOGUE if metric.yes_no)
_GOOD, _BAD, _ADVICE = Detail("one", "x", True), Detail("two", "x", False), Detail("/: Retry-After", "absent", False)


@pytest.mark.parametrize("metric", YES_NO)
def test_every_yes_or_no_is_that_of_its_lines_or_says_why_it_has_none(metric: str) -> None:
    run = replace(decode(json.dumps(DOCUMENT), "run.json"), measurements=())

    def broken(value: float, *details: Detail) -> bool:
        one = Measurement(metric, None, value, "probe", details=details)
        return bool(contradictions(replace(run, measurements=(one,)), (values_are_those_of_their_lines,)))

    if metric in WITHOUT_LINES:
        assert not broken(1.0)
        return
    # a yes that a line denies, a no without a bad line, and a line that is only advice
    assert [broken(0.0, _BAD), broken(1.0, _GOOD, _ADVICE), broken(1.0, _BAD), broken(0.0, _GOOD)] == [
        False, False, True, True,
    ]  # fmt: skip
    assert broken(1.0) is (metric != "kubernetes.disruption_budget"), "a yes without lines, where the good are listed"
    assert broken(0.0), "a no without a line"


def test_only_metrics_that_exist_have_no_lines() -> None:
    assert set(WITHOUT_LINES) <= set(YES_NO)
    assert all(WITHOUT_LINES.values())


@pytest.mark.parametrize("case", MORE)
def test_more_that_cannot_be_true_is_refused(case: str) -> None:
    from readiness.errors import ConfigError

    with pytest.raises(ConfigError):
        loads(changed(MORE[case]), "run.json")


def test_many_contradictions_are_told_and_not_too_many() -> None:
    def break_much(document: Facts) -> None:
        for one in document["measurements"]:
            one["samples"] = 0

    with pytest.raises(Contradicted) as caught:
        loads(changed(break_much), "run.json")
    assert 5 < len(caught.value.problems) <= _MOST


def test_a_run_whose_engine_was_lost_keeps_the_laws() -> None:
    def lost(document: Facts) -> None:
        in_flight(document)
        document["doubts"] = ["the load generator was lost"]

    assert loads(changed(lost), "run.json").load is not None
