"""Rows G5, G7, G9, G13: what our own side lacks is told, and never blamed on the target or turned into a green."""

from __future__ import annotations

import signal

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.invariants import assert_invariants, decided
from tests.faultd.fixture import StartFaultd


def test_the_engine_is_calibrated_with_the_scenario_and_nothing_of_it_reaches_the_target(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd()
    checks = '\n  latency.p95: { pass: "< 5 s", on_fail: block }\n'
    result = cli.run(server.url, scenario="starts.py", checks=checks, duration="3s", load="  calibration: 2s\n")
    decided(result.report, 0)
    assert_invariants(result, server, planned_s=5)
    assert server.seen("/api/start") == 5
    calibration = result.run["load"]["instrument"]["calibration"]
    assert calibration["requests"] > 10
    assert calibration["floor"]["total"] > 10
    assert calibration.get("failed", 0) == 0
    assert "requests per second are its ceiling" in result.text("report.html")


def test_an_ordinary_locustfile_is_not_calibrated_and_that_is_told(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="stock_http.py", duration="1s", load="  calibration: 300ms\n")
    assert_invariants(result, server, paths=("/api/*", "/login"), planned_s=2)
    assert "only users of readiness.scenario" in result.run["load"]["instrument"]["calibration"]["skipped"]


def test_g5_an_engine_without_cpu_to_spare_proves_no_latency(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    checks = LOOSE + '  latency.p95: { pass: "< 900 ms", on_fail: block }\n'
    result = cli.run(server.url, scenario="burns.py", checks=checks, duration="5s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=5)
    assert result.check("latency.p95")["outcome"] == "inconclusive"
    assert result.check("http.success_rate")["outcome"] == "pass"
    assert "the load generator" in result.check("latency.p95")["message"]


def test_g7_users_that_this_machine_has_no_descriptors_for_are_refused_before_anything_is_sent(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd()
    raised = cli.run(server.url, "--users", "120", duration="1s", open_files=(150, 1000))
    assert raised.exit_code in (0, 3), str(raised)
    assert raised.ledger["failed"] == {}, "the soft limit was not raised"
    seen = server.seen("/api/*")
    refused = cli.run(server.url, "--users", "300", duration="1s", open_files=(200, 200))
    assert refused.exit_code == 2, str(refused)
    assert "300 users need about 364 open files" in refused.stderr
    assert "ulimit -n 364" in refused.stderr
    assert server.seen("/api/*") == seen


def test_g9_an_engine_without_memory_is_inconclusive_and_the_report_is_written(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="eats.py", duration="2s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, planned_s=4)
    assert any("MemoryError" in doubt or "the load generator" in doubt for doubt in result.report["doubts"])


def test_g13_a_name_with_every_request_is_capped(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    running = cli.start(server.url, "--format", "json", scenario="names.py", duration="600s")
    server.wait(2200, "/api/*")  # however long this machine takes for them
    running.signal(signal.SIGTERM)
    result = running.finish()
    assert 2100 < result.ledger["ok"] <= server.seen("/api/*"), str(result)
    names = [one["name"] for one in result.run["endpoints"]]
    assert len(names) == 2001
    assert "(other)" in names
