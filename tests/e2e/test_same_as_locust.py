"""Ordinary locustfiles do here what they do under plain Locust: the same requests, counts, failures, listeners."""

from __future__ import annotations

from tests.e2e.beside_locust import counts_of, plain_locust
from tests.e2e.conftest import LOOSE, Cli
from tests.faultd.fixture import StartFaultd


def test_a_block_is_left_in_any_way_and_its_request_is_counted_once(cli: Cli, faultd: StartFaultd) -> None:
    theirs = plain_locust(faultd().url, "blocks.py", cli.folder, "-u", "3", "-r", "3", "-t", "4s", "-s", "5")
    server = faultd()
    ours = cli.run(server.url, "--users", "3", scenario="blocks.py", checks=LOOSE)
    counts = counts_of(ours)
    assert counts.pop("GET /api/unjudged") == (1, 0)
    assert counts == theirs.counts
    assert counts["GET /api/outer"] == counts["GET /api/first"] == (2, 2)
    assert ours.ledger["planned"] == sum(requests for requests, _ in counts.values()) + 1
    assert ours.ledger["in_flight"] == 0
    assert "nothing was answered" not in ours.said
