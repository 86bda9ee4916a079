"""Rows S: the run is interrupted."""

from __future__ import annotations

import json
import signal

import pytest

from tests.e2e.conftest import ANY_SPEED, Cli
from tests.e2e.invariants import assert_invariants, nothing_left
from tests.faultd.client import until
from tests.faultd.fixture import StartFaultd

STILL_AHEAD_S = 150.0
"""Much less than the load has ahead when the signal comes, and much more than any machine needs to end it."""


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
def test_s1_s3_s4_a_signal_ends_the_run_soon_with_what_was_measured(
    cli: Cli, faultd: StartFaultd, number: signal.Signals, exit_code: int
) -> None:
    server = faultd()
    running = cli.start(server.url, duration="300s")
    server.wait(300, "/api/*")
    running.signal(number)
    result = running.finish()
    assert result.exit_code == exit_code, str(result)
    assert_invariants(result, server, planned_s=10)
    assert result.signalled_s is not None
    assert result.signalled_s < STILL_AHEAD_S
    assert result.report["decision"] == "INCONCLUSIVE"
    assert result.ledger["ok"] >= 200
    assert result.run["interrupted"] == number.name
    assert number.name in result.text("report.html")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_after_the_last_line_does_not_change_the_exit_code(
    cli: Cli, faultd: StartFaultd, number: signal.Signals
) -> None:
    """The terminal, report.json and the process say the same."""
    running = cli.start(faultd().url, checks=ANY_SPEED)
    assert running.process.stdout is not None
    last = next(line for line in running.process.stdout if "decision=" in line)
    running.signal(number)
    result = running.finish()
    assert result.exit_code == result.report["exit_code"], str(result)
    assert f"exit={result.exit_code} " in last
    assert result.report["decision"] in last


def test_s1_a_signal_ends_the_run_soon_when_the_target_hangs(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="hang", after=20)
    running = cli.start(server.url, duration="300s")
    server.wait(25, "/api/*")
    running.signal(signal.SIGTERM)
    result = running.finish()
    assert result.exit_code == 143, str(result)
    assert_invariants(result, server, planned_s=10)
    assert result.signalled_s is not None
    assert result.signalled_s < STILL_AHEAD_S
    assert result.ledger["in_flight"] + sum(result.ledger["failed"].values()) == 5


def test_s2_a_second_ctrl_c_ends_it_at_once(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="hang", after=20)
    running = cli.start(server.url, duration="300s")
    server.wait(25, "/api/*")
    running.signal(signal.SIGINT)
    until(lambda: running.process.poll() is not None, 0.3)
    if running.process.poll() is None:
        running.signal(signal.SIGINT)
    result = running.finish()
    assert result.exit_code in (130, -signal.SIGINT), str(result)
    assert result.signalled_s is not None
    assert result.signalled_s < STILL_AHEAD_S
    assert result.report["decision"] == "INCONCLUSIVE"
    run_id = result.report["run_id"]
    assert result.stdout.splitlines()[-1] == f"readiness: decision=INCONCLUSIVE exit=130 run={run_id}"
    lines = [json.loads(line) for line in (cli.out.parent / "history.jsonl").read_text().splitlines()]
    assert [(one["run_id"], one["decision"], one["exit_code"]) for one in lines] == [(run_id, "INCONCLUSIVE", 130)]
    nothing_left(result)


def test_s1_a_signal_before_the_load_began_is_inconclusive_too(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    running = cli.start(server.url, duration="300s")
    assert until(lambda: (cli.out / "report.json").exists())
    running.signal(signal.SIGTERM)
    result = running.finish()
    assert result.exit_code == 143, str(result)
    assert result.report["decision"] == "INCONCLUSIVE"
    nothing_left(result)


def test_s5_after_a_kill_the_placeholder_stays_and_no_process_does(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    running = cli.start(server.url, duration="300s")
    server.wait(100, "/api/*")
    running.signal(signal.SIGKILL)
    result = running.finish()
    assert result.report["decision"] == "INCONCLUSIVE"
    assert "INCONCLUSIVE" in result.text("report.md")
    nothing_left(result)

    def quiet() -> bool:  # what was on its way at the kill may still be read
        seen = server.seen("/api/*")
        return not until(lambda: server.seen("/api/*") > seen, 0.5)

    assert until(quiet), "load goes on after the kill"
