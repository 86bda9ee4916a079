"""Loads that end before their time: everything is decided, or all hope is gone (row T8)."""

from __future__ import annotations

from tests.e2e.conftest import ANY_SPEED, Cli
from tests.e2e.invariants import assert_failed, assert_invariants, decided, foreign_doubts
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd


def test_two_processes_end_together_as_soon_as_everything_is_proven(cli: Cli, faultd: StartFaultd) -> None:
    """A third of its longest time is the least that such a run takes, so this one row does the work of several."""
    server = faultd()
    result = cli.run(
        server.url,
        "--users",
        "30",
        "--processes",
        "2",
        scenario="calm.py",
        checks=ANY_SPEED,
        load="  max_duration: 60s\n",
        duration="until_decided",
    )
    calm = decided(result.report, 0)
    assert_invariants(result, server, planned_s=60)
    load = result.run["load"]
    assert load["planned_s"] == 60
    if calm:
        assert load["ending"] == "decided"  # which has it judged by bounds that hold at every checkpoint
        assert 21 <= load["judged_end_s"] - load["judged_start_s"] < 60
        assert result.report["doubts"] == []


def test_t8_a_service_that_sheds_everything_ends_the_load_and_is_never_green(cli: Cli, faultd: StartFaultd) -> None:
    """Refusals are the fastest of answers, and no latency that anyone could be glad of."""
    server = faultd(layer("status", code=503, after=200, only="/api/*"))
    load = '  abort_when: { http.error_rate: "> 50 %" }\n  abort_after: 1s\n'
    result = cli.run(server.url, load=load, duration="20s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, server, planned_s=6)
    assert set(result.ledger["failed"]) == {"http_5xx"}
    assert_failed(result.report, "latency.p95")
    (doubt,) = foreign_doubts(result.report)
    assert doubt == f"the load was ended early: {result.run['load']['ending']}"
    assert "http.error_rate was > 50 % for 1 s (load.abort_when)" in doubt
    assert "the load was ended early: " in result.text("report.md")
