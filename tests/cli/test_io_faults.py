"""O13: the N-th operation on a file fails, for every N; exit code 0 means that every artefact is there and whole."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from readiness.cli import app
from tests.cli.test_surfaces import GOLDEN, JUDGE

ALLOWED = [*JUDGE, "--allow-conditional"]
FILES = ("report.json", "report.md", "report.html", "junit.xml")
PATCHED = ("open", "fsync", "replace")


def whole(folder: Path) -> int | None:
    """The exit code that the artefacts say, all of them whole; None when one is missing."""
    codes = set()
    for name in FILES:
        if not (folder / name).exists():
            return None
        text = (folder / name).read_text()
        if name.endswith(".json"):
            codes.add(json.loads(text)["exit_code"])
        elif name.endswith(".xml"):
            found = ElementTree.fromstring(text).find(".//property[@name='readiness.exit_code']")
            assert found is not None
            codes.add(int(found.attrib["value"]))
        else:
            assert text.rstrip().endswith(("</html>", "this page decides nothing.")), name
    assert len(codes) == 1, codes
    return int(codes.pop())


def failing(monkeypatch: pytest.MonkeyPatch, folder: Path, nth: int) -> list[str]:
    """Make the nth operation below `folder` fail with a full disk; the operations that were seen."""
    seen: list[str] = []

    def wrapped(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *args: Any, **more: Any) -> Any:
            ours = name == "fsync" or str(first).startswith(str(folder) + "/")
            if ours:
                seen.append(name)
                if len(seen) == nth:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(first, *args, **more)

        return call

    for name in PATCHED:
        monkeypatch.setattr(os, name, wrapped(name, getattr(os, name)))
    return seen


@pytest.mark.parametrize("yesterday", [False, True], ids=["new folder", "older files"])
def test_o2_o3_o13_whatever_fails_no_green_has_a_missing_or_half_artefact(tmp_path: Path, yesterday: bool) -> None:
    codes: list[int] = []
    older = tmp_path / "older"
    assert CliRunner().invoke(app, [*ALLOWED, "--out", str(older)]).exit_code == 0
    for nth in range(1, 60):
        out = tmp_path / f"out{nth}"
        if yesterday:
            shutil.copytree(older, out)
        with pytest.MonkeyPatch.context() as patch:
            seen = failing(patch, out, nth)
            done = CliRunner().invoke(app, [*ALLOWED, "--out", str(out)])
        codes.append(done.exit_code)
        said = whole(out) if out.exists() else None
        if done.exit_code == 0:
            assert said == 0, done.output
        else:
            assert done.exit_code in (2, 6), done.output
            assert "no space left on device" in done.output
        left = [path.name for path in out.iterdir() if path.name.endswith(".tmp")] if out.exists() else []
        assert len(left) <= 1, left
        if len(seen) < nth:
            break
    assert codes[-1] == 0
    assert len(codes) > 12
    assert set(codes[:-1]) == {2, 6}


def test_s6_a_signal_while_the_reports_are_written_leaves_whole_files(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "readiness", *ALLOWED, "--out", str(tmp_path)]
    subprocess.run(line, check=True, capture_output=True)
    ends = set()
    for after in range(3):
        with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                running.wait(0.35 + 0.1 * after)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGTERM)
            ends.add(running.wait())
        assert whole(tmp_path) == 0
    assert ends <= {0, 143, -signal.SIGTERM}


def test_o10_a_link_in_the_place_of_a_report_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").symlink_to(precious)
    done = CliRunner().invoke(app, [*ALLOWED, "--out", str(out)])
    assert done.exit_code == 2
    assert "report.html is a symbolic link" in done.output
    assert precious.read_text() == "mine"
    assert [path.name for path in out.iterdir()] == ["report.html"]


def test_g16_a_folder_that_another_run_writes_to_is_refused(tmp_path: Path) -> None:
    files = ["--thresholds", str(GOLDEN / "seed-thresholds.yaml"), "--scenarios", "scenarios"]
    run = ["run", "http://127.0.0.1:9", *files, "--out", str(tmp_path)]
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        capacity = ["capacity", "http://127.0.0.1:9", "--max-users", "9", *files, "--out", str(tmp_path)]
        for line in ([*ALLOWED, "--out", str(tmp_path)], run, capacity):
            done = CliRunner().invoke(app, line)
            assert done.exit_code == 2
            assert "another readiness is writing there" in done.output
        assert list(tmp_path.iterdir()) == []
    finally:
        os.close(handle)
    assert CliRunner().invoke(app, [*ALLOWED, "--out", str(tmp_path)]).exit_code == 0
