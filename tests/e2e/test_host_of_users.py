"""A locustfile that sets its own host: followed while that is TARGET, and never a verdict on another place."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import LOOSE, Cli
from tests.faultd.fixture import StartFaultd

HEAD = """from locust import HttpUser, constant, events, task

@events.{event}.add_listener
def place(environment, **_):
    {line}

class Shop(HttpUser):
    wait_time = constant(0.1)
    @task
    def look(self):
        self.client.get("/item")
"""


@pytest.mark.parametrize("event", ["init", "test_start"])
def test_the_host_that_a_listener_sets_is_the_users_where_it_is_the_target(
    cli: Cli, faultd: StartFaultd, event: str
) -> None:
    server = faultd(mode="body", only="*", text="ok")
    here = server.url.replace("127.0.0.1", "localhost")
    (file := cli.folder / "shop.py").write_text(HEAD.format(event=event, line=f"environment.host = '{here}/api'"))
    result = cli.run(server.url, scenario=str(file), checks=LOOSE)
    assert result.exit_code == 0, str(result)
    assert server.seen("/api/item") > 0 == server.seen("/item")
    assert result.report["sent_by_locust"] == {}, "another name of this machine is no other host"


@pytest.mark.parametrize("event", ["init", "test_start"])
def test_another_host_of_a_listener_is_refused_with_its_line_before_anything_is_sent(
    cli: Cli, faultd: StartFaultd, event: str
) -> None:
    server, other = faultd(), faultd()
    (file := cli.folder / "shop.py").write_text(HEAD.format(event=event, line=f"environment.host = '{other.url}'"))
    for result in (cli.run(server.url, scenario=str(file)), cli.plain("try", server.url, "--scenarios", str(file))):
        assert result.exit_code == 2, str(result)
        assert (
            f"environment.host = '{other.url}' (shop.py:5 in place) is not TARGET, which is {server.url}" in result.said
        )
    assert server.seen("/item") == other.seen("*") == 0


def test_a_load_that_went_to_another_host_says_nothing_of_the_target(cli: Cli, faultd: StartFaultd) -> None:
    """A refused connection is the file's own; the answers of a host that may be asked are another service's."""
    server, other = faultd(), faultd(mode="body", only="*", text="ok", host="127.0.0.2")
    (file := cli.folder / "shop.py").write_text(
        HEAD.format(event="init", line="pass")
        + f"    def on_start(self):\n        self.client.base_url = '{other.url}'\n"
    )
    refused = cli.run(server.url, scenario=str(file), checks=LOOSE)
    assert refused.exit_code == 3, str(refused)
    assert refused.ledger["failed"].keys() == {"not_allowed"}
    more = "target: { allowed_hosts: [127.0.0.2] }\n"
    asked = cli.run(server.url, "--allow-host", "127.0.0.2", scenario=str(file), checks=LOOSE, more=more)
    assert asked.exit_code == 3, str(asked)
    assert other.seen("/item") == asked.ledger["ok"] > 0
    assert f"every request went to {other.url}, and none to TARGET" in str(asked.run["load"]["script_errors"])
