"""Answers before their end, against a server whose pauses are known; judged again, compared, on two processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from math import isnan, nan

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.harness import Result
from tests.e2e.invariants import decided

CHECKS = """
  http.success_rate: { pass: "> 50 %", on_fail: block }
  latency.ttfb.p50: { pass: "< 5 s", on_fail: block }
  latency.ttfb.p95: { pass: "< 5 s", on_fail: block }
"""
PAUSE_MS = 200.0


@pytest.fixture
def streams() -> Iterator[str]:
    """The address of tests/e2e/known_streams.py."""
    command = [sys.executable, "-m", "tests.e2e.known_streams"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


def values(result: Result) -> dict[str, float]:
    """By key; NaN where there is none."""
    checks = result.report["checks"]
    return {f"{one['name']}@{one['scope'] or ''}": one["value"] if one["value"] is not None else nan for one in checks}


def test_a_client_that_does_not_say_when_an_answer_began_leaves_it_unmeasured(cli: Cli, streams: str) -> None:
    scopes = ("/ours", "/plain", "/fast", "/locusts", "/fails")
    checks = CHECKS + "".join(f'  latency.ttfb.p50@{scope}: {{ pass: "< 900 ms" }}\n' for scope in scopes)
    result = cli.run(streams, scenario="begins.py", checks=checks)
    assert result.exit_code == 3, str(result)
    found = values(result)
    for scope in ("/ours", "/plain", "/fast"):
        assert 50 <= found[f"latency.ttfb.p50@{scope}"] < 50 + PAUSE_MS, found
    for scope in ("", "/locusts"):
        assert isnan(found[f"latency.ttfb.p50@{scope}"])
    check = result.check("latency.ttfb.p50@/ours")
    assert check["low"] <= check["value"] <= check["high"]
    check = result.check("latency.ttfb.p50@/locusts")
    assert check["outcome"] == "error"
    assert "came to a client that does not say when they began" in check["message"]
    fails = next(one for one in result.run["endpoints"] if one["name"] == "GET /fails")
    assert fails["first_byte"]["failed"] == fails["judged"]["failed"] != {}, "slower than any other"


GAP_MS, FIRST_MS = 300.0, 100.0
BOTH = """
  http.success_rate: { pass: "> 50 %", on_fail: block }
  latency.ttfb.p50: { pass: "< 5 s", on_fail: block }
  latency.ttfb.p50@/chat: { pass: "< 5 s" }
  latency.ttfb.p50@/page: { pass: "< 5 s" }
  latency.ttfb.p95@/page: { pass: "< 5 s" }
  latency.p50@/chat: { pass: "< 5 s" }
  latency.p50@/page: { pass: "< 9 s" }
  stream.first_event.p50: { pass: "< 5 s", on_fail: block }
  stream.first_event.p95@/chat: { pass: "< 5 s", on_fail: block }
  stream.longest_gap.p50: { pass: "< 5 s", on_fail: block }
  stream.longest_gap.max: { pass: "< 200 ms", warn: "< 5 s" }
"""


def test_first_byte_first_event_and_longest_gap_are_those_of_the_server(cli: Cli, streams: str) -> None:
    every_moment_is_the_servers(cli, streams)


def test_two_processes_tell_the_same_moments(cli: Cli, streams: str) -> None:
    every_moment_is_the_servers(cli, streams, "--processes", "2")


def every_moment_is_the_servers(cli: Cli, streams: str, *flags: str) -> None:
    """In the run, in its reports, judged again and compared."""
    more = "evidence: { confidence: none }\n"  # answers that all take the same time come in bursts
    result = cli.run(streams, "--users", "10", *flags, scenario="moments.py", checks=BOTH, more=more)
    if not decided(result.report, 0):
        return  # this machine held the generator up, and its pauses are in every number
    assert result.check("stream.longest_gap.max")["outcome"] == "warn"
    found = values(result)
    begins, ends = found["latency.ttfb.p50@/page"], found["latency.p50@/page"]
    assert 50 <= begins <= ends - PAUSE_MS * 0.9, found
    assert begins <= found["latency.ttfb.p95@/page"]
    first, gap, whole = (
        found[key] for key in ("stream.first_event.p50@", "stream.longest_gap.p50@", "latency.p50@/chat")
    )
    assert first >= FIRST_MS
    assert found["latency.ttfb.p50@/chat"] <= first - FIRST_MS * 0.5, "head and comment came at once"
    assert GAP_MS * 0.9 <= gap <= whole - FIRST_MS * 0.9, found
    assert gap <= found["stream.longest_gap.max@"]

    chat, page = result.run["endpoints"]
    for endpoint in (chat, page):
        assert endpoint["first_byte"]["ok"]["total"] == endpoint["judged"]["ok"]["total"] > 0
    assert chat["first_event"]["ok"]["total"] == chat["longest_gap"]["ok"]["total"] == chat["judged"]["ok"]["total"]
    assert "first_event" not in page
    assert result.report["endpoints"][1]["first_byte_ms"]["p50"] == begins
    text = result.text("report.md")
    assert "First byte" in text
    assert "Longest gap between events" in text

    file = str(result.out / "run.json")
    again = cli.plain("judge", file, "--thresholds", str(cli.folder / "thresholds.yaml"))
    assert again.exit_code == result.exit_code, str(again)
    compared = cli.plain("compare", file, file, "--format", "json")
    names = {one["metric"] for one in json.loads(compared.stdout)["differences"]}
    assert {"latency.ttfb.p95", "stream.first_event.p95", "stream.longest_gap.p95"} <= names, str(compared)


def test_a_stream_that_is_cut_is_slower_than_any_other(cli: Cli, streams: str) -> None:
    checks = """
  stream.first_event.p50: { pass: "< 5 s", on_fail: block }
  stream.first_event.p95: { pass: "< 5 s", on_fail: block }
  stream.longest_gap.max: { pass: "< 5 s", on_fail: block }
"""
    result = cli.run(streams, scenario="stream_dies.py", checks=checks)
    assert result.exit_code == 1, str(result)
    found = values(result)
    assert found["stream.first_event.p50@"] >= 20
    assert isnan(found["stream.first_event.p95@"])
    assert isnan(found["stream.longest_gap.max@"])
    (chat,) = result.run["endpoints"]
    assert chat["first_event"]["failed"] == chat["judged"]["failed"]
    assert set(chat["judged"]["failed"]) == {"truncated"}


def test_nothing_is_noted_where_no_check_asks_and_judging_it_later_says_so(cli: Cli, streams: str) -> None:
    loose = '\n  http.success_rate: { pass: "> 50 %", on_fail: block }\n'
    result = cli.run(streams, scenario="parts.py", checks=loose, duration="2s")
    decided(result.report, 0)
    assert "first_byte" not in result.text("run.json")
    assert result.report["endpoints"][0]["first_byte_ms"] is None
    limits = cli.thresholds(CHECKS, name="later.yaml")
    again = cli.plain("judge", str(result.out / "run.json"), "--thresholds", str(limits))
    assert again.exit_code == 3
    said = " ".join(again.said.replace("│", "").split())
    assert "this run did not measure it: run again with a check of latency.ttfb.p50" in said, str(again)
    limits = cli.thresholds('\n  stream.first_event.p95: { pass: "< 5 s", on_fail: block }\n', name="streams.yaml")
    again = cli.plain("judge", str(result.out / "run.json"), "--thresholds", str(limits))
    assert again.exit_code == 3
    assert "no stream was noted: it needs a check of stream.first_event.p95" in " ".join(
        again.said.replace("│", "").split()
    )
