"""What follows from a verdict: risks, steps, issues and terms say what was measured, and rank it by rule."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.config.model import Check, Config, OnFail
from readiness.judge.inconclusive import TO_DO, Cause
from readiness.judge.judge import judge
from readiness.judge.outcome import Decision, Outcome
from readiness.judge.release import Horizon
from readiness.judge.verdict import Verdict
from readiness.measurements.response_facts import ResponseFacts, TimeParts
from readiness.measurements.run import Detail, Measurement, Stall
from readiness.report import FORMATS
from readiness.report.status import OUTCOMES
from readiness.report.view.checks import areas
from readiness.report.view.lead import causes, first_steps, lead
from tests.judge import builders


def _verdict(*checks: Check, measurements: tuple[Measurement, ...] = (), slow: int = 0, failed: int = 0) -> Verdict:
    load = builders.load(
        ("shop", "GET /", builders.recording([10.0] * 1800, failed={"http_5xx": failed} if failed else None)),
        ("login", "POST /login", builders.recording([150.0] * slow + [9.0])),
        users=50,
    )
    return judge(builders.run(load, *measurements), Config("shop", checks))


@pytest.mark.parametrize(
    ("on_fail", "rows", "level"),
    [
        (OnFail.BLOCK, 11.0, "high"),
        (OnFail.CONDITION, 15.0, "high"),
        (OnFail.CONDITION, 11.0, "medium"),
        (OnFail.NOTE, 15.0, "medium"),
        (OnFail.NOTE, 11.0, "low"),
        (OnFail.BLOCK, None, "high"),
        (OnFail.CONDITION, None, "medium"),
    ],
)
def test_a_risk_has_its_level_by_what_failed_how_far_and_how_critical(
    on_fail: OnFail, rows: float | None, level: str
) -> None:
    found = Measurement("data.x", None, rows, "database", reason=None if rows else "nobody looked")
    risks = _verdict(builders.check("data.x", "<= 10", on_fail=on_fail), measurements=(found,)).risks
    named = {name for name in ("low", "medium", "high") if any("data.x" in line for line in getattr(risks, name))}
    assert named == {level}


def test_load_beyond_the_measured_one_is_an_unknown_and_never_called_good() -> None:
    verdict = _verdict(builders.check("latency.p95", "< 100 ms"))
    assert verdict.decision is Decision.READY
    assert "Load beyond 50 users was not measured." in verdict.risks.medium
    assert verdict.release.deployment is not None
    assert verdict.release.deployment.max_load.startswith("50 users (")
    assert verdict.release.deployment.max_load.endswith("More was not measured.")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 400), st.integers(0, 100))
def test_the_largest_load_is_named_only_when_every_limit_on_it_held(slow: int, failed: int) -> None:
    verdict = _verdict(
        builders.check("latency.p95", "< 100 ms", warn="< 140 ms"),
        builders.check("http.success_rate", "> 99 %"),
        slow=slow,
        failed=failed,
    )
    terms = verdict.release.deployment
    assert terms is not None
    held = all(check.outcome in ("pass", "warn") for check in verdict.checks)
    assert terms.max_load.startswith("50 users") is held
    assert terms.max_load.startswith("No measured load") is not held


def test_the_step_for_what_is_not_proven_says_the_seconds_that_the_longest_proof_needs() -> None:
    seen = builders.load(("shop", "GET /", builders.recording([50.0] * 100)))
    checks = (builders.check("http.success_rate", "> 99 %"), builders.check("latency.p99", "< 100 ms"))
    verdict = judge(builders.run(seen), builders.config(*checks))
    longest = max(verdict.outlook.needs, key=lambda need: need.window_s or 0)
    said = f"about {longest.window_s} s at this load ({longest.name} needs the longest)"
    assert said in verdict.release.steps[0].text
    assert said in verdict.release.steps[0].headline


def test_steps_come_by_horizon_and_the_endpoint_that_carries_the_tail_is_named() -> None:
    verdict = _verdict(
        builders.check("latency.p95", "< 100 ms"),
        builders.check("latency.p99", "< 100 ms", on_fail=OnFail.NOTE),
        builders.check("database.orphans", "== 0", on_fail=OnFail.BLOCK),
        builders.check("security.headers", "== 100 %"),
        measurements=(Measurement("database.orphans", None, 2.0, "database"),),
        slow=400,
    )
    steps = verdict.release.steps
    assert verdict.next_steps == tuple(step.text for step in steps)
    assert [(step.horizon, step.checks) for step in steps] == [
        (Horizon.IMMEDIATE, ("database.orphans",)),
        (Horizon.IMMEDIATE, ("security.headers",)),
        (Horizon.SHORT_TERM, ("latency.p95", "latency.p99")),
    ]
    assert [step.effect for step in steps][:2] == ["lifts a block, 25 points", "tells what is not known, 25 points"]
    assert "Begin with POST /login: 18 % of traffic, 100 % of what is slow." in steps[2].text


def test_a_drill_with_too_few_requests_is_to_be_given_more_and_not_the_run() -> None:
    few = builders.recording([10.0] * 40)
    found = Measurement("drill.fails_fast", "db_refuses", 10.0, "drill", 40, evidence=few)
    seen = builders.run(builders.load(("shop", "GET /", builders.recording([10.0] * 400))), found)
    seen = replace(seen, plan={**seen.plan, "drills": "db_refuses"})
    checks = (
        builders.check("drill.fails_fast", "< 2000 ms", scope="db_refuses"),
        builders.check("latency.p95", "< 1000 ms"),
    )
    (step,) = judge(seen, Config("shop", checks)).next_steps
    assert "more requests in it, by `for` or `rate` of drills.db_refuses" in step


def test_an_issue_gathers_checks_with_one_cause_and_says_only_what_was_measured() -> None:
    verdict = _verdict(
        builders.check("latency.p95", "< 100 ms"), builders.check("latency.p99", "< 100 ms"), slow=400, failed=0
    )
    (issue,) = verdict.release.issues
    assert issue.title == "Slow answers"
    assert issue.checks == ("latency.p95", "latency.p99")
    assert issue.causes == (
        "POST /login is 18 % of traffic but 100 % of the requests at or over 100.0 ms (P95 150.0 ms); "
        "no breakdown: Server-Timing missing or not read.",
        "Not identified: Nothing inside the service was measured; 100 % of the slow requests are of POST /login: see "
        "what it calls. `probes.server_timing: read`, READINESS_DATABASE_URL, `probes.pool` would tell more.",
    )
    failing = _verdict(builders.check("http.success_rate", "> 99 %"), failed=90).release.issues
    assert failing[0].causes == ("GET /: 90 of 1,890 requests failed: HTTP 5xx",)


def test_a_standstill_is_among_the_causes() -> None:
    load = builders.load(
        ("shop", "GET /", builders.recording([10.0] * 900)), stalls=(Stall(2.0, 6.0, 5, 5, ("shop", "GET /")),)
    )
    verdict = judge(builders.run(load), Config("shop", (builders.check("latency.p95", "< 100 ms"),)))
    assert any("4.0 s without any answer" in cause for cause in verdict.release.issues[0].causes)


def test_where_all_are_slow_no_endpoint_is_blamed() -> None:
    load = builders.load(
        ("shop", "GET /", builders.recording([150.0] * 900)), ("shop", "GET /b", builders.recording([150.0] * 100))
    )
    verdict = judge(builders.run(load), Config("shop", (builders.check("latency.p95", "< 100 ms"),)))
    words = "No endpoint alone is slow, so what they share is: GET / is 90 % of traffic and 90 %"
    assert any(cause.startswith(words) for cause in verdict.release.issues[0].causes)


def test_a_root_cause_says_where_to_begin_and_where_the_time_goes() -> None:
    slow = builders.recording([float(ms) for ms in range(300, 700)])
    load = builders.load(("shop", "GET /", builders.recording([10.0] * 1800)), ("login", "POST /login", slow))
    seen = ResponseFacts("login", "POST /login", slow=TimeParts(10, 5000.0, {"hash": 4500.0}))
    checks = (builders.check("latency.p95", "< 100 ms"),)
    verdict = judge(builders.run(replace(load, seen=(seen,))), Config("shop", checks))
    assert verdict.next_steps[0].endswith(
        "Begin with POST /login: 18 % of traffic, 100 % of what is slow; most of its time goes into hash (90 %)."
    )
    assert "its slow answers spend their time in: hash 90 %" in verdict.release.issues[0].causes[0]


def test_only_values_inside_their_limits_are_called_good() -> None:
    p99 = builders.check("latency.p99", "< 500 ms")
    rate = builders.check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK)
    beyond, good = (
        judge(builders.run(builders.load(("shop", "GET /", record))), Config("shop", (rate, p99)))
        for record in (builders.recording([10.0] * 198, failed={"http_5xx": 3}), builders.recording([10.0] * 100))
    )
    assert (beyond.decision, beyond.inconclusive_cause) == (Decision.INCONCLUSIVE, Cause.BEYOND)
    assert [step.headline for step in beyond.release.steps] == ["Find out why GET / fails: HTTP 5xx"]
    assert good.inconclusive_cause == Cause.TOO_SHORT
    assert good.release.steps[0].headline.endswith("within the limit, the proof is missing")


def test_good_values_without_proof_are_one_issue_with_one_cause_and_one_fix() -> None:
    checks = (
        builders.check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK),
        builders.check("latency.p95", "< 500 ms"),
        builders.check("latency.p99", "< 500 ms", scope="GET /"),
        builders.check("limits.own", "== 1"),
    )
    short = builders.load(("shop", "GET /", builders.recording([10.0] * 30)))
    verdict = judge(builders.run(short, Measurement("limits.own", None, 0.0, "file")), Config("shop", checks))
    by_title = {issue.title: issue for issue in verdict.release.issues}
    unproven = by_title["Within the limit, not proven"]
    assert unproven.checks == ("http.success_rate", "latency.p95", "latency.p99@GET /")
    assert unproven.causes == ("What was measured is within its limit, but it is too little to prove it.",)
    assert len(unproven.solutions) == 1
    assert "run longer or with more load" in unproven.solutions[0]
    assert by_title["limits.own"].causes[0].startswith("The limits are the ones that readiness proposes")


def test_the_first_screen_names_failed_requests_and_worst_checks_and_nothing_that_is_only_noted() -> None:
    headers = Measurement(
        "security.headers", None, 50.0, "probe", details=(Detail("/", "X-Content-Type-Options: absent", ok=False),)
    )
    noted = builders.check("security.headers", "== 100 %", on_fail=OnFail.NOTE, weight=0)
    rate = builders.check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK)
    verdict = _verdict(noted, rate, measurements=(headers,), failed=200)
    assert causes(verdict) == ("GET /: 200 of 2,000 requests failed: HTTP 5xx",)

    short = builders.load(("shop", "GET /", builders.recording([10.0] * 100)))
    undecided = judge(builders.run(short, headers), Config("shop", (noted, rate)))
    assert undecided.decision is Decision.INCONCLUSIVE
    assert not any("cannot be READY" in sentence for sentence in lead(undecided)), "only a note failed"


def test_two_checks_with_one_cause_share_its_sentence_and_the_farthest_is_first() -> None:
    changed = Detail("public.scans: constraint", "NOT VALID", ok=False)
    found = (
        Measurement("database.schema.destructive", None, 1.0, "database", details=(changed,)),
        Measurement("database.schema.drift", None, 1.0, "database", details=(changed,)),
        Measurement("database.orphans", None, 40.0, "database", details=(Detail("public.scans", "40", ok=False),)),
    )
    checks = [builders.check(one.metric, "== 0", on_fail=OnFail.BLOCK) for one in found]
    said = causes(_verdict(*checks, measurements=found))
    assert said[0] == "database.orphans: public.scans: 40"
    assert said[1] == "database.schema.destructive and database.schema.drift: public.scans: constraint: NOT VALID"


def test_where_to_begin_is_an_endpoint_that_the_check_speaks_of() -> None:
    slow = builders.recording([9.0] * 1800 + [150.0] * 400)
    load = builders.load(("shop", "GET /", builders.recording([60.0] * 200)), ("login", "POST /login", slow))
    for scope, said in (("GET /", False), ("POST /login", True), ("login", True), ("GET /none", False)):
        one = builders.check("latency.p99", "< 50 ms", scope=scope, on_fail=OnFail.BLOCK)
        told = judge(builders.run(load), Config("shop", (one,))).release.steps[0].headline
        assert ("Begin with POST" in told) is said, told


def test_a_run_that_was_ended_says_first_to_run_again_in_every_format() -> None:
    load = builders.load(("shop", "GET /", builders.recording([10.0] * 100)))
    checks = (builders.check("http.success_rate", "> 99 %"),)
    verdict = judge(builders.run(load, interrupted="SIGINT"), Config("shop", checks))
    assert [step.text for step in first_steps(verdict)] == [verdict.next_steps[0]] == [TO_DO[Cause.INTERRUPTED]]


def test_both_sides_of_an_invariant_that_fails_are_its_cause() -> None:
    sides = (Detail("movements", "5,393", None), Detail("orders", "5,319", None))
    found = Measurement("data.movement_per_order", None, 74.0, "database", details=sides)
    verdict = _verdict(builders.check("data.movement_per_order", "== 0"), measurements=(found,))
    assert causes(verdict) == ("data.movement_per_order: movements: 5,393; orders: 5,319",)


@pytest.mark.parametrize("ok", [None, False])
def test_the_details_of_a_failed_count_are_its_cause_on_every_page(ok: bool | None) -> None:
    detail = Detail("public.orders: column key", "new", ok, "text; additive")
    found = Measurement("database.schema.drift", None, 1.0, "database", details=(detail,))
    verdict = _verdict(builders.check("database.schema.drift", "== 0"), measurements=(found,))
    said = "public.orders: column key: new (text; additive)"
    assert verdict.release.issues[0].causes == (said,)
    assert causes(verdict) == (f"database.schema.drift: {said}",)
    failure = ElementTree.fromstring(FORMATS["junit"].render(verdict)).find(".//failure")
    assert failure is not None
    assert (failure.text or "").endswith(f"Cause: {said}")


def test_an_area_has_the_mark_of_its_worst_check() -> None:
    rate = builders.check("http.success_rate", "> 99 %")
    few = builders.load(("shop", "GET /", builders.recording([10.0] * 50)))
    (area,) = areas(judge(builders.run(few), Config("shop", (rate,))))
    assert area.status is OUTCOMES[Outcome.INCONCLUSIVE]
