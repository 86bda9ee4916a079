"""Row S12: whole runs in a row, never the best of them; and running again until it is green can be seen."""

from __future__ import annotations

import json

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.invariants import assert_invariants, decided
from tests.faultd.client import layer
from tests.faultd.fixture import StartFaultd


def test_one_bad_run_of_three_is_the_answer_and_attempts_are_counted(cli: Cli, faultd: StartFaultd) -> None:
    """The second run gets a server that fails: the answer of all three is NOT READY, and the history tells it."""
    server = faultd(layer("status", code=500, at_s=1.6, only="/api/*"))
    result = cli.run(server.url, "--repeat", "2", duration="1s")
    assert result.exit_code == 1, str(result)
    assert_invariants(result, planned_s=20)
    each = [json.loads((cli.out / f"run-{n}/report.json").read_text()) for n in (1, 2)]
    assert {one["run_id"] for one in each} == {each[0]["run_id"], each[0]["run_id"] + "-2"}
    said = f"2 of 2 runs in a row: {each[0]['decision']}, {each[1]['decision']}"
    assert any(note.startswith(said) for note in result.report["notes"])
    again = cli.run(server.url, duration="1s")
    assert any(note.startswith("Attempt 2 at ") and "before: NOT READY" in note for note in again.report["notes"])
    lines = [json.loads(line) for line in (cli.folder / "history.jsonl").read_text().splitlines()]
    assert [line["run_id"] for line in lines] == [result.report["run_id"], again.report["run_id"]]
    assert [line["decision"] for line in lines] == ["NOT READY", again.report["decision"]]


def test_a_history_that_cannot_be_read_or_written_is_said_and_changes_nothing(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    (cli.folder / "history.jsonl").symlink_to("/dev/full")
    result = cli.run(server.url, "--repeat", "0")
    assert result.exit_code == 2
    assert "--repeat: must be" in result.stderr
    result = cli.run(server.url, checks=LOOSE, duration="2s")
    decided(result.report, 0)
    assert "could not be noted" in result.stderr
