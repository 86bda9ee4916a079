"""Rows N: what lies between us and the target."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.invariants import assert_invariants
from tests.faultd.fixture import StartFaultd


def test_n1_a_name_that_does_not_resolve_is_inconclusive(cli: Cli) -> None:
    result = cli.run("http://x.invalid", "--allow-host", "x.invalid", more="target: { allowed_hosts: [x.invalid] }\n")
    assert result.exit_code == 3, str(result)
    assert "Correct the host name of the address" in " ".join(result.text("report.md").split())
    assert_invariants(result)
    assert "x.invalid" in result.said
    assert any(word in result.said.lower() for word in ("dns", "resolve", "name or service"))
    assert result.report["endpoints"] == []


def test_a_name_without_an_address_that_was_not_allowed_is_a_mistake_and_no_outage(cli: Cli) -> None:
    result = cli.run("http://x.invalid")
    assert result.exit_code == 5, str(result)
    assert "x.invalid has no address" in result.stderr
    assert "--allow-host x.invalid" in result.stderr
    assert "target.allowed_hosts: [x.invalid]" in result.stderr


def test_a_host_that_was_not_allowed_is_refused_before_anything_is_sent(cli: Cli) -> None:
    result = cli.run("http://198.51.100.7/")
    assert result.exit_code == 5, str(result)
    assert "198.51.100.7" in result.stderr
    assert "--allow-host" in result.stderr


@pytest.mark.parametrize(
    ("mode", "words", "classes"),
    [
        ("rst", {}, {"reset"}),
        ("close", {}, {"reset"}),
        ("close", {"when": "headers"}, {"reset"}),
        ("truncated", {}, {"truncated", "protocol"}),
        ("garbage", {}, {"protocol"}),
    ],
)
def test_n4_a_broken_answer_is_a_failure_with_its_class(
    cli: Cli, faultd: StartFaultd, mode: str, words: dict[str, str], classes: set[str]
) -> None:
    server = faultd(mode=mode, **words)
    result = cli.run(server.url, scenario="bare.py", duration="1s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=1)
    assert result.ledger["ok"] == 0
    assert result.ledger["failed"]
    assert set(result.ledger["failed"]) <= classes


def test_n4_one_reset_in_ten_is_counted_as_one_in_ten(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="rst", share=0.1)
    result = cli.run(server.url, scenario="bare.py", duration="2s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=2)
    assert result.ledger["failed"] == {"reset": server.seen("/api/*") // 10}


def test_n14_proxies_of_the_environment_are_not_used(cli: Cli, faultd: StartFaultd) -> None:
    server, proxy = faultd(), faultd(host="127.0.0.2")
    env = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"), proxy.url)
    result = cli.run(server.url, duration="1s", env=env)
    assert_invariants(result, server, planned_s=1, canary=proxy)
    assert result.ledger["ok"] > 0
