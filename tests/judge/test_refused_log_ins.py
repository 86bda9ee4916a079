"""T12: whom nobody lets in has tested nothing behind the log-in, and the report says what to check."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.config.model import OnFail
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision, Verdict
from readiness.measurements.run import FailureDetail, Load, Recording
from tests.judge import builders

LOG_IN = ("orders", "POST /login", builders.recording([], failed={"http_4xx": 40}))
QUICK = ("catalogue", "GET /products", builders.recording([10.0] * 400))
SLOW = ("catalogue", "GET /products", builders.recording([900.0] * 400))
TEXT = "HTTP 401: the JSON has no access_token"


def told(load: Load, *details: str) -> Verdict:
    said = tuple(FailureDetail("POST /login", "http_4xx", detail, 10) for detail in details)
    limits = {"http.success_rate": "> 99 %", "latency.p95": "< 500 ms"}
    checks = [builders.check(metric, limit, on_fail=OnFail.BLOCK) for metric, limit in limits.items()]
    return judge(builders.run(replace(load, failure_details=said)), builders.config(*checks))


def test_nobody_was_let_in_is_said_first_with_what_to_check() -> None:
    for load in (builders.load(LOG_IN), builders.load(LOG_IN, QUICK), builders.load(LOG_IN, SLOW)):
        verdict = told(load, TEXT, "403 Client Error: Forbidden for url: /login")
        assert verdict.decision is Decision.NOT_READY
        assert "all 40 requests of POST /login got 401 or 403" in verdict.doubts[0]
        assert "READINESS_PASSWORD" in verdict.doubts[0]


@pytest.mark.parametrize("details", [(), ("HTTP 404",), (TEXT, "HTTP 422")])
def test_other_refusals_are_failures_of_the_service(details: tuple[str, ...]) -> None:
    assert not any("let in" in doubt for doubt in told(builders.load(LOG_IN), *details).doubts)


@pytest.mark.parametrize(
    "more",
    [
        ("orders", "GET /orders", builders.recording([10.0])),
        ("catalogue", "GET /products", builders.recording([10.0] * 9, failed={"http_5xx": 1})),
        ("orders", "GET /orders", builders.recording([], failed={"http_5xx": 1})),
    ],
)
def test_who_was_let_in_or_failed_otherwise_is_judged_as_ever(more: tuple[str, str, Recording]) -> None:
    assert not any("let in" in doubt for doubt in told(builders.load(LOG_IN, more), TEXT).doubts)
