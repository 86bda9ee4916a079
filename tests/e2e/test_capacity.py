"""`readiness capacity` from outside: it finds what a service was built to take, and ends with the code that says so."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.harness import SCENARIOS, Result, marked, run_readiness, start_readiness, strict_json
from tests.faultd.fixture import StartFaultd

# no latency: a busy machine may rightly take its proof away
CHECKS = '\n  http.success_rate: { pass: "> 80 %" }\n'


ONE = """from readiness.scenario import User, constant, task


class Shop(User):
    wait_time = constant(0.05)

    @task
    def slow(self):
        self.client.get("/slow")
"""


def told(url: str) -> dict[str, Any]:
    """What the service says of itself; asking is one request more for it, which costs next to nothing."""
    with urllib.request.urlopen(f"{url}/stats") as found:
        said: dict[str, Any] = json.load(found)
    return said


def capacity(cli: Cli, target: str, *args: str) -> Result:
    file = cli.thresholds(CHECKS)
    fixed = ["--thresholds", str(file), "--scenarios", str(SCENARIOS / "restless.py"), "--out", str(cli.out)]
    return run_readiness(
        ["capacity", target, *fixed, "--hold", "1s", *args], out=cli.out, cwd=cli.folder, thresholds=file
    )


def answer(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = strict_json(result.text("capacity.json"))
    assert document["schema"] == "readiness.capacity/1"
    assert document["exit_code"] == result.exit_code
    return document


def test_the_number_of_users_that_a_service_was_built_for_lies_in_the_answer(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="crowded", at_most=2, quick_ms=100, slow_ms=100, refuses=True)
    result = capacity(cli, server.url, "--max-users", "3")
    assert result.exit_code == 0, str(result)
    found = answer(result)
    assert found["kind"] == "bounded", str(result)
    assert (found["answer"]["low"], found["answer"]["high"]) == (2, 3)
    last = result.stdout.splitlines()[-1]
    assert last == f"readiness: capacity=2..3 users exit=0 run={found['run_id']}"
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    at_answer = [one for one in found["attempts"] if one["height"] == 2 and one["proof"]]
    assert [one["finding"] for one in at_answer] == ["kept"]
    assert sum(one["requests"] for one in found["attempts"]) <= server.seen("/api/*")
    for name in ("capacity.md", "capacity.html"):
        assert "2–3 users" in result.text(name)
    assert "<script" not in result.text("capacity.html")
    assert not marked(result.mark)


def test_even_the_smallest_rate_may_be_too_much(cli: Cli, faultd: StartFaultd) -> None:
    result = capacity(cli, faultd(mode="status", code=503).url, "--max-rate", "16", "--hold", "3s")
    assert result.exit_code == 1, str(result)
    found = answer(result)
    assert (found["kind"], found["unit"]) == ("below", "/s")
    assert "capacity=<1 /s exit=1" in result.stdout.splitlines()[-1]


def test_the_largest_load_that_was_allowed_is_never_exceeded(cli: Cli, faultd: StartFaultd) -> None:
    result = capacity(cli, faultd(mode="delay", delay_ms=20).url, "--max-users", "1")
    assert result.exit_code == 0, str(result)
    found = answer(result)
    assert (found["kind"], found["answer"]["low"], found["answer"]["high"]) == ("at least", 1, None)
    assert "capacity=>=1 users exit=0" in result.stdout.splitlines()[-1]
    assert {one["height"] for one in found["attempts"]} == {1}
    assert "larger ones were not tried" in result.stdout.replace("\n  ", " ")


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([], 2, "capacity: needs --max-users N or --max-rate R"),
        (["--max-users", "5", "--max-rate", "5"], 2, "--max-users stands beside --max-rate; give only one of the two"),
        (["--max-users", "0"], 2, "--max-users: must be between"),
        (["--max-users", "5", "--hold", "soon"], 2, "--hold: "),
    ],
)
def test_wrong_flags_are_named_and_nothing_is_sent(
    cli: Cli, faultd: StartFaultd, args: list[str], code: int, said: str
) -> None:
    server = faultd()
    result = capacity(cli, server.url, *args)
    assert result.exit_code == code, str(result)
    assert said in result.stderr
    assert server.seen("/*") == 0


def test_a_target_that_is_not_there_is_unknown_and_a_foreign_one_is_refused(cli: Cli) -> None:
    result = capacity(cli, "http://127.0.0.1:9", "--max-users", "4")
    assert result.exit_code == 3, str(result)
    assert "cannot be reached" in answer(result)["problem"]
    assert capacity(cli, "http://192.0.2.1", "--max-users", "4").exit_code == 5
    assert answer_kind(cli) == "unknown"


def answer_kind(cli: Cli) -> str:
    kind: str = strict_json((cli.out / "capacity.json").read_text())["kind"]
    return kind


def test_a_signal_ends_the_search_with_what_was_known(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    file = cli.thresholds(CHECKS)
    line = ["capacity", server.url, "--max-users", "8", "--thresholds", str(file), "--out", str(cli.out)]
    line += ["--scenarios", str(SCENARIOS / "api.py")]
    running = start_readiness(line, out=cli.out, cwd=cli.folder, thresholds=file)
    cli.started.append(running)
    server.wait(10, "/api/*")
    running.signal(signal.SIGTERM)
    result = running.finish()
    assert result.exit_code == 143, str(result)
    found = answer(result)
    assert (found["kind"], found["interrupted"]) == ("unknown", "SIGTERM")


def test_cores_for_a_wanted_load_follow_from_what_a_request_costs(cli: Cli) -> None:
    script = Path(__file__).with_name("sick_service.py")
    service = subprocess.Popen(
        [sys.executable, str(script), "costs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert service.stdout is not None
        url = f"http://127.0.0.1:{int(service.stdout.readline())}"
        (cli.folder / "shop.py").write_text(ONE)
        file = cli.thresholds(CHECKS)
        fixed = ["--thresholds", str(file), "--scenarios", str(cli.folder / "shop.py"), "--out", str(cli.out)]
        words = ["capacity", url, *fixed, "--hold", "2s", "--max-users", "2", "--for", "400 users", "--at-cpu", "50%"]
        before = told(url)
        result = run_readiness(words, out=cli.out, cwd=cli.folder, thresholds=file)
        after = told(url)
    finally:
        service.kill()
        service.communicate()
    assert result.exit_code == 0, str(result)
    found = answer(result)["sizing"]
    true_ms = 1000 * (after["cpu_s"] - before["cpu_s"]) / (after["pool"]["requests"] - before["pool"]["requests"])
    cost = found["cpu_ms"]
    assert true_ms >= 10
    assert cost["low"] <= true_ms <= cost["high"], (true_ms, found)
    assert cost["high"] < 2 * cost["low"], "a range that holds everything says nothing"
    rate = found["requests_per_s"]
    assert found["cores"]["value"] == pytest.approx(rate * cost["value"] / 1000 / 0.5)
    assert found["instances"] == max(found["by_cpu"], found["by_limits"]) + 1
    for name in ("capacity.md", "capacity.html"):
        assert "For 400 users" in result.text(name)
        assert "Assumed: " in result.text(name)


def test_a_load_that_the_search_cannot_speak_of_is_refused_before_anything_is_sent(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd()
    for words, said in (
        (("--for", "many"), '--for "many": must be a load such as'),
        (("--for", "250/s"), '--for "250/s": needs --max-rate'),
        (("--for", "400 users", "--at-cpu", "2"), '--at-cpu "2": must be a share'),
    ):
        result = capacity(cli, server.url, "--max-users", "3", *words)
        assert result.exit_code == 2, str(result)
        assert said in result.said
    assert server.seen("/*") == 0
