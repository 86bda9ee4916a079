"""The course of the load as a user asks for it: steps up and down, arrivals on a schedule, all of it in the ledger."""

from __future__ import annotations

from tests.e2e.conftest import Cli
from tests.e2e.invariants import assert_invariants, decided
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd


def test_steps_of_users_go_up_and_down_and_the_named_one_is_judged(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="delay", delay_ms=20)
    load = "  steps: [2, 16, 4]\n  decide_at: 16\n  step_duration: 1s\n"
    checks = '\n  http.success_rate: { pass: "> 98 %", on_fail: block }\n'  # needs 149 requests, whatever they take
    result = cli.run(server.url, load=load, checks=checks, duration="2s")
    decided(result.report, 0)
    assert_invariants(result, server, planned_s=4)
    steps = result.report["load_steps"]
    assert [(step["height"], step["unit"], step["judged"], step["outcome"]) for step in steps] == [
        (2, "users", False, "inconclusive"),  # too few requests for the proof: 28 each, at most
        (16, "users", True, "pass"),
        (4, "users", False, "inconclusive"),
    ]
    for step in steps:
        assert 0 < step["throughput_per_s"] / step["height"] < 50, "no more users than the step says"
    assert steps[1]["requests"] == sum(one["requests"] for one in result.report["endpoints"])
    in_steps = sum(step["requests"] for step in steps)
    assert result.ledger["planned"] - 20 <= in_steps <= result.ledger["planned"]
    assert {second["users"] for second in result.run["load"]["series"]} >= {2, 16, 4}


def test_arrivals_that_nobody_could_send_because_all_users_waited_are_the_services(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd(layer("hang", after=20, only="/api/*"))
    load = '  steps: ["20 /s", "60 /s"]\n  decide_at: 60 /s\n  arrivals: poisson\n  seed: 3\n  timeout: 20s\n'
    files = 184  # for the 120 users that it begins with, and no more
    result = cli.run(server.url, load=load, duration="3s", scenario="bare.py", open_files=(files, files))
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=11)
    ledger, seen = result.ledger, result.run["load"]
    assert ledger["ok"] == 20
    assert ledger["dropped"] == ledger["planned"] - server.seen("/api/*") > 0
    assert seen["intended_judged"] > seen["dropped_judged"] >= seen["unanswered_judged"] > 0
    assert sum(step["intended"] for step in seen["steps"]) == ledger["planned"]
    assert not [doubt for doubt in result.report["doubts"] if "never sent" in doubt]
    assert "every user waited for an answer" in result.text("report.md")


def test_an_open_load_makes_the_users_that_a_standstill_needs(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="freeze", span_s=2.5, only="/api/*")
    checks = '\n  http.success_rate: { pass: "> 98 %", on_fail: block }\n'
    result = cli.run(server.url, load="  rate: 100 /s\n", checks=checks, duration="4s", scenario="bare.py")
    assert_invariants(result, server, planned_s=4)
    assert result.ledger["dropped"] == 0
    assert result.ledger["ok"] == result.ledger["planned"], "each arrival is answered, most of them late"
    assert max(second["users"] for second in result.run["load"]["series"]) > 200


def test_the_same_seed_gives_the_same_arrivals_and_service_time_stands_beside_latency(
    cli: Cli, faultd: StartFaultd
) -> None:
    planned = []
    for seed in (3, 3, 4):
        server = faultd()
        load = f"  rate: 50 /s\n  arrivals: poisson\n  seed: {seed}\n"
        result = cli.run(server.url, load=load, duration="1s", scenario="stock_fast.py")
        assert_invariants(result, server, paths=("/api/*", "/login"), planned_s=1)
        planned.append(result.run["load"]["intended_judged"])
        for endpoint in result.report["endpoints"]:
            assert endpoint["service_ms"]["p50"] <= endpoint["latency_ms"]["p50"] * 1.001
    assert planned[0] == planned[1] != planned[2]


def test_a_scenario_that_ends_the_load_is_named_and_nothing_is_blamed_on_the_target(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="quits.py", duration="20s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=3)
    assert result.ledger["failed"] == {}
    assert "scenario code ended the load" in result.text("report.md")


def test_where_nobody_listens_no_event_is_built(cli: Cli, faultd: StartFaultd) -> None:
    """The engine's own ear, needed for requests that scenarios tell of, is none."""
    server = faultd()
    result = cli.run(server.url, scenario="unheard.py", duration="1s")
    assert_invariants(result, server)
    assert result.ledger["ok"] > 0
    assert not result.run["load"].get("script_errors")
