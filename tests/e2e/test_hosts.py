"""Several hosts, each a network namespace of its own on one virtual switch: the load of three machines, exactly."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from readiness.measurements.json import loads as read_run
from tests.e2e.harness import SCENARIOS, command, strict_json
from tests.e2e.invariants import decided

TOKEN = "9f1c2ab47d3e8056c4b1e7f0a2d96385"
MASTER = "10.203.7.1"
WORKERS = ("10.203.7.2", "10.203.7.3", "10.203.7.4")
DELAYS_MS = (2, 60, 350)
"""So far apart that no latency on a busy machine is taken for another path's."""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Hosts:
    """Namespaces on a bridge that lies in a namespace of its own; nothing of it is seen from outside."""

    def __init__(self) -> None:
        self._prefix = f"rdy{os.getpid()}"
        self._names: list[str] = []
        self.switch = self._add("sw")
        ip("-n", self.switch, "link", "add", "br0", "type", "bridge")
        ip("-n", self.switch, "link", "set", "br0", "up")

    def host(self, address: str) -> str:
        """A namespace with this address."""
        number = len(self._names)
        name = self._add(f"h{number}")
        ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", f"p{number}", "netns", self.switch)
        ip("-n", self.switch, "link", "set", f"p{number}", "master", "br0", "up")
        ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", name, "link", "set", device, "up")
        return name

    def remove(self) -> None:
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def _add(self, name: str) -> str:
        full = f"{self._prefix}{name}"
        ip("netns", "add", full)
        self._names.append(full)
        return full


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("needs root and iproute2 to make network namespaces")
    try:
        made = Hosts()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"network namespaces cannot be made here: {error.stderr.decode().strip()}")
    yield made
    made.remove()


def test_three_hosts_give_the_servers_own_counts(hosts: Hosts, tmp_path: Path) -> None:
    thresholds = tmp_path / "thresholds.yaml"
    thresholds.write_text(
        f"version: 1\nservice: tested\ntarget: {{ allowed_hosts: [{MASTER}] }}\n"
        'load: { users: 24, duration: 3s }\nchecks:\n  http.success_rate: { pass: "> 99 %", on_fail: block }\n'
    )
    env = {**os.environ, "READINESS_WORKER_TOKEN": TOKEN}
    scenario = str(SCENARIOS / "delays.py")
    counts = tmp_path / "counts.json"

    def start(host: str, *argv: str, piped: bool = False) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE if piped else None
        line = ["ip", "netns", "exec", host, *argv]
        process = subprocess.Popen(line, env=env, text=True, stdin=pipe, stdout=pipe)
        stack.callback(process.kill)
        return process

    with ExitStack() as stack:
        master = hosts.host(MASTER)
        serve = (sys.executable, "-m", "tests.e2e.known_delays", MASTER, str(counts))
        server = start(master, *serve, piped=True)
        assert server.stdout is not None
        port = int(server.stdout.readline())
        run = start(
            master,
            *(command(), "run", f"http://{MASTER}:{port}", "--allow-host", MASTER, "--thresholds", str(thresholds)),
            *("--scenarios", scenario, "--out", str(tmp_path / "out"), "--format", "json", "--quiet"),
            *("--remote-workers", "3", "--listen", f"{MASTER}:5557"),
        )
        lent = [
            start(
                hosts.host(one),
                command(),
                "worker",
                "--allow-host",
                MASTER,
                "--master",
                f"{MASTER}:5557",
                "--scenarios",
                scenario,
            )
            for one in WORKERS
        ]
        run.wait()
        assert [one.wait() for one in lent] == [0, 0, 0]
        server.communicate()
    report = strict_json((tmp_path / "out/report.json").read_text())
    decided(report, 0)
    assert run.returncode == report["exit_code"]
    load = read_run((tmp_path / "out/run.json").read_text(), "run.json").load
    assert load is not None
    answered = json.loads(counts.read_text())
    assert set(answered) == {f"/{delay_ms}" for delay_ms in DELAYS_MS}
    medians_ms = {}
    for endpoint in load.endpoints:
        path = endpoint.name.removeprefix("GET ")
        whole = [endpoint.judged.ok, endpoint.warm_up.ok]
        assert sum(one.total for one in whole) == answered[path]
        assert sum(one.count_over_ms(int(path[1:]), inclusive=True)[1] for one in whole) == answered[path]
        medians_ms[int(path[1:])] = endpoint.judged.ok.quantile_ms(0.5) or 0
    assert sorted(medians_ms.values()) == [medians_ms[delay_ms] for delay_ms in DELAYS_MS]
    assert load.ledger.ok == load.ledger.planned == sum(answered.values())
