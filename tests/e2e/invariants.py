"""What must hold after every run, whatever went wrong in it (I1 to I11 of the fault matrix)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import yaml

from readiness.measurements import json as run_json
from readiness.report import json as report_json
from tests.e2e.harness import START_S, Result, check_key, crowd, marked
from tests.faultd.client import Faultd, until

EXIT = {"READY": 0, "NOT READY": 1, "INCONCLUSIVE": 3, "CONDITIONAL": 4}
OUTCOMES = {"pass", "warn", "fail", "inconclusive", "error", "skipped", "not_applicable"}
FORMATS = ("report.md", "report.html", "junit.xml")
NEVER_SENT = ("dns", "connect_refused", "connect_timeout", "tls", "local_fds", "local_ports")
MAYBE_SENT = ("reset", "timeout", "protocol", "truncated", "surplus", "not_allowed", "script")
"""Failures after which nobody can know whether the server received the request whole."""

OURS = (
    *(f"the load generator{what}" for what in (" paused", " itself", " was", " held", "'s event loop")),
    "arrivals left",
    "cores that other processes had",
)
"""Words of what held our own engine up, and of other work on this machine: the tests beside it."""

_DECISION = re.compile(r"NOT READY|NOT_READY|CONDITIONAL|INCONCLUSIVE|READY")
_run_ids: set[str] = set()


def assert_invariants(
    result: Result,
    *servers: Faultd,
    paths: tuple[str, ...] = ("/api/*",),
    planned_s: float = 3.0,
    canary: Faultd | None = None,
    seen_twice: int = 0,
) -> None:
    """Assert all of them; `servers` got the load on `paths` only."""
    assert "Traceback" not in result.said, str(result)
    one_decision(result)
    strictly_written(result)
    nothing_contradicts_itself(result)
    ledger_balances(result)
    if servers:
        counts_agree(result, servers, paths, seen_twice)
    every_check_once(result)
    no_secret(result)
    assert result.report["run_id"] not in _run_ids, "I8: a run id was used again"
    _run_ids.add(result.report["run_id"])
    nothing_left(result)
    assert result.wall_s <= planned_s + START_S * crowd(), f"I10: took {result.wall_s:.1f} s"
    if canary is not None:
        assert canary.counts()["connections"] == 0, "I11: traffic went to another host"


def foreign_doubts(report: Mapping[str, Any]) -> list[str]:
    """The doubts that are not about a generator which this machine held up."""
    return [doubt for doubt in report["doubts"] if not any(words in doubt for words in OURS)]


def decided(report: Mapping[str, Any], exit_code: int) -> bool:
    """Assert that the run ended with `exit_code`; False where this machine held its generator up, and it says so.

    A pause or a late event loop may come to any run beside others, and then INCONCLUSIVE alone is right. But all that
    speaks against such a run must be the generator's: anything else is a defect, as another exit code is.
    """
    if report["exit_code"] == exit_code:
        return True
    open_checks = [one["message"] for one in report["checks"] if one["outcome"] not in ("pass", "warn")]
    assert report["exit_code"] == EXIT["INCONCLUSIVE"], report["reason"]
    assert report["doubts"] or open_checks, report["reason"]
    assert foreign_doubts(report) == [], report["doubts"]
    assert all(any(words in message for words in OURS) for message in open_checks), open_checks
    return False


def assert_failed(report: Mapping[str, Any], key: str) -> None:
    """Assert that a latency failed; or that it would have, had the generator not stood still meanwhile."""
    (found,) = [one for one in report["checks"] if check_key(one) == key]
    paused = "the load generator itself paused" in found["message"]
    assert found["outcome"] == ("inconclusive" if paused else "fail"), found


def refused(result: Result, server: Faultd, *needles: str) -> None:
    """Exit code 2, and why; nothing was sent, and no report is green."""
    assert result.exit_code == 2, str(result)
    assert "Traceback" not in result.said, str(result)
    for needle in needles:
        assert needle in result.stderr, f"{needle!r} is not in the message: {result}"
    assert server.counts()["connections"] == 0
    report = result.out / "report.json"
    assert not (report.exists() and '"READY"' in report.read_text())


def one_decision(result: Result) -> None:
    """I1: exit code, report.json, terminal and every format say the same."""
    decision = result.report["decision"]
    assert decision in EXIT
    if result.exit_code in (129, 130, 143):
        assert decision == "INCONCLUSIVE", str(result)
    elif result.exit_code == 0 and "--allow-conditional" in result.argv:
        assert decision in ("READY", "CONDITIONAL"), str(result)
    else:
        assert result.exit_code == EXIT[decision], str(result)
        assert result.report["exit_code"] == result.exit_code, str(result)
    for name in FORMATS:
        found = _DECISION.findall(visible(result, name))
        if name != "junit.xml":
            assert found, f"I1: {name} states no decision"
        assert not found or found[0].replace("_", " ") == decision, f"I1: {name} says {found[0]}, not {decision}"
    if "--quiet" not in result.argv:
        said = {word.replace("_", " ") for word in _DECISION.findall(result.said)}
        assert decision in said, f"I1: the terminal does not say {decision}: {result}"
    bad = int(result.junit.get("failures", 0)) + int(result.junit.get("errors", 0))
    if decision == "READY":
        assert result.report["score"]["low"] >= 0
    if decision in ("NOT READY", "INCONCLUSIVE"):
        assert bad > 0, f"I1: junit.xml is green while the decision is {decision}"


def visible(result: Result, name: str) -> str:
    """The text of a report as a reader sees it."""
    text = result.text(name)
    if not name.endswith(".html"):
        return text
    parts: list[str] = []
    hidden = 0

    class Text(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            nonlocal hidden
            hidden += tag in ("style", "title")

        def handle_endtag(self, tag: str) -> None:
            nonlocal hidden
            hidden -= tag in ("style", "title")

        def handle_data(self, data: str) -> None:
            if not hidden:
                parts.append(data)

    Text().feed(text)
    return " ".join(parts)


def strictly_written(result: Result) -> None:
    """I5, I6: strict JSON, JUnit that parses, no escape byte anywhere, nothing half written."""
    assert result.report["schema"] == "readiness.report/1"
    assert result.run["schema"] == "readiness.run/1"
    assert result.run.get("run_id", result.run.get("id")) == result.report["run_id"]
    suites = result.junit
    assert int(suites.get("tests", 0)) > 0, "I6: junit.xml has no tests"
    assert len(list(suites.iter("testcase"))) == int(suites.get("tests", 0))
    assert result.text("report.html").rstrip().endswith("</html>")
    for name in FORMATS:
        assert "\x1b" not in result.text(name), f"I6: escape byte in {name}"
        assert result.report["run_id"] in result.text(name), f"{name} is of another run"
    assert "\x1b" not in result.said, "I6: escape byte on the terminal in spite of NO_COLOR"
    left = [path.name for path in result.out.iterdir() if "tmp" in path.name or path.name.endswith("~")]
    assert not left, f"temporary files left: {left}"


def nothing_contradicts_itself(result: Result) -> None:
    """Every law of both files holds (readiness/measurements/invariants.py, readiness/judge/invariants.py)."""
    run_json.loads(result.text("run.json"), "run.json")
    report_json.loads(result.text("report.json"), "report.json")


def ledger_balances(result: Result) -> None:
    """I2, I3: planned = ok + failed + in flight + dropped; endpoints sum to it."""
    ledger = result.report["ledger"]
    endpoints = result.report["endpoints"]
    if ledger is None:
        assert endpoints == []
        return
    failed = sum(ledger["failed"].values())
    assert ledger["planned"] == ledger["ok"] + failed + ledger["in_flight"] + ledger["dropped"], f"I2: {ledger}"
    sent = ledger["planned"] - ledger["dropped"]
    total = sum(one["requests"] + one["warm_up_requests"] for one in endpoints)
    # An engine that was lost could not say where its last requests were; such a run has a doubt.
    unknown = ledger["in_flight"] if result.run.get("doubts") else 0
    assert sent - unknown <= total <= sent, f"I3: endpoints have {total} requests, the ledger {ledger}"


def counts_agree(result: Result, servers: tuple[Faultd, ...], paths: tuple[str, ...], seen_twice: int) -> None:
    """I2: what the servers saw is what the ledger says was sent."""
    ledger = result.report["ledger"]
    if ledger is None:
        assert sum(server.seen(*paths) for server in servers) == 0, "I2: load was sent, and there is no ledger"
        return
    failed = ledger["failed"]
    most = ledger["planned"] - ledger["dropped"] - sum(failed.get(name, 0) for name in NEVER_SENT)
    least = most - sum(failed.get(name, 0) for name in MAYBE_SENT) - ledger["in_flight"]
    seen = sum(server.seen(*paths) for server in servers)
    assert least <= seen <= most + seen_twice, (
        f"I2: the server saw {seen}, the ledger allows {least} to {most}: {ledger}"
    )


def every_check_once(result: Result) -> None:
    """I4: every declared check once, in order, with a known outcome; a value that is missing is null."""
    if result.thresholds is not None:
        declared = list(yaml.safe_load(result.thresholds.read_text())["checks"])
        assert [check_key(one) for one in result.report["checks"]] == declared, "I4"
    for one in result.report["checks"]:
        assert one["outcome"] in OUTCOMES, f"I4: {one}"
        assert one["message"], f"a check without an explanation: {one}"
        if one["outcome"] in ("error", "skipped"):
            assert one["value"] is None, f"not measured, and yet a value: {one}"


def no_secret(result: Result) -> None:
    """I7: no secret on the terminal or in any file."""
    everything = result.everything()
    for secret in result.secrets:
        assert secret not in everything, (
            f"I7: a secret came out: …{everything[max(everything.find(secret) - 80, 0) :][:160]}"
        )


def nothing_left(result: Result) -> None:
    """I9: no process of the run is left, and with it no listening port."""
    assert until(lambda: not marked(result.mark)), f"I9: left running: {marked(result.mark)}"
