"""Rows T21, T22, T24 to T27, T31: good answers that are log-in pages, errors or nothing: never a green."""

from __future__ import annotations

import json

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


STREAMS = """
    wait_time = constant(0.05)
    @task
    def ask(self):
        {ask}
    @task
    def named(self):
        {named}
    @task
    def healthy(self):
        {healthy}
"""
ERRORS = """
    wait_time = constant(0.05)
    @task
    def page(self):
        self.client.get("/page")
    @task
    def moved(self):
        self.client.get("/moved", allow_redirects=True)
    @task
    def told(self):
        self.client.get("/told")
    @task
    def empty(self):
        self.client.get("/empty")
    @task
    def swallowed(self):
        with self.client.get("/swallowed", catch_response=True) as answer:
            answer.success()
    @task
    def gone(self):
        with self.client.get("/gone", catch_response=True) as answer:
            answer.success()
    @task
    def jobs(self):
        self.client.get("/jobs")
"""
PARTLY = """
    wait_time = constant(0.05)
    @task
    def half(self):
        self.client.get("/half")
    @task
    def late(self):
        self.client.get("/late")
    @task
    def meant(self):
        with self.client.get("/meant", catch_response=True) as answer:
            answer.success()
    @task
    def rare(self):
        self.client.get("/rare")
"""
HTML = "text/html"
SSE = "text/event-stream; charset=utf-8"
BUSY = 'data: {"error": {"message": "overloaded", "code": 529}}\n\ndata: [DONE]\n\n'
NAMED = "event: error\ndata: overloaded\n\n"
GOOD = 'event: word\ndata: {"error": null, "text": "\\"error\\": 1"}\n\ndata: [DONE]\n\n'


def written(cli: Cli, base: str, file: str = FILE) -> str:
    (path := cli.folder / f"{base}.py").write_text(BASES[base] + file)
    return str(path)


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


@pytest.mark.parametrize("base", BASES)
def test_streams_of_error_events_are_a_doubt_for_every_client(cli: Cli, faultd: StartFaultd, base: str) -> None:
    """Row T24. What a stock client reads piece by piece nobody holds, so here it reads them at once."""
    paths = {"ask": "/chat", "named": "/named", "healthy": "/good"}
    texts = {"/chat": BUSY, "/named": NAMED, "/good": GOOD}
    server = faultd(*(layer("body", only=path, text=text, content_type=SSE) for path, text in texts.items()))
    ask = 'list(self.client.get("{}", stream=True).events())' if base == "own" else 'self.client.get("{}")'
    file = STREAMS.format(**{task: ask.format(path) for task, path in paths.items()})
    result = cli.run(server.url, scenario=written(cli, base, file), checks=LOOSE, duration="7s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, paths=tuple(texts), planned_s=7)
    for name, told in zip(("/chat", "/named"), foreign_doubts(result.report), strict=True):
        assert f"good answers of GET {name}" in told
        assert "streams with an event that says error" in told
    examined = {one["name"]: one["examined"] for one in result.run["load"]["seen"]}
    assert examined["GET /good"]["answers"] >= 5
    assert not examined["GET /good"].get("errors")


@pytest.mark.parametrize("base", BASES)
def test_more_errors_than_requests_may_fail_are_a_doubt_unless_they_are_meant(
    cli: Cli, faultd: StartFaultd, base: str
) -> None:
    """Row T31."""
    busy = '{"error": "busy, try later"}'
    server = faultd(
        layer("body", only="/half", text=busy, share=0.5),
        layer("body", only="/late", text=busy, at_s=5),
        layer("body", only="/meant", text=busy, share=0.5),
        layer("body", only="/half /late /meant /rare", text='{"id": 7}'),
    )
    checks = '\n  http.success_rate: { pass: "> 90 %", on_fail: block }\n'
    result = cli.run(server.url, scenario=written(cli, base, PARTLY), checks=checks, duration="14s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, paths=("/half", "/late", "/meant", "/rare"), planned_s=14)
    doubts = {name: text for text in foreign_doubts(result.report) for name in text.split() if name.startswith("/")}
    assert doubts.keys() == {"/half", "/late"}
    assert all("JSON that says error" in text and "response.success()" in text for text in doubts.values())
    (note,) = (one for one in result.report["notes"] if "called success() for them" in one)
    assert "good answers of GET /meant" in note
    facts = json.loads((cli.out / "run.json").read_text())
    del facts["load"]["seen"]
    (changed := cli.folder / "changed.json").write_text(json.dumps(facts))
    again = cli.plain("judge", str(changed), "--thresholds", str(cli.folder / "thresholds.yaml"))
    assert again.exit_code == 2
    assert "examined is" in again.said


@pytest.mark.parametrize("base", BASES)
def test_errors_in_plain_sight_are_a_doubt_for_every_client(cli: Cli, faultd: StartFaultd, base: str) -> None:
    """Rows T22, T25, T26, T27. A 4xx that a scenario calls good may be meant, and is a note."""
    title = "<title>500 Internal Server Error</title><h1>Internal Server Error</h1>"
    server = faultd(
        layer("body", only="/page", text=title, content_type=HTML),
        layer("redirect", only="/moved", location="/maintenance"),
        layer("body", only="/maintenance", text="<h1>We are down for maintenance</h1>", content_type=HTML),
        layer("body", only="/told", text='{"success": false, "message": "x"}'),
        layer("body", only="/empty", text=""),
        layer("status", only="/swallowed", code=500),
        layer("status", only="/gone", code=404),
        layer("body", only="/jobs", text='[{"id": 1, "status": "error"}]'),
    )
    result = cli.run(server.url, scenario=written(cli, base, ERRORS), checks=LOOSE, duration="9s")
    assert result.exit_code == 3, str(result)
    doubts = {name: text for text in foreign_doubts(result.report) for name in text.split() if name.startswith("/")}
    assert doubts.keys() == {"/page", "/moved", "/told", "/empty", "/swallowed"}
    assert "pages of an error or of maintenance" in doubts["/page"]
    assert "pages of an error or of maintenance" in doubts["/moved"]
    assert "JSON that says error" in doubts["/told"]
    assert "have no body" in doubts["/empty"]
    assert "have a status of 5xx" in doubts["/swallowed"]
    (note,) = (one for one in result.report["notes"] if "/gone" in one)
    assert "status of 4xx, which the scenario calls good" in note
