"""Rows of a CSV file and values of answers, in real loads: each row once, and what is missing is told as what it is."""

from __future__ import annotations

from collections import Counter

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.invariants import assert_invariants, foreign_doubts
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd

SHOP = """from readiness.scenario import User, constant, json_value, rows, task

USERS = rows("users.csv")


class Shop(User):
    wait_time = constant(0.2)

    def on_start(self):
        self.name = USERS.take()["name"]
        with self.client.get(f"/api/who/{self.name}", name="/api/who", catch_response=True) as response:
            json_value(response, "token")

    @task
    def look(self):
        self.client.get("/api/item")
"""


def put(cli: Cli, rows: int) -> str:
    (cli.folder / "shop.py").write_text(SHOP)
    (cli.folder / "users.csv").write_text("name\n" + "".join(f"u{n}\n" for n in range(rows)))
    return str(cli.folder / "shop.py")


def test_two_processes_give_no_row_twice_and_a_missing_value_is_a_failed_request(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("body", only="/api/who/*", text="{}", content_type="application/json"))
    file = put(cli, rows=7)
    load = "  calibration: 1s\n"
    result = cli.run(server.url, "--processes", "2", scenario=file, checks=LOOSE, load=load, duration="2s")
    assert_invariants(result, server, planned_s=4)
    who = Counter(path for _, _, path in server.log() if path.startswith("/api/who/"))
    assert set(who.values()) == {1}, who
    assert len(who) == 5, who
    assert foreign_doubts(result.report) == []  # nothing is the scenario's own fault
    assert server.seen("/api/item") > 5, "the tasks go on after an on_start that lacked a value"
    assert "no key 'token'; there are none" in result.everything()


def test_a_file_with_too_few_rows_makes_the_run_inconclusive_and_says_what_to_do(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("body", only="/api/who/*", text='{"token": 1}', content_type="application/json"))
    result = cli.run(server.url, scenario=put(cli, rows=3), checks=LOOSE, duration="1s")
    assert result.exit_code == 3, str(result)
    assert "users.csv: all 3 rows are taken" in result.said, str(result)
