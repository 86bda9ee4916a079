"""Why requests failed is said in the terminal and in the report, and no endpoint that is well is a cause of it."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.harness import Result
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd

CHECKS = """
  latency.p95: { pass: "< 5 s", on_fail: block }
  latency.mean: { pass: "< 5 s" }
  http.success_rate: { pass: "> 99 %", on_fail: block }
"""
HEALTHY = ("/api/item", "/api/dashboard")
REASONS: dict[str, tuple[str, dict[str, object]]] = {
    "404": ("HTTP 404", {"mode": "status", "code": 404}),
    "503": ("HTTP 503", {"mode": "status", "code": 503}),
    "429": ("HTTP 429; the service limits the rate", {"mode": "status", "code": 429}),
    "302": ("HTTP 302 to /login", {"mode": "redirect"}),
    "hang": ("no complete answer in time|still running at the end", {"mode": "hang"}),
    "rst": ("connection reset", {"mode": "rst"}),
    "cut": (r"body cut short \(.*bytes of the body\)", {"mode": "truncated"}),
    "garbage": (r"not a valid HTTP answer \(", {"mode": "garbage"}),
    "wrong": (r"not what the scenario expects \(the item is not ok\)", {"mode": "body", "text": '{"ok": false}'}),
    "bomb": (r"answer too large \(", {"mode": "unruly", "kind": "bomb"}),
}
"""Last part of the path -> what is said of its requests, and what the server does."""


def flat(result: Result) -> str:
    """The terminal without its frame, on one line."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", result.stdout).split())


def blamed(report: dict[str, Any]) -> str:
    """Everything that names a cause or a place to begin."""
    release, outlook = report["release"], report["outlook"]
    issues = [text for issue in release["issues"] for text in (*issue["causes"], *issue["solutions"])]
    steps = [text for step in release["steps"] for text in (step["text"], step["headline"])]
    slow = [outlook["tail"]["text"]] if outlook["tail"] else []
    causes = [cause["sentence"] for cause in report["root_causes"]]
    return "\n".join([*issues, *steps, *slow, *causes, *(one["text"] for one in outlook["what_ifs"])])


def test_an_endpoint_that_is_always_404_is_named_first_and_the_well_ones_are_no_cause(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd(layer("status", code=404, only="/api/missing"))
    env = {"READINESS_VAR_FAULT_PATHS": " ".join((*HEALTHY, "/api/missing"))}
    result = cli.run(server.url, "--users", "6", scenario="faults.py", checks=CHECKS, env=env)
    assert result.exit_code == 1, str(result)
    report = result.report
    (one,) = report["failed_requests"]
    assert one["failed"] == one["requests"] > 0
    said = f"GET /api/missing: not one of {one['requests']} requests succeeded: HTTP 404"
    (issue,) = report["release"]["issues"]
    assert issue["title"] == "Failed requests"
    assert issue["checks"][0] == "http.success_rate"
    assert issue["causes"] == [said]
    assert report["release"]["steps"][0]["headline"] == "Find out why GET /api/missing fails: HTTP 404"
    for path in HEALTHY:
        assert path not in blamed(report)
    p95 = result.check("latency.p95")
    assert p95["value"] is None
    assert p95["failures"]["successful"] > 0
    beside = r"\d+ % of requests failed; P95 of the successful ones [\d,.]+ ms"
    assert re.search(beside, p95["message"])
    assert "slow" not in blamed(report)
    for text in (flat(result), result.text("report.md").replace("`", ""), result.text("report.html")):
        assert said in text
        assert re.search(beside, text)
    assert f"Why requests failed - {said}" in flat(result)
    assert "http_4xx: HTTP 404" not in " ".join(report["notes"])


def test_every_reason_is_told_with_its_endpoint_and_count(cli: Cli, faultd: StartFaultd) -> None:
    layers = (layer(only=f"/api/{path}", **options) for path, (_, options) in REASONS.items())  # type: ignore[arg-type]
    server = faultd(*layers)
    env = {"READINESS_VAR_FAULT_PATHS": " ".join((*HEALTHY, *(f"/api/{path}" for path in REASONS)))}
    users = str(len(REASONS) + len(HEALTHY))
    load = "  timeout: 1s\n"
    result = cli.run(server.url, "--users", users, scenario="faults.py", load=load, checks=CHECKS, env=env)
    assert result.exit_code == 1, str(result)
    told = {one["endpoint"]: one for one in result.report["failed_requests"]}
    assert set(told) == {f"GET /api/{path}" for path in REASONS}
    for path, (words, _) in REASONS.items():
        one = told[f"GET /api/{path}"]
        n = one["requests"]
        counted = f"(?:{one['failed']} of {n} requests? failed|not one of {n} requests succeeded)"
        assert re.match(f"GET /api/{path}: {counted}: .*(?:{words})", one["text"]), one["text"]
    for path in HEALTHY:
        assert path not in blamed(result.report)
    assert "Why requests failed" in flat(result)
    more = re.search(r"and (\d+) more in the report", flat(result))
    assert more is not None
    assert int(more[1]) >= len(REASONS) - 3  # and what failed outside the window, on a busy machine


def test_a_service_that_went_away_is_said_to_refuse_connections(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="die", after=20)
    result = cli.run(server.url, scenario="bare.py", checks=CHECKS, duration="1s")
    assert result.exit_code == 1, str(result)
    assert "connection refused" in flat(result).partition("Why requests failed")[2][:300]
    assert "connection refused" in result.report["release"]["steps"][0]["headline"]


def test_the_answer_that_ended_every_user_is_on_the_terminal(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("status", code=400, only="/login"))
    result = cli.run(server.url, "--ramp-up", "1s", scenario="logs_in.py", checks=CHECKS, duration="1s")
    assert result.exit_code in (1, 3), str(result)
    found = re.search(
        r"Why requests failed - POST /login: not one of 5 requests succeeded[\w ]*: HTTP 400", flat(result)
    )
    assert found, str(result)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_wrong_port_is_one_reason_and_said_once(cli: Cli, host: str) -> None:
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    try:
        with socket.create_server((host.strip("[]"), 0), family=family) as taken:
            url = f"http://{host}:{taken.getsockname()[1]}"
    except OSError:
        pytest.skip("this machine has no IPv6")
    result = cli.run(url, checks=CHECKS)
    assert result.exit_code == 3, str(result)
    assert flat(result).count("connection refused") == 1
    assert url in flat(result)
    assert f"Tested: `{url}`" in result.text("report.md")
    section = result.text("report.md").partition("## What was not measured")[2].partition("\n## ")[0]
    assert section.count("connection refused") == 1
    (issue,) = result.report["release"]["issues"]
    assert len(issue["problems"]) == 1


def test_a_probe_without_a_value_says_what_it_was_answered(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(layer("status", code=404, only="/health"))
    result = cli.run(server.url, "--duration", "2s", checks=CHECKS, more="probes:\n  health: { path: /health }\n")
    section = result.text("report.md").partition("## What was not measured")[2].partition("\n## ")[0]
    assert "Health Check Response" in section
    assert re.search(r"/health answered 404 to (\d+) of \1", section), section
