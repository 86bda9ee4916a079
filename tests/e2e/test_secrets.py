"""No writer of ours lets a secret out: every format, both streams, every command that reads what another one wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from readiness.report import FORMATS
from readiness.text import HIDDEN
from tests.disguises import disguises, in_base64
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import SCENARIOS, SECRET, Result
from tests.e2e.test_workers import TOKEN, helper, worker
from tests.faultd.client import free_port
from tests.faultd.fixture import StartFaultd

SHOWN = {*disguises(SECRET), *(form[4:-4] for form in in_base64(SECRET)), SECRET[:9]}


def assert_silent(folder: Path, *said: str) -> None:
    texts = {str(path): path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file()}
    for name, text in {**texts, **{f"said {number}": text for number, text in enumerate(said)}}.items():
        assert not [form for form in SHOWN if form in text], name


def test_no_file_no_stream_and_no_later_command_shows_it(cli: Cli, faultd: StartFaultd) -> None:
    out, summary = cli.folder / "runs/latest", cli.folder / "summary.md"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    result = cli.run(
        f"{faultd().url}/{SECRET}",
        *("--format", ",".join(FORMATS), "--repeat", "2"),
        scenario="tells_secret.py",
        checks=LOOSE,
        env=env,
        out=out,
    )
    assert {path.name for path in out.iterdir()} >= {fmt.file_name for fmt in FORMATS.values()} | {"run-1", "run.json"}
    assert (out.parent / "history.jsonl").is_file()
    assert summary.is_file()
    assert HIDDEN in result.text("run.json")
    assert_silent(cli.folder, result.said)
    for name in ("run.json", "report.json"):  # as somebody recorded it who did not know what to hide
        (out / name).write_text((out / name).read_text().replace(HIDDEN, SECRET))
    run, report, limits = str(out / "run.json"), str(out / "report.json"), str(cli.folder / "thresholds.yaml")
    again = cli.folder / "again"
    later = [
        cli.plain("judge", run, "--thresholds", limits, "--out", str(again / "judge"), **env),
        cli.plain("gate", report, "--run", run, "--thresholds", limits, **env),
        cli.plain("compare", run, run, "--out", str(again / "compare")),
        cli.plain("compare", run, run, "--format", "json"),
        *(cli.plain("report", file, "--format", name) for name in FORMATS for file in (run, report)),
    ]
    assert {one.exit_code for one in later} <= {0, 1, 3, 4}, [str(one) for one in later]
    assert len(list((again / "judge").iterdir())) > 3
    assert_silent(again, *(one.said for one in later))


@pytest.mark.parametrize(
    ("target", "exit_code"), [("http://192.0.2.1/hook/", 5), ("http://127.0.0.1:1/hook/", 3)], ids=["refused", "closed"]
)
def test_a_run_that_never_began_hides_what_stands_in_the_targets_path(cli: Cli, target: str, exit_code: int) -> None:
    out = cli.folder / "runs/latest"
    result = cli.run(f"{target}{SECRET}", "--format", ",".join(FORMATS), out=out)
    assert result.exit_code == exit_code, str(result)
    assert HIDDEN in result.text("report.json")
    assert_silent(cli.folder, result.said)


@pytest.mark.parametrize("argv", [("run",), ("capacity", "--max-users", "3"), ("lint",)], ids=lambda argv: argv[0])
def test_a_scenario_that_cannot_be_read_is_told_in_one_harmless_line(
    cli: Cli, faultd: StartFaultd, argv: tuple[str, ...]
) -> None:
    scenario, limits = str(SCENARIOS / "raises_secret.py"), str(cli.thresholds())
    target = (limits,) if argv[0] == "lint" else (faultd().url, "--thresholds", limits, "--out", "out")
    result: Result = cli.plain(argv[0], *target, "--scenarios", scenario, *argv[1:])
    assert_silent(cli.folder, result.said)
    if argv[0] != "lint":  # which runs no scenario
        assert result.exit_code == 2, str(result)
        assert f"RuntimeError: cannot sign in with {HIDDEN}" in result.stderr
    assert "\x1b" not in result.said
    assert not [line for line in result.said.splitlines() if line.startswith("::")]


def test_a_worker_hides_what_its_scenarios_write(cli: Cli, faultd: StartFaultd) -> None:
    """Also the error for which the master refuses the load, in the master's own words."""
    port, said = free_port(), []
    running = cli.start(
        faultd().url,
        *("--remote-workers", "1", "--listen", f"127.0.0.1:{port}"),
        scenario="tells_secret.py",
        duration="1s",
        env={"READINESS_WORKER_TOKEN": TOKEN},
    )
    with helper(*worker(port, SCENARIOS / "tells_secret.py"), READINESS_PASSWORD=SECRET) as lent:
        said.append(lent.communicate()[1])
    result = running.finish()
    assert f"the file says {HIDDEN}" in said[0]
    assert TOKEN not in result.everything() + said[0]
    assert_silent(cli.folder, result.said, *said)


def test_a_bug_of_ours_is_told_without_it(cli: Cli) -> None:
    """A run.json that makes us fail in a way we did not think of; here: its traceback goes through the same door."""
    program = (
        "import os, sys, runpy\nimport readiness.cli\n"
        "def fail(): raise KeyError('no such key: ' + os.environ['READINESS_PASSWORD'])\n"
        "readiness.cli.app = fail\nrunpy.run_module('readiness', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"READINESS_PASSWORD": SECRET}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    assert f"KeyError: 'no such key: {HIDDEN}'" in done.stderr
    assert_silent(cli.folder, done.stderr)


def test_the_history_finds_earlier_attempts_at_a_target_whose_path_is_hidden(cli: Cli) -> None:
    out = cli.folder / "runs/latest"
    cli.run(f"http://127.0.0.1:1/hook/{SECRET}", out=out)
    result = cli.run(f"http://127.0.0.1:1/hook/{SECRET}", out=out)
    lines = [json.loads(line) for line in (out.parent / "history.jsonl").read_text().splitlines()]
    assert {line["target"] for line in lines} == {f"http://127.0.0.1:1/hook/{HIDDEN}"}
    assert any(note.startswith("Attempt 2") for note in result.report["notes"])
