"""Slow requests: which endpoint has them, and which part of the service. One answer in every place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.config.model import Config
from readiness.judge.judge import judge
from readiness.judge.outlook import RootCause
from readiness.judge.slow_requests import REST, split
from readiness.measurements.database import Activity, Sessions
from readiness.measurements.response_facts import ResponseFacts, TimeParts
from readiness.measurements.run import Load
from tests.judge.builders import check, config, load, measured, recording, run

FAST = [10.0] * 900
SLOW = [700.0] * 100


def shop(*seen: ResponseFacts) -> Load:
    two = load(("staff", "POST /login", recording(SLOW)), ("staff", "GET /bags", recording(FAST)))
    return replace(two, seen=seen)


def root_causes(load: Load, limits: Config | None = None) -> tuple[RootCause, ...]:
    return judge(run(load), limits or config(check("latency.p95", "< 100 ms"))).root_causes


def only(load: Load) -> RootCause:
    (cause,) = root_causes(load)
    return cause


def test_the_endpoint_with_the_tail_is_named_and_the_others_are_not() -> None:
    cause = only(shop())
    assert (cause.scenario, cause.endpoint) == ("staff", "POST /login")
    assert cause.tail_share == 1.0
    assert cause.request_share == 0.1
    assert cause.p95_ms == pytest.approx(700, rel=0.002)
    assert cause.parts_ms == {}
    assert cause.sentence == (
        "POST /login is 10 % of traffic but 100 % of the requests at or over 100.0 ms (P95 700.0 ms); "
        "no breakdown: Server-Timing missing or not read"
    )


def test_its_time_is_split_by_what_the_service_names_and_the_rest_is_the_network() -> None:
    slow = TimeParts(samples=10, total_ms=7000, parts_ms={"hash": 6000, "db": 500, "total": 6800})
    everything = TimeParts(samples=100, total_ms=100, parts_ms={"db": 100})
    cause = only(shop(ResponseFacts("staff", "POST /login", timing=everything, slow=slow)))
    assert cause.parts_ms == {"hash": 600, "db": 50, "app": 30, REST: 20}
    assert list(cause.parts_ms) == ["hash", "db", "app", REST]
    assert "hash 86 %, db 7 %, app 4 %, network and queue 3 %" in cause.sentence


def test_too_few_slow_answers_speak_through_all_of_them() -> None:
    few = TimeParts(samples=4, total_ms=40, parts_ms={"cache": 40})
    everything = TimeParts(samples=100, total_ms=1000, parts_ms={"db": 900})
    cause = only(shop(ResponseFacts("staff", "POST /login", timing=everything, slow=few)))
    assert cause.parts_ms == {"db": 9, REST: 1}


def test_a_service_that_claims_more_than_the_client_waited_gets_no_negative_rest() -> None:
    assert split(TimeParts(2, 10.0, {"db": 30.0})) == {"db": 15.0, REST: 0.0}
    assert split(TimeParts(2, 10.0, {"total": 30.0})) == {"app": 15.0, REST: 0.0}
    assert split(TimeParts()) == {}
    assert split(TimeParts(3, 10.0, {})) == {}


def test_failed_requests_are_not_slow_and_without_a_success_nothing_is() -> None:
    nothing = load(("staff", "POST /login", recording([], failed={"http_5xx": 50})))
    assert root_causes(nothing) == ()
    mixed = load(
        ("staff", "POST /login", recording([5.0] * 100, failed={"timeout": 50})),
        ("staff", "GET /bags", recording([150.0] * 900)),
    )
    assert [cause.endpoint for cause in root_causes(mixed)] == ["GET /bags"]


def test_where_all_are_alike_up_to_three_are_named_and_none_is_blamed() -> None:
    alike = load(*(("staff", f"GET /{number}", recording([120.0] * 200)) for number in range(5)))
    causes = root_causes(alike)
    assert [cause.tail_share for cause in causes] == [0.2] * 3
    assert causes[0].sentence.startswith("No endpoint alone is slow, so what they share is: GET /0 is 20 % of traffic")


def test_a_limit_on_one_endpoint_looks_at_that_endpoint_alone() -> None:
    two = load(("staff", "POST /login", recording([90.0] * 100)), ("staff", "GET /bags", recording([700.0] * 900)))
    limits = config(check("latency.p95", "< 50 ms", scope="POST /login"))
    assert [cause.endpoint for cause in root_causes(two, limits)] == ["POST /login"]


def test_every_place_names_the_same_endpoint() -> None:
    """The slowest twentieth are the reports'; over the limit are mostly log-ins."""
    three = load(
        ("staff", "GET /bags", recording([10.0] * 1500)),
        ("staff", "POST /login", recording([150.0] * 400)),
        ("staff", "GET /report", recording([900.0] * 100)),
    )
    verdict = judge(run(three), config(check("latency.p95", "< 100 ms"), check("latency.p50", "< 50 ms")))
    outlook = verdict.outlook
    assert outlook.tail is not None
    assert outlook.tail.text.startswith("POST /login is 20 % of traffic but 80 %")
    assert [cause.endpoint for cause in verdict.root_causes] == ["POST /login", "GET /report"]
    assert verdict.release.issues[0].causes[0].startswith("POST /login is 20 %")
    assert "Begin with POST /login: 20 % of traffic, 80 % of what is slow." in verdict.next_steps[0]


def test_what_was_seen_to_wait_is_a_cause() -> None:
    slow = run(shop(), measured("pool.wait.mean", 12.0))
    sessions = (Sessions(0.0, 20, 5, 0, 3, 1.0), Sessions(0.4, 10, 5, 0, 0, 1.0))
    seen = replace(slow, database=Activity("PostgreSQL 18.1", 20, 10.0, sessions))
    causes = judge(seen, config(check("latency.p95", "< 100 ms"))).release.issues[0].causes
    assert causes[1:-1] == (
        "Time Waiting for a Connection: 12.0 ms.",
        "Database: sessions waited for locks in 1 of 2 samples, at most 3 at once.",
        "Database: all 20 connections were taken in 1 of 2 samples.",
    )
