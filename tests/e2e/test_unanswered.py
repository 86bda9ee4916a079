"""Rows T29 and T30: users who wait for an answer that never comes, before the measurement window and in it."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import ANY_SPEED, Cli
from tests.e2e.harness import Result
from tests.e2e.invariants import assert_invariants, foreign_doubts
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd

FILE = """
{imports}, constant, task


class Calm({base}):
    wait_time = constant(0.02)

    @task
    def item(self):
        self.client.get("/api/item")


class Stuck(Calm):
    asked = 0

    @task
    def item(self):
        self.asked += 1
        self.client.get("/api/hung" if self.asked > {well} else "/api/item", name="/api/item")
"""
IMPORTS = {
    "User": "from readiness.scenario import User",
    "HttpUser": "from locust import HttpUser",
    "FastHttpUser": "from locust import FastHttpUser",
}


def run(cli: Cli, faultd: StartFaultd, base: str, well: int, warm_up: str) -> Result:
    server = faultd(layer("hang", only="/api/hung"))
    (path := cli.folder / "shop.py").write_text(FILE.format(imports=IMPORTS[base], base=base, well=well))
    args = ("--users", "10", "--warm-up", warm_up)
    result = cli.run(server.url, *args, scenario=str(path), checks=ANY_SPEED, duration="6s")
    assert_invariants(result, server, planned_s=20)
    return result


@pytest.mark.parametrize("base", IMPORTS)
def test_users_who_hang_since_the_warm_up_are_a_doubt(cli: Cli, faultd: StartFaultd, base: str) -> None:
    """Row T29. Every check passes: the others are quick, and a request counts where it began."""
    result = run(cli, faultd, base, 3, "2s")
    assert result.exit_code == 3, str(result)
    (doubt,) = foreign_doubts(result.report)
    assert doubt.startswith("5 of 10 users waited at least half of the measurement window for an answer")
    assert "load.timeout" in doubt
    assert result.run["load"]["unanswered"]["from_before"] == 5
    assert {check["outcome"] for check in result.report["checks"]} == {"pass"}
    again = cli.plain("judge", str(cli.out / "run.json"), "--thresholds", str(cli.folder / "thresholds.yaml"))
    assert again.exit_code == 3


def test_users_who_hang_within_the_window_are_a_note_with_their_share_of_the_time(
    cli: Cli, faultd: StartFaultd
) -> None:
    """Row T30."""
    result = run(cli, faultd, "User", 40, "0s")
    (note,) = (one for one in result.report["notes"] if "of the users' time" in one)
    assert "went to 5 requests without a complete answer" in note
    assert not [doubt for doubt in foreign_doubts(result.report) if "waited at least half" in doubt]
