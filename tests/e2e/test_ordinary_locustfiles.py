"""A locustfile that knows nothing of readiness is measured like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.invariants import assert_invariants, decided, foreign_doubts
from tests.faultd.fixture import StartFaultd

STOCK = ("stock_http.py", "stock_fast.py")
PATHS = ("/api/*", "/login")


@pytest.mark.parametrize("scenario", STOCK)
def test_an_unmodified_locustfile_is_ready_on_a_healthy_service(cli: Cli, faultd: StartFaultd, scenario: str) -> None:
    server = faultd()
    # no latency: a busy machine may rightly take its proof away
    checks = '\n  http.success_rate: { pass: "> 99 %", on_fail: block }\n'
    result = cli.run(server.url, scenario=scenario, checks=checks)
    decided(result.report, 0)
    assert_invariants(result, server, paths=PATHS)
    assert {one["name"] for one in result.report["endpoints"]} == {"POST /login", "GET /api/item", "GET /api/[id]"}
    assert {one["scenario"] for one in result.report["endpoints"]} == {scenario.removesuffix(".py")}
    assert result.report["sent_by_locust"] == {}


@pytest.mark.parametrize("scenario", STOCK)
def test_an_unmodified_locustfile_has_no_request_deleted_when_the_service_hangs(
    cli: Cli, faultd: StartFaultd, scenario: str
) -> None:
    server = faultd(mode="hang", only="/api/*", after=30)
    result = cli.run(server.url, scenario=scenario, duration="1s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, paths=PATHS, planned_s=7)
    unanswered = result.ledger["in_flight"] + sum(result.ledger["failed"].values())
    assert unanswered == server.seen("/api/*") - 30 > 0


@pytest.mark.parametrize("scenario", STOCK)
@pytest.mark.parametrize(
    ("mode", "words", "classes"),
    [
        ("status", {"code": 503}, {"http_5xx"}),
        ("body", {"text": '{"ok": false}'}, {"assertion"}),
        ("die", {"after": 20}, {"connect_refused", "reset", "protocol", "truncated"}),
    ],
    ids=["503", "wrong body", "dies"],
)
def test_an_unmodified_locustfile_gets_the_same_failure_classes(
    cli: Cli, faultd: StartFaultd, scenario: str, mode: str, words: dict[str, Any], classes: set[str]
) -> None:
    server = faultd(mode=mode, only="/api/*", **words)
    result = cli.run(server.url, scenario=scenario, duration="1s")
    assert result.exit_code == 1, str(result)
    # Stock clients send a request again that a dying server took: that one is refused and was still seen.
    seen_twice = 5 if mode == "die" else 0
    assert_invariants(result, server, paths=PATHS, planned_s=1, seen_twice=seen_twice)
    assert set(result.ledger["failed"])
    assert set(result.ledger["failed"]) <= classes


@pytest.mark.parametrize("load", ["", "  rate: 100 /s\n"], ids=["closed", "open"])
def test_a_locustfile_may_use_all_of_locust(cli: Cli, faultd: StartFaultd, load: str) -> None:
    """Tasks are drawn by chance; of so many that one is missing in less than one run of a million."""
    server = faultd()
    result = cli.run(
        server.url, scenario="locust_features.py", checks='\n  latency.p95: { pass: "< 900 ms" }\n', load=load
    )
    decided(result.report, 1)  # TOLD trouble never succeeds
    assert foreign_doubts(result.report) == []
    assert set(result.report["sent_by_locust"]) == {"stream=True"}
    endpoints = {one["name"]: (one["requests"], one["failures"]) for one in result.report["endpoints"]}
    always = {f"GET /api/{name}" for name in ("hello", "steps", "rest", "lines", "renamed", "walk")}
    always |= {"TOLD sleep", "TOLD trouble"}
    ends = {"GET /api/third", "TOLD test_stop after init and test_start"}
    assert always <= set(endpoints) <= always | ends
    assert load or ends <= set(endpoints)
    assert all(failures == 0 for name, (_, failures) in endpoints.items() if name != "TOLD trouble")
    assert set(result.ledger["failed"]) == {"reset"}
    sent = sum(count for name, (count, _) in endpoints.items() if name.startswith("GET"))
    assert server.seen("/api/*") >= sent > 0


def test_locust_as_a_library_is_refused_and_says_what_to_do_instead(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="library.py")
    assert result.exit_code == 2, str(result)
    assert "library.py:16: runs a load of its own" in result.said
    assert "under `if __name__" in result.said
    assert server.seen("/api/*") == 0


def test_a_locustfile_reaches_no_other_host_while_it_is_read(cli: Cli, faultd: StartFaultd, tmp_path: Path) -> None:
    server, canary = faultd(), faultd(host="127.0.0.2")
    file = tmp_path / "fetches.py"
    file.write_text(f"import requests\nDATA = requests.get({canary.url!r}, timeout=9).text\n")
    result = cli.run(server.url, scenario=str(file))
    assert result.exit_code == 2, str(result)
    assert "127.0.0.2 is not the target; name it with --allow-host" in result.said
    assert canary.counts()["connections"] == 0


def test_users_without_think_time_end_their_requests_when_the_load_ends(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, scenario="stock_restless.py", duration="1s")
    assert result.exit_code in (0, 3), str(result)  # a generator that is always busy may prove no latency
    assert_invariants(result, server)
    assert result.ledger["in_flight"] == 0
