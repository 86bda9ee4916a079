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


def test_a_file_finds_the_events_statistics_and_options_of_locust(cli: Cli, faultd: StartFaultd) -> None:
    words = ("--tenant", "blue", "--tags", "buy")
    (cli.folder / "locust.conf").write_text("colour = green\n")
    theirs = plain_locust(faultd().url, "life.py", cli.folder, "-u", "3", "-r", "3", "-t", "3s", *words)
    server = faultd()
    args = ("--users", "3", "--tags", "buy", "--", "--tenant", "blue")
    ours = cli.run(server.url, *args, scenario="life.py", checks=LOOSE)
    assert ours.exit_code == 3, str(ours)
    assert counts_of(ours) == theirs.counts
    assert lives(ours.stderr) == lives(theirs.said)
    assert "LIFE total 6 2 True" in theirs.said
    assert theirs.exit_code == 7
    assert ours.run["load"]["script_errors"] == [
        "the locustfile: a listener raised: life.py:47 in broken: LookupError: no such thing (1×)",
        "the locustfile: it says that the test failed: process_exit_code = 7 (life.py:37 in gate) (1×)",
    ]


def lives(said: str) -> list[str]:
    return [line.partition("LIFE")[2] for line in said.splitlines() if "LIFE" in line]


def test_an_option_that_a_file_requires_is_asked_for_with_its_line_before_anything_is_sent(
    cli: Cli, faultd: StartFaultd
) -> None:
    server = faultd()
    ours = cli.run(server.url, scenario="life.py")
    assert ours.exit_code == 2, str(ours)
    assert "life.py:22: the following arguments are required: --tenant; give --tenant after --" in ours.said
    assert server.seen("/api/*") == 0
