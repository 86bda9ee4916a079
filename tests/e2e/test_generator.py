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
    running = cli.start(server.url, duration="20s")
    server.wait(300, "/api/*")
    engines = [pid for pid, line in running.children().items() if "readiness.load" in line]
    assert engines, running.children()
    os.kill(engines[0], signal.SIGKILL)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert_invariants(result, planned_s=10)
    assert "load generator" in result.text("report.md")


def test_g4_an_engine_that_ends_by_itself_is_not_believed(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="exits.py", duration="3s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result)
    assert any("before its end marker (exit code 0)" in doubt for doubt in result.report["doubts"])


def test_g2_an_engine_that_stands_still_is_not_waited_for_for_ever(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    running = cli.start(server.url, duration="20s")
    server.wait(100, "/api/*")
    for pid, line in running.children().items():
        if "readiness.load" in line:
            os.kill(pid, signal.SIGSTOP)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert_invariants(result, planned_s=20)


def test_g11_a_generator_that_was_paused_decides_nothing_about_the_target(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    running = cli.start(server.url, duration="5s")
    server.wait(50, "/api/*")
    engines = [pid for pid, line in running.children().items() if "readiness.load" in line]
    os.kill(engines[0], signal.SIGSTOP)
    time.sleep(2)
    os.kill(engines[0], signal.SIGCONT)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=7)
    assert any("the load generator paused for" in doubt for doubt in result.report["doubts"])
    for stall in result.run["load"].get("stalls", []):  # a busy machine may hold the server up as well
        lengths = [pause["end_s"] - pause["start_s"] for pause in result.run["load"]["instrument"]["pauses"]]
        assert stall["end_s"] - stall["start_s"] < max(lengths), "the target is blamed for our pause"
    assert "Load generator" in result.text("report.html")


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        ("raises.py", "bug in the scenario"),
        ("raises_at_start.py", "bug before the first task"),
        ("raises_when_made.py", "bug before the user is there"),
    ],
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


def test_f11_too_few_samples_for_the_confidence_are_inconclusive(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="delay", delay_ms=20)
    checks = '\n  latency.p99: { pass: "< 200 ms", on_fail: block }\n'
    result = cli.run(server.url, "--users", "1", checks=checks, duration="2s")
    assert result.exit_code in (2, 3), str(result)
    if result.exit_code == 3:
        assert_invariants(result, server, planned_s=2)
        assert result.check("latency.p99")["outcome"] == "inconclusive"


def test_programs_that_a_scenario_started_end_with_the_run(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="leaves_children.py", duration="1s")
    assert_invariants(result, server, planned_s=1)
    assert result.ledger["ok"] > 0


def test_an_open_load_runs_the_tasks_of_task_sets(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, "--rate", "25", scenario="task_sets.py", duration="4s")
    assert_invariants(result, server, planned_s=4)
    assert {one["name"] for one in result.report["endpoints"]} == {"GET /api/item", "GET /api/bag", "GET /api/leave"}
    assert result.run["load"].get("script_errors", []) == []
    assert 80 <= result.ledger["planned"] <= 100


@pytest.mark.parametrize("scenario", ["no_weight.py", "negative_weight.py"])
def test_a_weight_that_gives_no_users_is_a_mistake_in_the_file(cli: Cli, faultd: StartFaultd, scenario: str) -> None:
    server = faultd()
    result = cli.run(server.url, scenario=scenario, duration="1s")
    assert result.exit_code == 2, str(result)
    assert scenario in result.stderr
    assert "Nobody" in result.stderr
    assert server.seen("/api/*") == 0


def test_a_class_of_weight_0_would_never_run_and_is_refused_with_the_way_to_leave_it_out(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="one_switched_off.py", duration="1s")
    assert result.exit_code == 2, str(result)
    assert "one_switched_off.py: Off: weight 0 means no users" in result.stderr
    assert "`abstract = True`" in result.stderr
    assert server.counts()["connections"] == 0


def test_a_huge_rate_does_not_ask_for_more_users_than_memory_has() -> None:
    from readiness.config.model import Config, LoadSection
    from readiness.config.sections import MAX_USERS
    from readiness.measurements.provenance import Target
    from readiness.run import plan as plans

    config = Config("shop", (), load=LoadSection(users=None, rate_per_s=1e6))
    plan = plans.plan("id", config, Target("x", "http://127.0.0.1:1"), (), allowed_addresses=(), database_url=None)
    assert plan.engine.users == plans.MAX_OPEN_USERS <= MAX_USERS
