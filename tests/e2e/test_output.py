"""Rows O: where the verdict is written."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import Result, command, run_readiness, start_readiness, strict_json
from tests.e2e.invariants import assert_invariants, decided, nothing_left
from tests.faultd.fixture import StartFaultd

ARTEFACTS = ("run.json", "report.json", "report.md", "report.html", "junit.xml")
EXAMPLE = Path(__file__).parents[2] / "reports" / "example" / "ready"
"""A whole run that is READY, whatever this machine is busy with."""


@pytest.mark.parametrize("place", ["a file", "below a file", "/dev/null/x", "/proc/readiness"])
def test_o1_a_folder_that_cannot_be_written_is_found_before_the_load(cli: Cli, faultd: StartFaultd, place: str) -> None:
    server = faultd()
    (cli.folder / "file").write_text("mine")
    out = {"a file": cli.folder / "file", "below a file": cli.folder / "file" / "out"}.get(place, Path(place))
    result = cli.run(server.url, out=out)
    assert result.exit_code == 2, str(result)
    assert str(out) in result.stderr
    assert "Traceback" not in result.said
    assert server.counts()["connections"] == 0
    assert (cli.folder / "file").read_text() == "mine"


def test_o1_a_missing_folder_is_made(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, checks=LOOSE, duration="1s", out=cli.folder / "a" / "b")
    decided(result.report, 0)
    assert_invariants(result, server, planned_s=1)


def test_only_the_formats_that_were_asked_for_are_written(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, "--format", "md", "--quiet", checks=LOOSE, duration="1s")
    assert result.exit_code in (0, 3), str(result)  # a pause of the generator takes the proof away
    names = {path.name for path in cli.out.iterdir()}
    assert "report.md" in names
    assert names.isdisjoint({"report.html", "junit.xml"})


def whole(folder: Path) -> set[str]:
    """Assert that every artefact is complete; the run ids that they carry."""
    documents = [
        strict_json((folder / name).read_text()) for name in ("run.json", "report.json") if (folder / name).exists()
    ]
    ElementTree.parse(folder / "junit.xml")
    assert (folder / "report.html").read_text().rstrip().endswith("</html>")
    assert (folder / "report.md").read_text().strip()
    return {document.get("run_id", document.get("id")) for document in documents}


def green(cli: Cli) -> Result:
    """A report of yesterday in the folder of the run, READY."""
    line = ["judge", str(EXAMPLE / "run.json"), "--thresholds", str(EXAMPLE / "thresholds.yaml")]
    result = run_readiness([*line, "--out", str(cli.out)], out=cli.out, cwd=cli.folder)
    assert result.exit_code == 0, str(result)
    return result


def test_o4_a_kill_while_writing_leaves_whole_files(cli: Cli) -> None:
    undisturbed = green(cli)
    killed = 0
    for step in range(8):
        running = start_readiness(undisturbed.argv, out=cli.out, cwd=cli.folder)
        try:  # the last one is killed at its start, so that one is killed however quick the machine has become
            running.process.wait(undisturbed.wall_s * (0.55 + 0.05 * step) if step < 7 else 0.01)
        except subprocess.TimeoutExpired:
            running.signal(signal.SIGKILL)
            killed += 1
        running.finish()
        whole(cli.out)
    assert killed > 0


def test_o5_yesterdays_green_does_not_survive_a_kill(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    yesterday = green(cli).report["run_id"]
    running = cli.start(server.url, checks=LOOSE, duration="300s")
    server.wait(50, "/api/*")
    running.signal(signal.SIGKILL)
    result = running.finish()
    assert result.exit_code == -signal.SIGKILL
    assert result.report["decision"] == "INCONCLUSIVE"
    assert result.report["exit_code"] == 3
    assert result.report["run_id"] != yesterday
    for name in ("report.md", "report.html", "junit.xml"):
        assert "INCONCLUSIVE" in result.text(name)
        assert yesterday not in result.text(name)
    assert int(result.junit.get("errors", 0)) > 0
    nothing_left(result)


def test_o5_yesterdays_green_does_not_survive_a_target_that_is_gone(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    green(cli)
    server.die()
    result = cli.run(server.url, checks=LOOSE, duration="1s")
    assert result.exit_code == 3, str(result)
    assert_invariants(result, planned_s=1)


@pytest.mark.parametrize("redirection", ["> /dev/full", ">&-", "| head -n 1 > /dev/null", ">&- 2>&-"])
def test_o6_a_closed_terminal_changes_neither_the_exit_code_nor_the_files(
    cli: Cli, faultd: StartFaultd, redirection: str
) -> None:
    server = faultd()
    file = cli.thresholds(LOOSE, duration="1s")
    scenario = Path(__file__).parent / "scenarios" / "api.py"
    line = f"{command()} run {server.url} --thresholds {file} --scenarios {scenario} --out {cli.out} {redirection}"
    done = subprocess.run(
        ["bash", "-c", f"{line}\nexit ${{PIPESTATUS[0]}}"], cwd=cli.folder, capture_output=True, text=True
    )
    report = strict_json((cli.out / "report.json").read_text())
    decided(report, 0)
    assert done.returncode == report["exit_code"], str(done)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert len(whole(cli.out)) == 1


def test_all_files_of_a_run_are_there_and_of_one_run(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result: Result = cli.run(server.url, checks=LOOSE, duration="1s")
    assert {path.name for path in cli.out.iterdir()} >= set(ARTEFACTS)
    assert whole(cli.out) == {result.report["run_id"]}
