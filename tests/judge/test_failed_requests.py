"""Failed requests: their reasons in words, and when they, not latency, are what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.judge.failed_requests import _WORDS, failed_requests
from readiness.judge.judge import judge
from readiness.judge.verdict import CheckResult, Verdict
from readiness.measurements.run import FAILURE_CLASSES, FailureDetail, Load
from readiness.report.view.checks import worst
from readiness.report.view.lead import first_steps
from readiness.report.view.words import failed_words
from tests.judge.builders import check, config, load, recording, run

P95 = check("latency.p95", "< 100 ms")


def judged(seen: Load) -> Verdict:
    return judge(run(seen), config(P95, check("latency.mean", "< 100 ms"), check("http.success_rate", "> 99 %")))


def first(seen: Load) -> CheckResult:
    return judged(seen).checks[0]


def shop(*, slow_ms: float = 10.0, failed: int = 300) -> Load:
    return load(
        ("shop", "GET /", recording([slow_ms] * 700)), ("shop", "GET /x", recording([], failed={"http_4xx": failed}))
    )


def test_only_classes_that_exist_have_words() -> None:
    assert set(_WORDS) <= set(FAILURE_CLASSES)


def test_the_percentile_of_the_successful_stands_beside_one_without_a_bound() -> None:
    result = first(shop())
    assert result.because_failed
    assert result.message.endswith("; 30 % of requests failed; P95 of the successful ones 10.0 ms.")


def test_where_the_successful_are_too_slow_as_well_both_are_wrong() -> None:
    verdict = judged(shop(slow_ms=400.0))
    assert not verdict.checks[0].because_failed
    assert verdict.checks[0].failures is not None
    assert [issue.title for issue in verdict.release.issues] == ["Slow answers", "Failed requests"]
    assert [cause.endpoint for cause in verdict.root_causes] == ["GET /"]


def test_a_few_failures_do_not_excuse_slow_answers() -> None:
    few = load(("shop", "GET /", recording([10.0] * 700 + [400.0] * 290, failed={"timeout": 10})))
    assert first(few).failures is None
    assert judged(few).release.issues[0].title == "Slow answers"


def test_where_nothing_succeeded_no_latency_is_to_blame() -> None:
    verdict = judged(load(("shop", "GET /", recording([], failed={"connect_refused": 50}))))
    (issue,) = verdict.release.issues
    assert issue.title == "Failed requests"
    assert issue.causes == ("GET /: not one of 50 requests succeeded: connection refused",)
    assert verdict.outlook.tail is None
    assert verdict.root_causes == ()


def test_an_endpoint_that_never_answered_is_told_once_and_no_latency_is_to_blame() -> None:
    seen = load(
        ("shop", "GET /", recording([10.0] * 990)), ("shop", "GET /report", recording([], failed={"http_4xx": 7}))
    )
    seen = replace(seen, failure_details=(FailureDetail("GET /report", "http_4xx", "HTTP 404", 7),))
    verdict = judge(run(seen), config(check("http.success_rate", "> 97 %"), P95))
    said = "GET /report: not one of 7 requests succeeded: HTTP 404"
    assert [one.message for one in verdict.checks] == [
        f"{said}; its own value is 99.3 %, needs over 97 %.",
        f"{said}; its own value is 10.0 ms, needs under 100 ms.",
    ]
    assert [(one.title, one.against) for one in worst(verdict.checks)] == [("http.success_rate and latency.p95", said)]
    assert [step.text for step in first_steps(verdict)] == ["Find out why GET /report fails: HTTP 404"]
    assert not verdict.root_causes
    assert not verdict.diagnoses
    assert failed_words(verdict) == ["7 of 997 requests failed (GET /report: HTTP 404)"]
    assert "times" not in "".join(verdict.risks.high + verdict.risks.medium)


def test_where_the_value_is_bad_as_well_it_stays_the_reason() -> None:
    seen = load(
        ("shop", "GET /", recording([400.0] * 990)), ("shop", "GET /report", recording([], failed={"http_4xx": 7}))
    )
    (result,) = judge(run(seen), config(P95)).checks
    assert result.failures is None


def test_every_endpoint_that_never_answered_is_told_with_its_count_and_a_redirect_with_its_place() -> None:
    seen = load(
        ("shop", "GET /", recording([10.0] * 100)),
        ("shop", "GET /account", recording([], failed={"http_3xx": 95})),
        ("shop", "GET /x", recording([], failed={"http_5xx": 92})),
    )
    seen = replace(seen, failure_details=(FailureDetail("GET /account", "http_3xx", "HTTP 302 to /login", 95),))
    verdict = judge(run(seen), config(check("http.success_rate", "> 97 %")))
    assert [step.text for step in first_steps(verdict)] == [
        "Find out why GET /account and GET /x fail: HTTP 302 to /login"
    ]
    assert failed_words(verdict) == [
        "187 of 287 requests failed (95 × GET /account: HTTP 302 to /login; 92 × GET /x: HTTP 5xx)"
    ]


def test_details_are_the_reason_and_several_are_counted() -> None:
    record = recording([10.0] * 5, failed={"http_5xx": 7, "connect_refused": 2}, in_flight=1)
    details = (
        FailureDetail("GET /", "http_5xx", "HTTP 503", 7),
        FailureDetail("GET /", "connect_refused", "Connection refused", 2),
        FailureDetail("GET /y", "http_5xx", "HTTP 500", 9),
        FailureDetail("GET /", "http_5xx", "502 Server Error: Bad Gateway for url: http://127.0.0.1/", 1),
    )
    (one,) = failed_requests(replace(load(("shop", "GET /", record)), failure_details=details))
    assert one.text == (
        "GET /: 10 of 15 requests failed: 7 × HTTP 503 or HTTP 502, 2 × connection refused, "
        "1 × still running at the end"
    )


@pytest.mark.parametrize(
    ("failure", "detail", "said"),
    [
        ("http_5xx", "status 503, expected 200", "HTTP 503"),
        ("http_5xx", "HTTP 503, expected 200", "HTTP 503"),
        ("http_4xx", "HTTP 404, expected 200 or 2xx", "HTTP 404"),
        ("http_3xx", "304 with another ETag", "HTTP 304 (with another ETag)"),
        ("http_4xx", "HTTP 409: sold out", "HTTP 409 (sold out)"),
        ("http_4xx", "status 403 (blocked) by the wall", "HTTP 403 ((blocked) by the wall)"),
        ("rate_limited", "HTTP 429, expected 201", "HTTP 429; the service limits the rate"),
        ("assertion", "HTTP 204, expected 200", "not what the scenario expects (HTTP 204, expected 200)"),
        ("reset", "the connection was closed without an answer", "the connection was closed without an answer"),
        ("reset", "Connection reset by peer", "connection reset (Connection reset by peer)"),
    ],
)
def test_a_reason_says_the_status_once_and_a_close_as_what_it_is(failure: str, detail: str, said: str) -> None:
    record = recording([10.0] * 100, failed={failure: 3})
    details = (FailureDetail("GET /", failure, detail, 3),)
    (one,) = failed_requests(replace(load(("shop", "GET /", record)), failure_details=details))
    assert f"3 of 103 requests failed: {said}" in one.text


@pytest.mark.parametrize(
    ("details", "said"),
    [
        (["HTTP 400 (no list)"], "HTTP 400 (no list)"),
        (["HTTP 302 to /login (not in)"], "HTTP 302 to /login (not in)"),
        (["HTTP 400 (no list)", "HTTP 404 (no list)"], "HTTP 400 (no list) or HTTP 404 (no list)"),
        (["HTTP 404", "404 Client Error: Not Found for url: /", "status 404"], "HTTP 404"),
        (["HTTP 400 (no 1)", "HTTP 400 (no 2)", "HTTP 400 (no 3)"], "HTTP 400 (such as: no 1)"),
        (["HTTP 400 (no 1)", "HTTP 400 (no 2)", "HTTP 404"], "HTTP 400 or HTTP 404 (such as: HTTP 400 (no 1))"),
        (["HTTP 400 (no)", "HTTP 404 (no)", "HTTP 403"], "HTTP 4xx (such as: HTTP 400 (no))"),
        (["no list"], "HTTP 4xx (no list)"),  # of an older run
    ],
)
def test_a_scenarios_reason_stands_beside_the_status(details: list[str], said: str) -> None:
    seen = load(("shop", "GET /", recording([10.0] * 100, failed={"http_4xx": len(details)})))
    told = tuple(FailureDetail("GET /", "http_4xx", detail, 1) for detail in details)
    (one,) = failed_requests(replace(seen, failure_details=told))
    assert one.why == said


def test_faults_of_this_side_are_said_to_be_ours() -> None:
    (one,) = failed_requests(load(("shop", "GET /", recording([10.0], failed={"local_ports": 3}))))
    assert one.text.endswith("no port left on the load generator; the cause is on this side, not at the target")


def test_arrivals_that_were_never_sent_are_a_reason() -> None:
    seen = replace(load(("shop", "GET /", recording([10.0] * 100))), dropped_judged=20, intended_judged=120)
    assert [one.text for one in failed_requests(seen)] == [
        "arrivals that were never sent: no user was free, or the load ended first (20 arrivals of 120 planned)"
    ]
    assert [one.text for one in failed_requests(replace(seen, unanswered_judged=20))] == [
        "arrivals that were never sent: every user waited for an answer (20 arrivals of 120 planned)"
    ]


@given(st.dictionaries(st.sampled_from(FAILURE_CLASSES), st.integers(1, 40)), st.integers(0, 40), st.integers(0, 200))
def test_no_failure_is_lost_and_no_endpoint_that_is_well_is_named(
    failed: dict[str, int], in_flight: int, well: int
) -> None:
    seen = load(
        ("a", "GET /x", recording([5.0] * 3, failed=failed, in_flight=in_flight)),
        ("b", "GET /x", recording([], failed=failed)),
        ("b", "GET /well", recording([5.0] * well)),
    )
    found = failed_requests(seen)
    assert sum(one.failed for one in found) == 2 * sum(failed.values()) + in_flight
    assert {one.endpoint for one in found} <= {"GET /x"}
