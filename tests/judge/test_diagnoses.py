"""Why requests were slow: the cause is what the slow requests waited for, and not what the well ones do as ever."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from readiness.config.model import Check, OnFail
from readiness.judge.judge import judge
from readiness.judge.outlook import DiagnosisKind
from readiness.judge.verdict import Verdict
from readiness.measurements.bounds import Bounds
from readiness.measurements.database import Activity, Sessions, Statement
from readiness.measurements.histogram import Histogram
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.run import Detail, Load, Measurement, Run, Slice, Stall
from readiness.report.console import summary
from readiness.report.view.lead import causes, first_steps
from tests.judge.builders import check, config, load, measured, recording, run

QUICK = recording([10.0] * 900)
REPORT = "select status, count(*) from orders group by status"
NODE = ProcessActivity("node (pid 7)", window_s=40.0, cores=2.0, cpu_s=12.0, samples=400, running_share=0.45, ran=())
STILL = (2.0, 7.0, 12.0, 17.0, 22.0, 27.0, 32.0)


def database(
    *statements: Statement, active: int = 1, seconds: int = 40, waits: dict[str, int] | None = None
) -> Activity:
    sessions = tuple(Sessions(float(at), 16, 2 * active * (at % 2), 0, 0, 100.0) for at in range(seconds))
    return Activity("PostgreSQL 15", 97, float(seconds), sessions, waits=waits or {}, statements=statements)


def blocked(process: ProcessActivity) -> Run:
    """Every 5 s, for 1.5 s, nobody is answered; then the 20 who waited are."""
    stalls = tuple(Stall(at, at + 1.5, 20, 20, ("shop", "GET /")) for at in STILL)
    blocks = [
        ([1450.0] * 20 if second in {int(stall.end_s) for stall in stalls} else [180.0] * 4 + [5.0] * 30)
        for second in range(40)
    ]
    slices = tuple(
        Slice(float(at), 1.0, Histogram.of_us(np.array(ms, np.float64).astype(np.int64) * 1000), 0)
        for at, ms in enumerate(blocks)
    )
    whole = recording([ms for block in blocks for ms in block])
    seen = load(("shop", "GET /", replace(whole, slices=slices)), stalls=stalls, users=20, seconds=40)
    report = Statement(REPORT, 132, 132 * 178.0, 132)
    return replace(run(seen), database=database(report), process=process)


def slow(seen: Run) -> Verdict:
    return judge(seen, config(check("latency.p95", "< 300 ms"), check("latency.p99", "< 800 ms")))


def test_a_service_that_stands_still_is_the_cause_and_no_statement_and_no_endpoint_is() -> None:
    verdict = slow(blocked(replace(NODE, ran=tuple((at, at + 1.5) for at in STILL))))
    (first,) = verdict.diagnoses
    assert first.kind is DiagnosisKind.STANDSTILL
    assert (first.explained or 0) > 0.9
    assert first.named.startswith("The whole service stood still 7 times, about ")
    assert first.text.startswith("No request was answered for 1.5 s each, every 5.0 s: 10.5 s of 40.0 s. node (pid 7) ")
    assert "computed or was ready to for 10.5 s of that: synchronous work" in first.text
    assert causes(verdict)[0].startswith("The whole service stood still 7 times")
    assert verdict.release.issues[0].causes[0].startswith("The whole service stood still 7 times")
    assert first_steps(verdict)[0].text.startswith("Find what stops the whole service every 5.0 s: ")
    assert verdict.next_steps[0].endswith("First find what stops the whole service every 5.0 s.")


@pytest.mark.parametrize(
    ("process", "said"),
    [
        (NODE, "did not compute meanwhile: it waited for a lock, the disk or another service, or was stopped"),
        (replace(NODE, ran=None), "computed or was ready to for 18.0 s of the whole window"),
        (replace(NODE, ran=((2.0, 33.0),)), "for 10.0 s of that: synchronous"),
        (replace(NODE, ran=((2.0, 8.5),)), "for 3.0 s of that, and waited for the rest"),
        (ProcessActivity(reason="not on this machine"), "What the service did meanwhile was not watched"),
    ],
)
def test_what_the_process_did_in_a_standstill_is_said_as_far_as_it_was_seen(
    process: ProcessActivity, said: str
) -> None:
    diagnoses = slow(blocked(process)).diagnoses
    assert said in next(one for one in diagnoses if one.kind is DiagnosisKind.STANDSTILL).text


def hanging(*statements: Statement, waits: dict[str, int] | None = None, active: int = 1) -> Verdict:
    """One request of GET /orders in eight hangs; /reports takes its 190 ms, which it may."""
    seen = load(
        ("shop", "GET /orders", recording([9.0] * 210 + [2500.0] * 30)),
        ("shop", "GET /reports", recording([190.0] * 210)),
        ("shop", "GET /", recording([4.0] * 300)),
        users=20,
        seconds=40,
    )
    facts = replace(run(seen), process=NODE, database=database(*statements, waits=waits, active=active))
    return judge(facts, config(check("latency.p99", "< 300 ms")))


def test_a_statement_of_requests_that_kept_the_limit_explains_no_other() -> None:
    verdict = hanging(Statement(REPORT, 211, 211 * 184.0, 211))
    (only,) = verdict.diagnoses
    assert only.kind is DiagnosisKind.UNKNOWN
    assert "100 % of the slow requests are of GET /orders" in only.text
    assert "It waits" not in only.text
    assert verdict.release.issues[0].causes[-1].startswith("Not identified: ")


@pytest.mark.parametrize(
    ("statement", "waits", "active"),
    [
        (Statement("select pg_sleep(2.4)", 30, 30 * 2400.0, 30), None, 2),  # runs in the slow ones alone
        (Statement("select one item", 6000, 6000 * 9.5, 6000), None, 2),  # hundreds of times in a slow one
        (Statement("update counters", 450, 450 * 160.0, 450), {"Lock: tuple": 78}, 2),  # waits for a lock
    ],
)
def test_a_statement_that_only_the_slow_requests_can_hold_is_the_cause(
    statement: Statement, waits: dict[str, int] | None, active: int
) -> None:
    first = hanging(statement, waits=waits, active=active).diagnoses[0]
    assert first.kind is DiagnosisKind.DATABASE
    assert (first.explained or 0) > 0.5
    assert statement.text in first.text


def test_the_statement_that_is_named_is_that_of_the_slow_requests() -> None:
    both = (Statement(REPORT, 211, 211 * 184.0, 211), Statement("select pg_sleep(1.2)", 30, 30 * 1200.0, 30))
    assert "`select pg_sleep(1.2)`, 1,200.0 ms a call" in hanging(*both, active=2).diagnoses[0].text


GROWS = replace(NODE, memory_mb=110.0, memory_growth_mb=14.0)


def grown(mb: float, *others: Check, seen: Load | None = None, on_fail: OnFail = OnFail.NOTE) -> Verdict:
    found = replace(measured("target.memory.growth", mb), evidence=Bounds(14.0 if mb < 100 else 0.9 * mb, 1.1 * mb))
    facts = replace(run(seen or load(("shop", "GET /", QUICK)), found), process=GROWS)
    own = check("target.memory.growth", "< 50 MB/min", on_fail=on_fail, weight=0)
    return judge(facts, config(*others, own))


def test_memory_of_a_service_that_warms_up_is_the_cause_of_no_failed_request_and_no_slow_one() -> None:
    failing = load(("shop", "GET /", recording([10.0] * 800, failed={"http_5xx": 100})))
    assert not grown(66.0, check("http.success_rate", "> 99 %"), seen=failing).diagnoses
    late = load(("shop", "GET /", recording([700.0] * 900)))
    assert {one.kind for one in grown(66.0, check("latency.p95", "< 100 ms"), seen=late).diagnoses} == {
        DiagnosisKind.UNKNOWN
    }


@pytest.mark.parametrize("on_fail", [OnFail.NOTE, OnFail.BLOCK])
def test_a_leak_whose_check_failed_is_on_the_first_screen_with_both_numbers(on_fail: OnFail) -> None:
    late = load(("shop", "GET /", recording([700.0] * 900)))
    verdict = grown(1946.0, check("latency.p95", "< 100 ms"), seen=late, on_fail=on_fail)
    (said,) = [cause for cause in causes(verdict) if cause.startswith("Memory growing")]
    assert "grew by 1,946.0 MB/min (proven: 14.0 MB/min or more)" in said


def test_failed_requests_are_a_cause_also_where_the_proof_is_missing() -> None:
    few = load(("shop", "GET /", recording([10.0] * 200, failed={"http_5xx": 3})))
    verdict = judge(run(few), config(check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK)))
    assert verdict.checks[0].outcome == "inconclusive"
    assert causes(verdict) == ("GET /: 3 of 203 requests failed: HTTP 5xx",)
    noted = judge(run(few), config(check("http.success_rate", "> 99 %", on_fail=OnFail.NOTE)))
    assert causes(noted) == ()


def failing(*names: str, failure: str = "http_5xx") -> Verdict:
    seen = load(*(("shop", name, recording([10.0] * 100, failed={failure: 50})) for name in names))
    return judge(run(seen), config(check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK)))


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (failing("GET /a"), "Find out why GET /a fails: HTTP 5xx"),
        (failing("GET /a", "GET /b"), "Find out why GET /a and GET /b fail: HTTP 5xx"),
        (
            failing(*(f"GET /{letter}" for letter in "abcde")),
            "Find out why GET /a, GET /b and 3 more endpoints fail: HTTP 5xx",
        ),
        (
            failing("GET /a", failure="rate_limited"),
            "Raise the limit of the service's rate for the test, or send less: GET /a got HTTP 429",
        ),
    ],
)
def test_the_first_step_about_failed_requests_is_an_order_in_one_line(verdict: Verdict, said: str) -> None:
    assert first_steps(verdict)[0].text == said


def test_nothing_on_the_first_screen_is_cut_inside_a_word() -> None:
    for more in range(5):  # one of them ends between two words by itself
        verdict = failing(*(f"GET /{letter}{'x' * more} {'part ' * 60}" for letter in "abcde"))
        words = first_steps(verdict)[0].text.split()
        assert words[-2:] == ["part", "…"]


def test_a_write_that_was_stored_twice_is_called_one() -> None:
    twice = Measurement(
        "database.writes.duplicated", None, 1.0, "database", details=(Detail("run.0.2", "duplicated", ok=False),)
    )
    verdict = judge(
        run(load(("shop", "GET /", QUICK)), twice),
        config(check("database.writes.duplicated", "== 0", on_fail=OnFail.BLOCK)),
    )
    assert causes(verdict) == ("database.writes.duplicated: the write run.0.2 was stored more than once",)


def test_a_wait_for_the_cpu_that_is_longer_than_the_window_is_told_as_a_sum() -> None:
    seen = load(("shop", "GET /", recording([900.0] * 90)))
    starved = replace(NODE, cpu_s=14.0, running_share=1.0, running=10.0, waited_for_core_s=400.0)
    facts = replace(run(seen), process=starved)
    (said,) = (
        one.text
        for one in judge(facts, config(check("latency.p95", "< 300 ms"))).diagnoses
        if one.title == "No free core"
    )
    assert "waited 400.0 s in sum, 10 at a time, for a free core" in said


def test_an_endpoint_that_waits_for_the_database_is_not_said_to_need_the_cpu() -> None:
    """Its fastest answer took 210 ms, all of them in the database."""
    seen = load(
        ("shop", "GET /reports", recording([210.0] + [1700.0] * 43)), ("shop", "GET /", recording([900.0] * 90))
    )
    busy = replace(NODE, window_s=10.0, cpu_s=9.5, running_share=1.0, busy_share=1.0, running=1.0, busiest=1.0)
    facts = replace(run(seen), process=busy, database=database(active=1, seconds=10))
    verdict = judge(facts, config(check("latency.p95", "< 300 ms")))
    assert any(one.title == "CPU saturated" for one in verdict.diagnoses)
    assert not any("/reports needs most" in one.text for one in verdict.diagnoses)


def test_the_terminal_says_once_why_requests_failed_and_what_else_is_a_cause() -> None:
    seen = load(("shop", "GET /", recording([700.0] * 100, failed={"http_5xx": 50})))
    limits = config(check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK), check("latency.mean", "< 300 ms"))
    verdict = judge(run(seen), limits)
    shown = Console(width=100, record=True, file=StringIO())
    shown.print(summary(verdict))
    boxed = shown.export_text().partition("Do first")[0]
    assert boxed.count("50 of 150 requests failed") == 1
    assert "Why requests failed" in boxed
    assert "│ Cause" not in boxed
