"""Rows T21, T22: answers that a scenario counts as good, and that are log-in pages or errors, are never a green."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.invariants import assert_invariants, foreign_doubts
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd

BASES = {
    "own": "from readiness.scenario import User, constant, task\nclass Shop(User):",
    "http": "from locust import HttpUser, constant, task\nclass Shop(HttpUser):",
    "fast": "from locust import FastHttpUser, constant, task\nclass Shop(FastHttpUser):",
}
FILE = """
    wait_time = constant(0.05)
    @task
    def account(self):
        with self.client.get("/account", catch_response=True, allow_redirects=True) as answer:
            if answer.status_code != 200:
                answer.failure("not 200")
    @task
    def reviews(self):
        self.client.post("/graphql", json={"query": "{ reviews }"}, name="/graphql Reviews")
    @task
    def healthy(self):
        self.client.get("/api/item", allow_redirects=True)
"""


def written(cli: Cli, base: str) -> str:
    (file := cli.folder / f"{base}.py").write_text(BASES[base] + FILE)
    return str(file)


@pytest.mark.parametrize("base", BASES)
def test_log_in_pages_and_errors_with_status_200_are_a_doubt_for_every_client(
    cli: Cli, faultd: StartFaultd, base: str
) -> None:
    server = faultd(
        layer("redirect", only="/account"),
        layer("body", only="/graphql", text='{"data": {"reviews": null}, "errors": [{"message": "no such field"}]}'),
    )
    result = cli.run(server.url, scenario=written(cli, base), checks=LOOSE, duration="7s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, paths=("/account", "/graphql", "/api/*"), planned_s=7)
    account, reviews = foreign_doubts(result.report)
    assert "good answers of GET /account" in account
    assert "came from /login, a log-in page" in account
    assert "good answers of POST /graphql Reviews" in reviews
    assert "are JSON that says error" in reviews
    examined = {one["name"]: one["examined"] for one in result.run["load"]["seen"]}
    assert examined["GET /api/item"]["answers"] >= 5
    assert not examined["GET /api/item"].get("errors")
    assert not examined["GET /api/item"].get("at_log_in")


def test_partial_data_and_a_log_in_that_was_asked_for_are_no_doubt(cli: Cli, faultd: StartFaultd) -> None:
    """GraphQL answers with what it has; and who asks for a log-in may be led to its page."""
    server = faultd(
        layer("redirect", only="/account", location="/dashboard"),
        layer("body", only="/graphql", text='{"data": {"reviews": [], "stock": null}, "errors": [{"message": "x"}]}'),
    )
    result = cli.run(server.url, scenario=written(cli, "own"), checks=LOOSE, duration="7s")
    assert not foreign_doubts(result.report), str(result)
