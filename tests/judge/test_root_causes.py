"""Root causes: which endpoint carries the tail, and which part of the service."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.judge.root_causes import REST, RootCause, root_causes, split
from readiness.measurements.run import Load
from readiness.measurements.seen import Parts, Seen
from tests.judge.builders import load, recording

FAST = [10.0] * 900
SLOW = [700.0] * 100


def shop(*seen: Seen) -> Load:
    two = load(("staff", "POST /login", recording(SLOW)), ("staff", "GET /bags", recording(FAST)))
    return replace(two, seen=seen)


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
    assert "where its time goes is not known" in cause.sentence


def test_its_time_is_split_by_what_the_service_names_and_the_rest_is_the_network() -> None:
    slow = Parts(samples=10, total_ms=7000, parts_ms={"hash": 6000, "db": 500, "total": 6800})
    everything = Parts(samples=100, total_ms=100, parts_ms={"db": 100})
    cause = only(shop(Seen("staff", "POST /login", timing=everything, slow=slow)))
    assert cause.parts_ms == {"hash": 600, "db": 50, "app": 30, REST: 20}
    assert list(cause.parts_ms) == ["hash", "db", "app", REST]
    assert "hash 86 %, db 7 %, app 4 %, network and queue 3 %" in cause.sentence


def test_too_few_slow_answers_speak_through_all_of_them() -> None:
    few = Parts(samples=4, total_ms=40, parts_ms={"cache": 40})
    everything = Parts(samples=100, total_ms=1000, parts_ms={"db": 900})
    cause = only(shop(Seen("staff", "POST /login", timing=everything, slow=few)))
    assert cause.parts_ms == {"db": 9, REST: 1}


def test_a_service_that_claims_more_than_the_client_waited_gets_no_negative_rest() -> None:
    assert split(Parts(2, 10.0, {"db": 30.0})) == {"db": 15.0, REST: 0.0}
    assert split(Parts(2, 10.0, {"total": 30.0})) == {"app": 15.0, REST: 0.0}
    assert split(Parts()) == {}
    assert split(Parts(3, 10.0, {})) == {}


def test_failed_requests_are_no_part_of_the_tail_and_without_a_success_there_is_none() -> None:
    nothing = load(("staff", "POST /login", recording([], failed={"http_5xx": 50})))
    assert root_causes(nothing) == ()
    mixed = load(
        ("staff", "POST /login", recording([5.0] * 100, failed={"timeout": 50})),
        ("staff", "GET /bags", recording(FAST)),
    )
    assert [cause.endpoint for cause in root_causes(mixed)] == ["GET /bags"]


def test_a_tail_that_all_share_alike_names_them_up_to_three() -> None:
    alike = load(*(("staff", f"GET /{number}", recording([20.0] * 200)) for number in range(5)))
    causes = root_causes(alike)
    assert len(causes) == 3
    assert {cause.tail_share for cause in causes} == {0.2}
