"""T12, T23: whom nobody lets in has tested nothing behind the log-in, and the report says what to check."""

from __future__ import annotations

import io
from dataclasses import replace
from html import unescape

import pytest
from rich.console import Console

from readiness.config.model import OnFail
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision, Verdict
from readiness.measurements.run import Endpoint, FailureDetail, Load, Recording
from readiness.report import comment, github, html, json, junit, markdown
from readiness.report.console import summary
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


def at_start(failed: str, detail: str, ok: list[float] | None = None) -> Load:
    """Users of `shop` log in before the measurement window, and ask for public pages in it."""
    log_in = builders.recording(ok or [], failed={failed: 10})
    begun = Endpoint("shop", "POST /login", Recording(), log_in)
    load = builders.load(("shop", "GET /products", builders.recording([10.0] * 400)))
    said = (FailureDetail("POST /login", failed, detail, 10),)
    return replace(load, endpoints=(*load.endpoints, begun), failure_details=said)


def judged(load: Load) -> Verdict:
    limit = builders.check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK)
    return judge(builders.run(load), builders.config(limit))


@pytest.mark.parametrize(("failed", "detail"), [("http_4xx", "HTTP 403"), ("http_5xx", "HTTP 500"), ("timeout", "")])
def test_a_log_in_that_always_fails_before_the_window_leaves_public_pages_without_a_verdict(
    failed: str, detail: str
) -> None:
    verdict = judged(at_start(failed, detail))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "POST /login: not one of 10 requests succeeded outside the measurement window" in verdict.doubts[0]
    assert "tested without it" in verdict.doubts[0]
    assert verdict.failed_requests[0].endpoint == "POST /login"


@pytest.mark.parametrize("ok", [1, 2])
def test_a_log_in_that_fails_for_a_proven_majority_is_a_doubt_whoever_was_let_in(ok: int) -> None:
    verdict = judged(at_start("http_5xx", "HTTP 500", [5.0] * ok))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert f"POST /login: 10 of {10 + ok} requests failed outside the measurement window: HTTP 500" in verdict.doubts[0]


def test_what_may_be_a_minority_or_was_made_already_or_let_everybody_in_is_no_doubt() -> None:
    assert judged(at_start("http_4xx", "409 Client Error: Conflict for url: /users")).decision is Decision.READY
    assert judged(at_start("http_4xx", "HTTP 403", [5.0] * 8)).decision is Decision.READY
    retried = replace(at_start("http_5xx", "HTTP 503", [5.0] * 2), users=2)
    assert judged(retried).decision is Decision.READY


@pytest.mark.parametrize("ok", [2, 40])
def test_failures_outside_the_window_are_said_in_every_format_and_contradicted_in_none(ok: int) -> None:
    verdict = judged(at_start("http_5xx", "HTTP 500", [5.0] * ok))
    said = f"POST /login: 10 of {10 + ok} requests failed outside the measurement window: HTTP 500"
    console = io.StringIO()
    Console(file=console, width=200).print(summary(verdict, width=200))
    texts = {"console": console.getvalue()} | {
        module.__name__: module.render(verdict) for module in (markdown, html, json, comment, junit, github)
    }
    for name, text in texts.items():
        plain = unescape(text).replace("\\", "")
        assert said in plain, name
        assert "None: every check" not in plain, name
        assert "none failed." not in plain, name
        assert "none failed\n" not in plain, name


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
