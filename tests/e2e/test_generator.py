"""Rows G: our own engine and the user's scenario fail; the target is healthy."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.invariants import assert_invariants
from tests.faultd.fixture import StartFaultd


def test_g1_an_engine_that_is_killed_makes_the_run_inconclusive(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    running = cli.start(server.url, duration="6s")
    server.wait(300, "/api/*")
    engines = [pid for pid, line in running.children().items() if "readiness.load" in line]
    assert engines, running.children()
    os.kill(engines[0], signal.SIGKILL)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert_invariants(result, planned_s=6)
    assert "engine" in result.text("report.md")


def test_g2_an_engine_that_stands_still_is_not_waited_for_for_ever(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    running = cli.start(server.url, duration="1s")
    server.wait(100, "/api/*")
    for pid, line in running.children().items():
        if "readiness.load" in line:
            os.kill(pid, signal.SIGSTOP)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert_invariants(result, planned_s=12)


def test_a_generator_that_was_paused_decides_nothing_about_the_target(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    running = cli.start(server.url, duration="5s")
    server.wait(300, "/api/*")
    engines = [pid for pid, line in running.children().items() if "readiness.load" in line]
    os.kill(engines[0], signal.SIGSTOP)
    time.sleep(2)
    os.kill(engines[0], signal.SIGCONT)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=7)
    assert any("the load generator paused for" in doubt for doubt in result.report["doubts"])
    assert result.run["load"].get("stalls", []) == []
    assert "Load engine" in result.text("report.md")


@pytest.mark.parametrize(
    ("scenario", "text"), [("raises.py", "bug in the scenario"), ("raises_at_start.py", "bug before the first task")]
)
def test_g12_exceptions_of_the_scenario_are_shown_and_never_green(
    cli: Cli, faultd: StartFaultd, scenario: str, text: str
) -> None:
    server = faultd()
    result = cli.run(server.url, scenario=scenario, duration="2s")
    assert result.exit_code in (1, 3), str(result)
    assert_invariants(result, server, planned_s=2)
    assert "RuntimeError" in result.text("report.md")
    assert text in result.text("report.md")
    assert text in result.text("report.html")
    assert any(text in error for error in result.run["load"]["script_errors"])


def test_g14_a_run_without_a_request_is_inconclusive(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="idle.py", duration="2s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=2)
    assert all(one["value"] is None for one in result.report["checks"])


def test_too_few_samples_for_the_confidence_are_inconclusive(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="delay", delay_ms=20)
    checks = '\n  latency.p99: { pass: "< 200 ms", on_fail: block }\n'
    result = cli.run(server.url, "--users", "1", checks=checks, duration="2s")
    assert result.exit_code in (2, 3), str(result)
    if result.exit_code == 3:
        assert_invariants(result, server, planned_s=2)
        assert result.check("latency.p99")["outcome"] == "inconclusive"
