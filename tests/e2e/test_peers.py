"""Peers that lose requests, answer twice, or stand still at any stage: an answer in our own time, and never READY."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from tests.e2e.conftest import Cli
from tests.e2e.harness import Result, crowd
from tests.faultd.client import ROOT
from tests.faultd.fixture import StartFaultd

SUCCESS = '\n  http.success_rate: { pass: "> 99 %", on_fail: block }\n'
SHORT = "  timeout: 1s\n"
Start = Callable[..., "tuple[subprocess.Popen[str], str]"]


@pytest.fixture
def peer() -> Iterator[Start]:
    """`peer("lost", after=3)`: the process, and its URL."""
    running: list[subprocess.Popen[str]] = []

    def start(mode: str, after: int = 0, host: str = "127.0.0.1", port: int = 0, *files: str) -> object:
        line = [sys.executable, "-m", "tests.e2e.peer", host, str(port), mode, str(after), *files]
        process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        chosen = process.stdout.readline().strip()
        return process, f"{'https' if files else 'http'}://{host}:{chosen}"

    yield start  # type: ignore[misc]
    for process in running:
        process.kill()
        process.communicate()


def scenario(folder: Path, base: str, *, start: bool = False) -> str:
    """A locustfile of users that ask without a break."""
    ours = base == "User"
    lines = [
        f"from {'readiness.scenario' if ours else 'locust'} import {base}, constant, task",
        f"class Shopper({base}):",
        "    wait_time = constant(0)" if not start else "    wait_time = constant(0.05)",
        *(["    def on_start(self):", "        self.client.get('/start')"] if start else []),
        "    @task",
        "    def ask(self):",
        "        self.client.get('/api/item')",
    ]
    file = folder / "asks.py"
    file.write_text("\n".join(lines) + "\n")
    return str(file)


BASES = ("User", "FastHttpUser", "HttpUser")


@pytest.mark.parametrize("base", BASES)
def test_requests_that_a_dying_server_took_are_not_hidden(cli: Cli, peer: Start, tmp_path: Path, base: str) -> None:
    _, url = peer("lost")
    result = cli.run(url, scenario=scenario(tmp_path, base), checks=SUCCESS, duration="2s")
    assert result.exit_code == 1, str(result)
    failed = sum(result.ledger["failed"].values())
    assert failed > 0.9 * result.ledger["ok"] > 0, result.ledger


def test_requests_that_crossed_a_close_are_sent_again_and_told(cli: Cli, faultd: StartFaultd, tmp_path: Path) -> None:
    server = faultd(mode="hangup")
    result = cli.run(server.url, scenario=scenario(tmp_path, "User"), checks=SUCCESS, duration="2s")
    assert set(result.ledger["failed"]) <= {"reset"}, "of some nobody can say whether they were read"
    connections = result.run["load"]["connections"]
    assert connections["resent_unread"] > 0
    assert "were sent a second time" in result.text("report.md")


def test_answers_that_come_twice_are_never_ready(cli: Cli, peer: Start, tmp_path: Path) -> None:
    _, url = peer("twice")
    result = cli.run(url, scenario=scenario(tmp_path, "User"), checks=SUCCESS, duration="2s")
    assert result.exit_code in (1, 3), str(result)
    told = [doubt for doubt in result.report["doubts"] if "no request had asked for" in doubt]
    assert told or "surplus" in result.ledger["failed"], str(result)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("stage", ["request", "head", "body"])
def test_a_target_that_freezes_in_an_answer_is_not_ready(
    cli: Cli, peer: Start, tmp_path: Path, stage: str, base: str
) -> None:
    _, url = peer(f"stop in {stage}", 40)
    result = cli.run(url, scenario=scenario(tmp_path, base), checks=SUCCESS, load=SHORT, duration="2s")
    assert_not_ready(result)
    assert "timeout" in result.ledger["failed"], result.ledger


@pytest.mark.parametrize("base", BASES)
def test_a_target_that_freezes_in_on_start_is_not_ready(cli: Cli, peer: Start, tmp_path: Path, base: str) -> None:
    _, url = peer("stop in request")
    file = scenario(tmp_path, base, start=True)
    result = cli.run(url, scenario=file, checks=SUCCESS, load=SHORT, duration="2s")
    assert_not_ready(result)


@pytest.mark.parametrize("base", BASES)
def test_a_target_that_is_frozen_before_the_first_connection_is_not_ready(
    cli: Cli, peer: Start, tmp_path: Path, base: str
) -> None:
    """The system still takes connections for it."""
    process, url = peer("ok")
    process.send_signal(signal.SIGSTOP)
    file = scenario(tmp_path, base)
    result = cli.run(url, scenario=file, checks=SUCCESS, load=SHORT, duration="2s")
    assert_not_ready(result)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_target_that_freezes_in_the_tls_handshake_is_not_ready(
    cli: Cli, peer: Start, tmp_path: Path, base: str, moment: str
) -> None:
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    made.private_key_pem.write_to_path(tmp_path / "key.pem")
    made.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    process, url = peer("ok", 0, "127.0.0.1", 0, str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    trust = str(tmp_path / "authority.pem")
    env = {"SSL_CERT_FILE": trust, "REQUESTS_CA_BUNDLE": trust}
    file = scenario(tmp_path, base)
    if moment == "before":
        process.send_signal(signal.SIGSTOP)
    running = cli.start(url, scenario=file, checks=SUCCESS, load=SHORT, duration="4s", env=env)
    if moment == "during":
        time.sleep(3)  # whichever stage that is: none may hang
        process.send_signal(signal.SIGSTOP)
    assert_not_ready(running.finish())


def test_a_target_that_freezes_at_any_time_has_an_answer(cli: Cli, peer: Start, tmp_path: Path) -> None:
    process, url = peer("ok")
    running = cli.start(url, scenario=scenario(tmp_path, "User"), checks=SUCCESS, load=SHORT, duration="2s")
    time.sleep(5)  # about the end of the load, or after it: what is measured stays measured
    process.send_signal(signal.SIGSTOP)
    result = running.finish()
    assert result.exit_code in (0, 1, 3)
    assert result.wall_s < 60 * crowd()


def assert_not_ready(result: Result) -> None:
    assert result.exit_code in (1, 3), str(result)
    assert result.wall_s < 60 * crowd()
    assert result.report["decision"] in ("NOT READY", "INCONCLUSIVE")
