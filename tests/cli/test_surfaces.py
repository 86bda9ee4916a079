"""What a command adds where a CI system runs it: step summary, annotations, formats of the environment."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from readiness.cli import app
from readiness.report import github

GOLDEN = Path(__file__).parent.parent / "golden"
JUDGE = ["judge", str(GOLDEN / "seed-run.json"), "--thresholds", str(GOLDEN / "seed-thresholds.yaml")]
DEFAULT = {"report.json", "report.md", "report.html", "junit.xml"}


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)


def judged(out: Path, *args: str, **env: str) -> tuple[int, str, set[str]]:
    done = CliRunner().invoke(app, [*JUDGE, "--out", str(out), *args], env=env)
    return done.exit_code, done.output, {path.name for path in out.iterdir()}


def test_formats_are_those_of_the_environment_unless_named(tmp_path: Path) -> None:
    assert judged(tmp_path / "plain")[2] == DEFAULT
    assert judged(tmp_path / "hub", GITHUB_ACTIONS="true")[2] == DEFAULT | {"report.sarif", "step-summary.md"}
    assert judged(tmp_path / "lab", GITLAB_CI="true")[2] == DEFAULT | {"gl-code-quality-report.json", "metrics.txt"}
    assert judged(tmp_path / "named", "--format", "badge,json", GITHUB_ACTIONS="true")[2] == {
        "badge.svg",
        "report.json",
    }


def test_files_of_formats_that_are_not_written_now_do_not_stay(tmp_path: Path) -> None:
    judged(tmp_path, GITHUB_ACTIONS="true")
    assert judged(tmp_path)[2] == DEFAULT


def test_the_step_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("from an earlier command\n")
    code, _, _ = judged(tmp_path / "out", GITHUB_STEP_SUMMARY=str(summary))
    assert code == 4
    first, second, *_ = summary.read_text().splitlines()
    assert first == "from an earlier command"
    assert second.startswith("## ▲ CONDITIONAL – ")


@pytest.mark.parametrize("place", ["/dev/full", "/nowhere/summary.md", "a folder"])
def test_o9_a_summary_that_cannot_be_written_is_said_and_counts_only_when_it_was_asked_for(
    tmp_path: Path, place: str
) -> None:
    path = str(tmp_path) if place == "a folder" else place
    code, said, _ = judged(tmp_path / "out", GITHUB_STEP_SUMMARY=path)
    assert code == 4
    assert "the step summary (GITHUB_STEP_SUMMARY) could not be written" in said
    code, said, names = judged(tmp_path / "asked", "--format", "json,github", GITHUB_STEP_SUMMARY=path)
    assert code == 6
    assert json.loads((tmp_path / "asked" / "report.json").read_text())["exit_code"] == 6
    assert "exit code 6" in (tmp_path / "asked" / "step-summary.md").read_text()
    assert said.splitlines()[-1].startswith("readiness: decision=CONDITIONAL exit=6 ")
    assert names == {"report.json", "step-summary.md"}


def test_o8_a_summary_never_grows_over_the_limit(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("x" * (github.MOST_SUMMARY_BYTES - 3000) + "\n")
    assert judged(tmp_path / "out", GITHUB_STEP_SUMMARY=str(summary))[0] == 4
    assert summary.stat().st_size <= github.MOST_SUMMARY_BYTES
    assert "## ▲ CONDITIONAL" in summary.read_text()
    assert summary.read_text().rstrip().endswith(github.CUT)
    size = summary.stat().st_size
    summary.write_text("x" * github.MOST_SUMMARY_BYTES)
    _, said, _ = judged(tmp_path / "out", GITHUB_STEP_SUMMARY=str(summary))
    assert "the step summary is full" in said
    assert summary.stat().st_size == github.MOST_SUMMARY_BYTES >= size


def test_annotations_are_printed_for_github_alone_and_the_last_line_stays_ours(tmp_path: Path) -> None:
    _, plain, _ = judged(tmp_path)
    assert not [line for line in plain.splitlines() if line.startswith("::")]
    _, said, _ = judged(tmp_path, GITHUB_ACTIONS="true")
    commands = [line for line in said.splitlines() if line.startswith("::")]
    assert commands[0].startswith("::error title=readiness%3A CONDITIONAL,file=")
    assert any("title=P95 Response Time" in line for line in commands)
    assert said.splitlines()[-1].startswith("readiness: decision=CONDITIONAL exit=4 run=")
    _, allowed, _ = judged(tmp_path, "--allow-conditional", GITHUB_ACTIONS="true")
    assert "::warning title=readiness%3A CONDITIONAL" in allowed


def test_quiet_is_a_sentence_for_people_and_the_last_line_for_machines(tmp_path: Path) -> None:
    _, said, _ = judged(tmp_path, "--quiet")
    sentence, line = said.splitlines()
    assert sentence.startswith("readiness: CONDITIONAL, run ")
    assert ": Every blocking check passed, but " in sentence
    assert re.fullmatch(r"readiness: decision=CONDITIONAL exit=4 run=[\w-]+", line), "as docs/contract.md says"
