"""Rows C1 and C2: the service's own statistics are missing or say nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.invariants import assert_invariants
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd

CHECKS = """
  http.success_rate: { pass: "> 50 %", on_fail: block }
  cache.hit_rate: { pass: "> 80 %", on_fail: block }
"""
PROBES = "probes:\n  cache: { statistics: /stats }\n"


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("status", {"code": 404}),
        ("status", {"code": 500}),
        ("body", {"text": "<html>not JSON</html>", "content_type": "text/html"}),
        ("body", {"text": '{"pool": {}}'}),
        ("body", {"text": '{"cache": {"hits": "80%", "misses": null}}'}),
        ("body", {"text": '{"cache": {"hits": NaN, "misses": Infinity}}'}),
        ("stats", {"hits": 0, "misses": 0}),
        ("stats", {"hits": 900, "misses": 100}),
        ("body", {"text": '{"cache": {"hits": -1, "misses": 1.2}}'}),
        ("hang", {}),
    ],
    ids=["404", "500", "not JSON", "key missing", "text", "NaN", "0 of 0", "unchanged since boot", "below 0", "hangs"],
)
def test_c1_c2_statistics_that_say_nothing_are_not_a_hit_rate(
    cli: Cli, faultd: StartFaultd, mode: str, words: dict[str, Any]
) -> None:
    server = faultd(mode=mode, only="/stats", **words)
    result = cli.run(server.url, checks=CHECKS, more=PROBES, duration="1s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=1)
    assert result.check("cache.hit_rate")["outcome"] == "error"


def test_c4_a_counter_that_went_down_is_not_a_hit_rate(cli: Cli, faultd: StartFaultd) -> None:
    early, later = (
        layer("stats", only="/stats", hits=9000),
        layer("stats", only="/stats", after=1, hits=10, more_hits=1),
    )
    server = faultd(later, early)
    result = cli.run(server.url, checks=CHECKS, more=PROBES, duration="1s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=1)
    assert "the counter went down from 9,000 to" in result.check("cache.hit_rate")["message"]


def test_the_hit_rate_is_the_change_over_the_run_and_not_since_boot(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd(mode="stats", only="/stats", hits=1_000_000, misses=0, more_hits=1, more_misses=9)
    result = cli.run(server.url, checks=CHECKS, more=PROBES, duration="2s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=2)
    assert 8 <= result.check("cache.hit_rate")["value"] <= 12
