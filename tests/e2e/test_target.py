"""Rows T: what the target can do to a run."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import ANY_SPEED, Cli
from tests.e2e.invariants import assert_failed, assert_invariants, decided
from tests.faultd.client import free_port, layer
from tests.faultd.fixture import StartFaultd


def test_t1_a_healthy_fast_service_is_ready(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, "--users", "40", scenario="calm.py", checks=ANY_SPEED)
    calm = decided(result.report, 0)
    assert_invariants(result, server)
    assert result.ledger["ok"] > 0
    assert result.ledger["failed"] == {}
    if calm:
        assert {one["outcome"] for one in result.report["checks"]} == {"pass"}
        assert result.report["score"]["value"] == 100.0


def test_t2_nothing_listening_is_inconclusive_and_no_latency_is_shown(cli: Cli) -> None:
    result = cli.run(f"http://127.0.0.1:{free_port()}")
    assert result.exit_code == 3, str(result)
    assert_invariants(result)
    assert "refused" in result.said.lower()
    assert "refused" in result.text("report.md").lower()
    assert result.report["endpoints"] == []
    assert all(one["value"] is None for one in result.report["checks"])


def test_t3_a_service_that_dies_is_not_ready_and_refusals_are_no_fast_samples(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="die", after=100)
    result = cli.run(server.url)
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server)
    assert result.ledger["failed"].get("connect_refused", 0) > 0
    assert result.ledger["ok"] <= server.counts()["responses"]
    assert result.check("http.success_rate")["outcome"] == "fail"
    assert_failed(result.report, "latency.p95")
    assert result.check("latency.p95")["value"] is None


def test_t4_requests_that_hang_are_counted_and_never_deleted(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="hang", after=40)
    result = cli.run(server.url, duration="2s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=9)
    assert result.ledger["ok"] == 40
    assert result.ledger["in_flight"] + sum(result.ledger["failed"].values()) == 5
    assert_failed(result.report, "latency.p99")
    assert result.check("latency.p99")["value"] is None


def test_t5_a_freeze_of_half_the_run_is_not_hidden_by_the_fast_half(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="freeze", at_s=1.0, span_s=2.0)
    result = cli.run(server.url, duration="4s")
    calm = decided(result.report, 1)
    assert_invariants(result, server, planned_s=4)
    assert result.run["load"].get("stalls") or not calm


def test_t6_s13_instant_errors_are_not_fast_answers_nor_does_any_verdict_hang_on_assertions(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd(mode="status", code=500)
    result = cli.run(server.url, env={"PYTHONOPTIMIZE": "2"})
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server)
    assert result.ledger["ok"] == 0
    assert result.ledger["failed"] == {"http_5xx": server.seen("/api/*")}
    assert result.check("latency.p95")["value"] is None


@pytest.mark.parametrize("text", ['{"ok": false, "error": "database is down"}', "", "<html>Oops</html>"])
def test_t10_a_200_with_the_wrong_body_is_a_failure(cli: Cli, faultd: StartFaultd, text: str) -> None:
    server = faultd(mode="body", text=text)
    result = cli.run(server.url, duration="1s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=1)
    assert result.ledger["ok"] == 0
    assert result.ledger["failed"].get("assertion", 0) > 0


def test_t11_a_lost_session_is_not_a_fast_dashboard(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="redirect", only="/dashboard", location="/login")
    result = cli.run(server.url, scenario="pages.py")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, paths=("/dashboard", "/login"))
    assert result.ledger["failed"].get("http_3xx", 0) + result.ledger["failed"].get("assertion", 0) > 0
    dashboard = [one for one in result.report["endpoints"] if one["name"].endswith("/dashboard")]
    assert [one["failures"] for one in dashboard] == [one["requests"] for one in dashboard]


@pytest.mark.parametrize("scenario", ["bare.py", "stock_http.py", "stock_fast.py"])
def test_t11_a_redirect_to_another_host_is_never_followed(cli: Cli, faultd: StartFaultd, scenario: str) -> None:
    canary = faultd(host="127.0.0.2")
    server = faultd(mode="redirect", only="/api/*", location=f"{canary.url}/api/item")
    result = cli.run(server.url, scenario=scenario, duration="1s")
    assert result.exit_code in (1, 3), str(result)
    assert_invariants(result, server, paths=("/api/*", "/login"), planned_s=1, canary=canary)
    assert all(one["failures"] == one["requests"] for one in result.report["endpoints"] if "/api/" in one["name"])


def test_t13_one_broken_endpoint_is_not_diluted_by_the_others(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="status", only="/api/rare", code=404)
    checks = """
  http.success_rate: { pass: "> 90 %", on_fail: block }
  http.success_rate@GET /api/frequent: { pass: "> 99 %" }
  http.success_rate@GET /api/rare: { pass: "> 99 %" }
"""
    result = cli.run(server.url, scenario="two.py", checks=checks)
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server)
    assert result.check("http.success_rate")["value"] > 95
    assert result.check("http.success_rate")["outcome"] == "fail"
    assert "/api/rare" in result.check("http.success_rate")["message"]
    assert result.check("http.success_rate@GET /api/frequent")["outcome"] == "pass"
    assert result.check("http.success_rate@GET /api/rare")["outcome"] == "fail"
    assert result.ledger["failed"] == {"http_4xx": server.seen("/api/rare")}


def test_t14_a_scenario_that_sends_nothing_makes_the_run_inconclusive(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="mixed", load="  scenarios: { api: 1, idle: 1 }\n")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server)
    assert "idle" in result.said
    assert "idle" in result.text("report.html")


def test_t18_h15_a_p95_just_over_the_limit_is_not_rounded_to_it_and_what_the_service_says_of_itself_is_no_help(
    cli: Cli, faultd: StartFaultd
) -> None:
    """N10 as well: the client cannot tell a slow way from a slow service."""
    server = faultd(layer("delay", delay_ms=104.9), layer("body", text='{"p95_ms": 1.5, "errors": 0}', only="/stats"))
    checks = '\n  latency.p95: { pass: "<= 100 ms", on_fail: block }\n  custom.p95_ms: { pass: "< 10 ms" }\n'
    probes = "probes: { custom: { p95_ms: { json: /stats, pointer: /p95_ms } } }\n"
    result = cli.run(server.url, checks=checks, more=probes)
    decided(result.report, 1)
    assert_invariants(result, server)
    assert result.check("latency.p95")["value"] >= 104.7
    assert result.check("custom.p95_ms")["outcome"] == "pass"


def test_a_share_of_errors_over_the_limit_is_not_ready_however_fast_the_rest(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("status", code=503, share=0.06))
    result = cli.run(server.url)
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server)
    assert result.check("http.success_rate")["outcome"] == "fail"
    assert result.check("latency.p99")["value"] is None


def test_one_endpoint_that_hangs_is_not_hidden_by_the_others(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="hang", only="/api/other", at_s=1.0)
    result = cli.run(server.url, "--users", "6", scenario="partly", duration="4s")
    decided(result.report, 1)
    assert_invariants(result, server, planned_s=9)


def test_a_single_user_left_waiting_is_not_one_slow_request(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="hang", at_s=2.0)
    result = cli.run(server.url, "--users", "1", duration="4s")
    decided(result.report, 1)
    assert_invariants(result, server, planned_s=9)
