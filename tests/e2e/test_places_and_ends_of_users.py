"""Where users of a locustfile may connect to, and what is told when one ends badly."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import LOOSE, Cli
from tests.faultd.fixture import StartFaultd

ELSEWHERE = """import socket
from locust import HttpUser, constant, task

class Shop(HttpUser):
    wait_time = constant(0.1)

    def on_start(self):
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.here = socket.create_connection(("localhost", PORT))

    @task
    def look(self):
        self.here.sendall(b"GET /api/item HTTP/1.1\\r\\nHost: here\\r\\n\\r\\n")
        assert self.here.recv(9000)
        self.client.get("http://no-such-host.invalid/api/item", name="nowhere")

    @task
    def tell(self):
        with self.environment.events.request.measure("UDP", "tell"):
            self.datagrams.sendto(b"1", ("127.0.0.2", 9))
"""


def test_a_host_that_is_not_the_target_is_never_reached_nor_its_failure_whether_it_has_a_name_or_not(
    cli: Cli, faultd: StartFaultd
) -> None:
    """And the target may be called by its name on a plain socket."""
    server = faultd()
    port = server.url.rpartition(":")[2]
    (file := cli.folder / "elsewhere.py").write_text(ELSEWHERE.replace("PORT", port))
    result = cli.run(f"http://localhost:{port}", "--users", "2", scenario=str(file), checks=LOOSE, duration="3s")
    assert result.exit_code == 3, str(result)
    assert result.ledger["failed"].keys() == {"not_allowed"}
    assert "script_errors" not in result.run["load"]
    details = str(result.run["load"]["failure_details"])
    assert "(no-such-host.invalid is not the target)" in details
    assert "127.0.0.2 is not the target; name it with --allow-host" in details
    assert server.seen("/api/item") > 0


NEIGHBOUR = """import socket
from locust import User, constant, task

class Talk(User):
    wait_time = constant(0.1)
    @task
    def look(self):
        with self.environment.events.request.measure("TCP", "look"):
            with socket.create_connection(("127.0.0.1", PORT)) as line:
                line.sendall(b"GET /api/item HTTP/1.0\\r\\n\\r\\n")
                assert line.recv(9000)
"""


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", "localhost"), ("localhost", "127.0.0.1")])
def test_another_port_of_the_targets_machine_is_reached_as_the_message_says(
    cli: Cli, faultd: StartFaultd, host: str, name: str
) -> None:
    target, neighbour = faultd(), faultd()
    own, other = (server.url.rpartition(":")[2] for server in (target, neighbour))
    (file := cli.folder / "neighbour.py").write_text(NEIGHBOUR.replace("PORT", other))
    url, more = f"http://{host}:{own}", f"target: {{ allowed_hosts: ['{name}'] }}\n"
    refused = cli.run(url, scenario=str(file), checks=LOOSE, more=more, duration="1s")
    assert refused.ledger["failed"].keys() == {"not_allowed"}
    assert (
        f"127.0.0.1 port {other} is not the target, of whose machine only port {own} is allowed: for another port, "
        f"name {name} with --allow-host and under target.allowed_hosts" in str(refused.run["load"]["failure_details"])
    )
    followed = cli.run(url, "--allow-host", name, scenario=str(file), checks=LOOSE, more=more, duration="1s")
    assert followed.ledger["failed"] == {}, str(followed)
    assert neighbour.seen("/api/item") == followed.ledger["ok"] > 0


ENDS_BADLY = """from locust import HttpUser, TaskSet, constant, task
from locust.exception import StopUser
from readiness.scenario import User as Ours

class Tasks(TaskSet):
    @task
    def look(self):
        self.client.get("/api/item")
        self.interrupt()
    def on_stop(self): raise LookupError("of the tasks")

class Shop(HttpUser):
    wait_time = constant(0.1)
    tasks = [Tasks]
    def on_stop(self): raise RuntimeError("of the user")

class Calm(Shop):
    def on_stop(self):
        try:
            super().on_stop()
        except RuntimeError:
            raise StopUser

class Mine(Ours):
    wait_time = constant(0.1)
    tasks = [Calm.tasks[0]]
    def on_stop(self): self.client.get("/api/item").raise_for_status(); raise KeyError("mine")
"""


@pytest.mark.parametrize("load", ["", "  rate: 20 /s\n"], ids=["closed", "open"])
def test_an_on_stop_that_raises_is_a_doubt_with_its_line_and_nothing_else_is_lost(
    cli: Cli, faultd: StartFaultd, load: str
) -> None:
    (file := cli.folder / "ends_badly.py").write_text(ENDS_BADLY)
    result = cli.run(faultd().url, scenario=str(file), checks=LOOSE, duration="2s", load=load)
    assert result.exit_code == 3, str(result)
    told = "\n".join(result.run["load"]["script_errors"])
    assert "ends_badly: Shop: ends_badly.py:15 in on_stop: RuntimeError: of the user (" in told
    assert "ends_badly: Mine: ends_badly.py:27 in on_stop: KeyError: 'mine' (" in told
    assert ("ends_badly: Shop: ends_badly.py:10 in on_stop: LookupError: of the tasks" in told) is (load == "")
    assert "Calm: ends_badly.py:15" not in told
