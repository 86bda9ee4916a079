"""Files that somebody else may have made: no command waits for one, follows one, or grows with what it claims."""

from __future__ import annotations

import base64
import copy
import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from readiness.cli import app, attempts
from readiness.measurements.histogram import BUCKETS
from tests.judge.builders import measured, run
from tests.report import builders

EXAMPLE = Path("reports/example/ready").resolve()
DOCUMENT: dict[str, Any] = json.loads((EXAMPLE / "run.json").read_text())
MOST_KB = 350_000
"""Of the interpreter with numpy, and what a small file may add."""


PROGRAM = """
import atexit
def told():
    print("peak", next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
atexit.register(told)
from readiness.cli import app
app()
"""


def ran(*args: str) -> tuple[int, str, int]:
    """Exit code, output and largest memory in kB of one command."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *args], capture_output=True, text=True)
    said, _, peak_kb = done.stdout.rpartition("peak ")
    return done.returncode, said + done.stderr, int(peak_kb)


def packed(size_bytes: int) -> str:
    """Zeros without an end, compressed."""
    squeeze = zlib.compressobj(1)
    parts = [squeeze.compress(bytes(min(1 << 20, size_bytes - at))) for at in range(0, size_bytes, 1 << 20)]
    return base64.b64encode(b"".join(parts) + squeeze.flush()).decode()


def many_blocks(document: dict[str, Any], rows: int) -> None:
    slices = document["endpoints"][0]["judged"]["slices"]
    for name in slices:
        slices[name] = [BUCKETS if name == "sizes" else 1] * rows
    slices["buckets"] = packed(16 * BUCKETS * rows)


def many_histograms(document: dict[str, Any]) -> None:
    bomb = document["endpoints"][0]["judged"]["ok"] | {"hdr": packed(9 * BUCKETS)}
    document["endpoints"] = [document["endpoints"][0] | {"name": f"{i}", "judged": {"ok": bomb}} for i in range(2000)]


def a_key_of_many(document: dict[str, Any]) -> None:
    document.update({f"k{i}": 1 for i in range(100_000)})


BOMBS: dict[str, Callable[[dict[str, Any]], None]] = {
    "1,500 blocks of every bucket": lambda d: many_blocks(d, 1500),
    "900 blocks of every bucket": lambda d: many_blocks(d, 900),
    "histograms of zeros": many_histograms,
    "many keys": a_key_of_many,
    "a key without an end": lambda d: d.update({"k" * 3_000_000: 1}),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_claims_much_is_refused_with_little_memory(tmp_path: Path, bomb: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    BOMBS[bomb](document)
    (tmp_path / "run.json").write_text(json.dumps(document))
    code, said, most_kb = ran("judge", str(tmp_path / "run.json"), "--thresholds", str(EXAMPLE / "thresholds.yaml"))
    assert code == 2, said
    assert most_kb < MOST_KB


@pytest.mark.parametrize(
    "text",
    ["{" + ",".join(f'"k{i}":1' for i in range(200_000)) + ',"k199999":1}', "[" * 5_000_000, "[" + "{}," * 2_500_000],
    ids=["a key twice after many", "nested without an end", "too many objects"],
)
@pytest.mark.parametrize("command", ["judge", "gate", "report"])
def test_json_that_only_costs_is_refused_in_one_pass(tmp_path: Path, command: str, text: str) -> None:
    (tmp_path / "some.json").write_text(text)
    code, said, most_kb = ran(command, str(tmp_path / "some.json"))
    assert code == 2, said
    assert "Traceback" not in said
    assert most_kb < MOST_KB


@pytest.mark.parametrize("kind", ["fifo", "folder", "/dev/zero", "none"])
@pytest.mark.parametrize("command", [["judge"], ["gate"], ["report"], ["compare", str(EXAMPLE / "run.json")]])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, command: list[str], kind: str) -> None:
    path = tmp_path / kind
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    thresholds = ["--thresholds", str(EXAMPLE / "thresholds.yaml")] if command[0] == "judge" else []
    done = CliRunner().invoke(app, [*command, str(path), *thresholds])
    assert done.exit_code == 2, done.output
    assert str(path) in done.output


def test_a_report_beside_the_run_is_not_read_through_a_link_to_elsewhere(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "run.json", tmp_path / "run.json")
    (tmp_path / "report.json").symlink_to(EXAMPLE / "report.json")
    for command in (["report"], ["compare", str(EXAMPLE / "run.json")]):
        done = CliRunner().invoke(app, [*command, str(tmp_path / "run.json")])
        assert done.exit_code == 2, done.output
        assert "outside the folder" in done.output


@pytest.mark.parametrize("way", ["out", "reports/latest", "reports/latest/deeper"])
def test_a_link_on_the_way_to_the_reports_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    (tmp_path / "precious").mkdir()
    here = tmp_path / "checkout"
    (here / "reports").mkdir(parents=True)
    (here / "out").symlink_to("../precious")
    (here / "reports" / "latest").symlink_to("../../precious")
    monkeypatch.chdir(here)
    judge = ["judge", str(EXAMPLE / "run.json"), "--thresholds", str(EXAMPLE / "thresholds.yaml")]
    compare = ["compare", str(EXAMPLE / "run.json"), str(EXAMPLE / "run.json")]
    for command in (judge, compare):
        for out in (way, str(here / way)):
            done = CliRunner().invoke(app, [*command, "--out", out])
            assert done.exit_code == 2, done.output
            assert "symbolic link" in done.output
    assert list((tmp_path / "precious").iterdir()) == []


def test_a_working_directory_behind_a_link_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "link")
    judge = ["judge", str(EXAMPLE / "run.json"), "--thresholds", str(EXAMPLE / "thresholds.yaml")]
    for out in ("out", str(tmp_path / "link" / "out")):
        assert CliRunner().invoke(app, [*judge, "--out", out]).exit_code == 0
    assert (tmp_path / "real" / "out" / "report.json").is_file()


def in_place_of_the_history(kind: str, path: Path) -> None:
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "full":
        path.write_bytes(b"x" * attempts._MAX_BYTES)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path.parent.parent / "precious")


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "link", "full"])
def test_a_history_that_is_none_of_ours_is_neither_read_nor_written_and_that_is_said(tmp_path: Path, kind: str) -> None:
    (tmp_path / "precious").write_text("mine\n")
    out = tmp_path / "reports" / "latest"
    out.mkdir(parents=True)
    in_place_of_the_history(kind, out.parent / attempts._NAME)
    if kind != "full":
        assert "Earlier attempts are not known" in (attempts.before(out, "demo", None) or "")
    problem = attempts.append(out, run(None, measured("data.x", 0.0)), builders.ready())
    assert "this attempt could not be noted" in (problem or "")
    assert (tmp_path / "precious").read_text() == "mine\n"


def test_a_step_summary_that_is_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "summary")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    judge = ["judge", str(EXAMPLE / "run.json"), "--thresholds", str(EXAMPLE / "thresholds.yaml")]
    done = CliRunner().invoke(app, [*judge, "--out", str(tmp_path / "out"), "--format", "json,github"])
    assert done.exit_code == 6, done.output
    assert "GITHUB_STEP_SUMMARY" in done.output
