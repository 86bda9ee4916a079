"""The built-in target: served alone, and assessed as `make demo` does."""

from __future__ import annotations

import json
import signal
from urllib.request import ProxyHandler, build_opener

import pytest

from readiness.demo.accounts import PASSWORD
from tests.e2e.conftest import Cli
from tests.e2e.harness import marked, run_readiness, start_readiness
from tests.e2e.invariants import assert_invariants, decided
from tests.faultd.client import until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_the_demo_prints_where_it_is_and_leaves_nothing_behind(cli: Cli, number: signal.Signals) -> None:
    running = start_readiness(["demo"], out=cli.out, cwd=cli.folder)
    cli.started.append(running)
    assert running.process.stdout is not None
    places = json.loads(running.process.stdout.readline())
    assert {"url", "database_url", "admin_database_url", "cache_url"} <= set(places)
    with build_opener(ProxyHandler({})).open(places["url"] + "/health", timeout=300) as answer:
        assert answer.status == 200
    running.signal(number)
    result = running.finish()
    assert until(lambda: not marked(result.mark)), marked(result.mark)


def test_a_drill_needs_a_profile_that_has_a_breaker(cli: Cli) -> None:
    result = cli.plain("demo", "--drill", "--profile", "legacy")
    assert result.exit_code == 2
    assert "--drill: the profile legacy has no circuit breaker" in result.stderr
    unknown = cli.plain("demo", "--profile", "old")
    assert (unknown.exit_code, "--profile: 'old' is no profile" in unknown.stderr) == (2, True)


def test_the_demo_is_assessed_end_to_end(cli: Cli) -> None:
    # one task in twenty of a look-up user is a scan: with fewer users some runs would have none to check
    times = ["--users", "60", "--duration", "6s", "--ramp-up", "1s", "--warm-up", "1s"]
    env = {"READINESS_PASSWORD": PASSWORD}
    line = ["run", "demo", "--out", str(cli.out), *times]
    result = run_readiness(line, out=cli.out, cwd=cli.folder, env=env)
    assert result.exit_code in (0, 1, 3, 4), str(result)
    assert_invariants(result, planned_s=120)
    assert {one["scenario"] for one in result.report["endpoints"]} == {"login", "bag_lookup", "dashboard"}
    assert result.ledger["ok"] > 0
    assert "http_4xx" not in result.ledger["failed"], "everybody could log in"
    assert {
        name: result.check(f"data.{name}")["value"]
        for name in ("bags", "parents_and_children", "children_without_parent", "scans_recorded")
    } == {
        "bags": 25_746,
        "scans_recorded": 0,
        "parents_and_children": 0,
        "children_without_parent": 0,
    }
    for name in ("health.latency.p95", "cache.hit_rate", "pool.error_rate", "security.headers", "database.orphans"):
        assert result.check(name)["outcome"] not in ("error", "skipped"), result.check(name)
    assert result.check("cache.consistency")["value"] == 100, (
        "a scan is seen at once; and it is written after the counting"
    )
    probing = result.run["probing"]
    assert probing["needed_looks"] == 124
    assert 0 < probing["looks"]["service_ms"] <= probing["looks"]["waited_ms"]
    assert "Probes sent" in result.text("report.md")


OLD_SERVICE = """
  http.success_rate: { pass: "> 50 %", on_fail: block }
  data.bags: { pass: "== 25746", on_fail: block }
  latency.p95: { pass: "< 100 ms", warn: "< 250 ms" }
  latency.p95@POST /login: { pass: "< 100 ms", warn: "< 250 ms" }
"""
BAGS = "\ndatabase: { counts: { bags: { table: bags } } }\ndecision: { floor_score: 40 }\n"


def test_the_legacy_profile_is_conditional_for_its_log_in_and_its_p95(cli: Cli) -> None:
    """Few checks and users, so that it is short and holds on a busy machine: none waits for the database's counters."""
    file = cli.thresholds(OLD_SERVICE, more=BAGS, load="  scenarios: { login: 1 }\n", duration="8s")
    line = ["run", "demo:legacy", "--users", "2", "--thresholds", str(file), "--out", str(cli.out)]
    result = run_readiness(line, out=cli.out, cwd=cli.folder)
    told = [check["message"] for check in result.report["checks"]]
    calm = decided(result.report, 4) and not any("other processes had" in one for one in told)
    slow = "fail" if calm else "inconclusive"
    assert {(check["name"], check["scope"]): check["outcome"] for check in result.report["checks"]} == {
        ("http.success_rate", None): "pass",
        ("data.bags", None): "pass",
        ("latency.p95", None): slow,
        ("latency.p95", "POST /login"): slow,
    }
