"""The compiled engine: the tests of its modules once more with the build, and a whole run."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from readiness.load import compiled
from tests.e2e.conftest import Cli, cli
from tests.faultd.fixture import StartFaultd

__all__ = ["cli"]

REPOSITORY = Path(__file__).parents[2]
IN_EVERY_PROCESS = """
import atexit, os, pathlib, sys
from readiness.load import compiled
assert compiled.use()

@atexit.register
def tell():
    for name in (*compiled.MODULES, *compiled.WRITTEN_IN_C):
        if name in sys.modules:
            pathlib.Path(os.environ["SEEN"], f"{name}{pathlib.Path(sys.modules[name].__file__).suffix}").touch()
"""
"""Named sitecustomize.py, so that Python runs it at its start, also in the processes that tests start."""


def python(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    given = {**os.environ, compiled.OFF: "", **environment}
    line = [sys.executable, *arguments]
    return subprocess.run(line, capture_output=True, text=True, cwd=REPOSITORY, env=given, check=False)


@pytest.fixture(scope="module")
def build() -> Path:
    """Made from the sources as they are."""
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    if shutil.which("gcc") is None and shutil.which("cc") is None:
        pytest.skip("no C compiler")
    if not headers.exists():
        pytest.skip("no headers of Python")
    done = python("-m", "readiness.load.compiling")
    assert done.returncode == 0, done.stderr
    return compiled.BUILDS / compiled.digest()


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("tests/load/http/test_client.py", "readiness.load.http.client"),
        ("tests/load/http/test_nonblocking.py", "readiness.load.http.nonblocking"),
        ("tests/load/test_recorder.py", "readiness.load.recorder"),
        ("tests/load/test_task_loop.py", "readiness.load.task_loop"),
    ],
)
def test_the_compiled_modules_pass_the_tests_of_their_sources(
    build: Path, tmp_path: Path, file: str, module: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(IN_EVERY_PROCESS)
    seen = tmp_path / "seen"
    seen.mkdir()
    done = python(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not without_epoll", file),
        PYTHONPATH=f"{tmp_path}{os.pathsep}{REPOSITORY}",
        SEEN=str(seen),
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert f"{module}.so" in {path.name for path in seen.iterdir()}
    assert {path.suffix for path in seen.iterdir()} == {".so"}


def test_a_run_with_the_compiled_engine_says_so_and_keeps_its_ledger(
    build: Path, cli: Cli, faultd: StartFaultd
) -> None:
    result = cli.run(faultd().url, env={compiled.OFF: ""})
    assert json.loads(result.text("run.json"))["provenance"]["compiled"] is True
    assert result.ledger["ok"] == result.ledger["planned"] - result.ledger["in_flight"] > 0
    assert not result.ledger["failed"]


def test_without_a_build_of_exactly_these_sources_they_are_interpreted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(compiled.PACKAGE, tmp_path / "load", ignore=shutil.ignore_patterns("builds", "__pycache__"))
    before = compiled.digest()
    monkeypatch.setattr(compiled, "PACKAGE", tmp_path / "load")
    assert compiled.digest() == before
    (tmp_path / "load" / "recorder.py").write_text("# changed\n")
    assert compiled.digest() != before
    monkeypatch.setattr(compiled, "BUILDS", tmp_path / "builds")
    monkeypatch.delenv(compiled.OFF, raising=False)
    (tmp_path / "builds" / before).mkdir(parents=True)
    (tmp_path / "builds" / before / "complete").touch()
    assert compiled.use() is False


def test_a_failed_build_says_what_it_wants_and_leaves_nothing(tmp_path: Path) -> None:
    shutil.copytree(
        REPOSITORY / "readiness", tmp_path / "readiness", ignore=shutil.ignore_patterns("builds", "__pycache__")
    )
    environment = {"CC": "no-such-compiler", "PYTHONPATH": str(tmp_path)}
    line = [sys.executable, "-P", "-m", "readiness.load.compiling"]
    done = subprocess.run(
        line, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **environment}, check=False
    )
    assert done.returncode == 1
    assert "C compiler" in done.stderr
    assert "no-such-compiler" in done.stderr
    assert not (tmp_path / "readiness" / "load" / "builds").exists()


def test_the_list_names_modules_that_exist() -> None:
    for module in compiled.MODULES:
        assert REPOSITORY.joinpath(*module.split(".")).with_suffix(".py").exists(), module
