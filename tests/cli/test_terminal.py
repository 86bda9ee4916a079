"""Rows O7, O11 and S9: any terminal, a renderer that breaks, and more failed checks than an exit code can count."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from readiness.cli import app
from readiness.cli.artefacts import Artefacts, write_reports
from readiness.config.model import Config, OnFail
from readiness.errors import ExitCode
from readiness.judge.judge import judge
from readiness.measurements.run import Measurement
from readiness.report import FORMATS, Format
from readiness.report.json import read
from tests.judge import builders as judging
from tests.report import builders

GOLDEN = Path(__file__).parent.parent / "golden"
JUDGE = ["judge", str(GOLDEN / "seed-run.json"), "--thresholds", str(GOLDEN / "seed-thresholds.yaml")]


@pytest.mark.parametrize(
    "env",
    [{"TERM": "dumb", "COLUMNS": "1"}, {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_o7_any_terminal_gets_the_verdict(env: dict[str, str]) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "GITHUB"))}
    done = subprocess.run(
        [sys.executable, "-m", "readiness", *JUDGE], capture_output=True, env={**clean, **env}, check=False
    )
    said = done.stdout.decode("utf-8")
    assert done.returncode == 4, done.stderr
    assert b"Traceback" not in done.stderr
    assert said.isascii() is ("LC_ALL" in env)
    assert "CONDITIONAL" in said
    assert said.splitlines()[-1].startswith("readiness: decision=CONDITIONAL exit=4 run=")


def test_o11_a_renderer_of_a_capacity_that_breaks_is_named_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Format.render

    def render(fmt: Format, subject: object, run: object = None) -> str:
        if fmt.file_name == "capacity.html":
            raise ValueError("template broken")
        return honest(fmt, subject, run)

    monkeypatch.setattr(Format, "render", render)
    (tmp_path / "capacity.md").write_text("of yesterday")
    files = ["--thresholds", str(GOLDEN / "seed-thresholds.yaml"), "--scenarios", "scenarios"]
    asked = ["capacity", "http://127.0.0.1:9", "--max-users", "9", *files, "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
    assert "capacity.html could not be rendered: ValueError: template broken" in done.output
    assert "did not come to its end" in (tmp_path / "capacity.md").read_text()


def test_o11_a_renderer_that_breaks_loses_no_other_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Format.render

    def render(fmt: Format, verdict: object, run: object = None) -> str:
        if fmt.name == "html":
            raise ValueError("template broken")
        return honest(fmt, verdict, run)

    monkeypatch.setattr(Format, "render", render)
    formats = tuple(FORMATS[name] for name in ("md", "html", "json", "junit"))
    verdict, problems = write_reports(builders.ready(), None, Artefacts(tmp_path, formats, ()))
    assert problems == ("report.html could not be rendered: ValueError: template broken",)
    assert verdict.exit_code is ExitCode.REPORT_FAILED
    assert {path.name for path in tmp_path.iterdir()} == {"report.md", "report.json", "junit.xml"}
    assert json.loads((tmp_path / "report.json").read_text())["exit_code"] == 6
    assert read((tmp_path / "report.json").read_text(), "report.json")[0].exit_code is ExitCode.REPORT_FAILED


def test_a_target_that_cannot_be_reached_is_told_in_five_lines(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    files = ["--thresholds", str(GOLDEN / "seed-thresholds.yaml"), "--scenarios", "scenarios"]
    done = CliRunner().invoke(app, ["run", url, *files, "--out", str(tmp_path), "--duration", "1s"])
    assert done.exit_code == 3, done.output
    lines = done.stdout.splitlines()
    assert len(lines) <= 5, done.stdout
    for words in ("INCONCLUSIVE", f"The target {url} cannot be reached", "Start the service", "decision=INCONCLUSIVE"):
        assert words in done.stdout
    assert all(line.startswith(("│", "readiness: ", "|")) for line in lines)


def test_s9_256_failed_checks_are_still_exit_code_1() -> None:
    checks = tuple(judging.check(f"data.x{i}", "== 0", on_fail=OnFail.BLOCK) for i in range(256))
    rows = tuple(Measurement(check.metric, None, 3.0, "database") for check in checks)
    assert judge(judging.run(None, *rows), Config("shop", checks)).exit_code == 1
