"""A wheel from the locked tools works in an empty environment and an empty folder; its manual is the real help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

import readiness
from readiness.cli import manual
from readiness.errors import ExitCode

ROOT = Path(__file__).parent.parent.parent
PAGE = "share/man/man1/readiness.1"


@dataclass(frozen=True, slots=True)
class Installed:
    """A wheel, and an environment that has it and what it needs, but nothing of the checkout."""

    wheel: Path
    prefix: Path

    def run(self, folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.prefix / "bin/readiness", *arguments],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8", **env},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Without an index: what readiness needs is taken from this environment, by a .pth without the editable install."""
    folder = tmp_path_factory.mktemp("package")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    pure = {**os.environ, "READINESS_COMPILE": "0"}
    subprocess.run(build, cwd=ROOT, env=pure, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    (site,) = (folder / "env/lib").glob("python*/site-packages")
    ours = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    for one in ours.iterdir():
        if "readiness" not in one.name and one.suffix not in (".pth", ".virtualenv"):
            (site / one.name).symlink_to(one)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(folder / "env/bin/python")]
    subprocess.run([*pip, "install", "--no-index", "--no-deps", str(wheel)], check=True, capture_output=True)
    return Installed(wheel, folder / "env")


def test_the_installed_command_works_in_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    assert installed.run(tmp_path, "--version").stdout.startswith(f"readiness {readiness.__version__} (")
    shown = installed.run(tmp_path, "--help")
    assert shown.returncode == 0, shown
    assert " run " in shown.stdout
    refused = installed.run(tmp_path, "lint")
    assert refused.returncode == ExitCode.USAGE
    assert "thresholds.yaml" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_demo_of_the_wheel_needs_no_checkout(installed: Installed, tmp_path: Path) -> None:
    """Its SQL, accounts and servers are found; its limits judge a recorded run, and reports have their templates."""
    line = [str(installed.prefix / "bin/readiness"), "demo"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    with subprocess.Popen(line, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        served = json.loads(demo.stdout.readline())
        demo.send_signal(signal.SIGINT)
    assert served["url"].startswith("http://127.0.0.1:")
    recorded = str(ROOT / "reports/example/ready/run.json")
    limits = next((installed.prefix / "lib").glob("python*/site-packages/readiness/packaged/thresholds.yaml"))
    judged = installed.run(tmp_path, "judge", recorded, "--thresholds", str(limits), "--out", "out")
    assert judged.returncode == ExitCode.READY, judged
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"report.html", "report.md", "report.json"}


def test_the_wheel_has_its_types_and_no_tests(installed: Installed) -> None:
    names = ZipFile(installed.wheel).namelist()
    assert "readiness/py.typed" in names
    assert any(name.endswith(f".data/data/{PAGE}") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"readiness"}
    assert not [name for name in names if name.endswith((".so", ".pyc"))]
    assert (installed.prefix / PAGE).read_text() == manual.render()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_there(installed: Installed, tmp_path: Path, shell: str) -> None:
    script = installed.run(tmp_path, _READINESS_COMPLETE=f"source_{shell}")
    assert script.returncode == 0, script
    assert "_READINESS_COMPLETE" in script.stdout


def test_bash_completes_a_command(installed: Installed, tmp_path: Path) -> None:
    script = (
        'source /dev/stdin <<< "$(_READINESS_COMPLETE=source_bash readiness)"\n'
        "COMP_WORDS=(readiness ga) COMP_CWORD=1; _readiness_completion readiness; echo ${COMPREPLY[@]}"
    )
    env = {"PATH": f"{installed.prefix / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["gate"], done


def test_the_manual_page_is_the_help_of_today() -> None:
    """`make man` makes it anew."""
    assert (ROOT / "docs/readiness.1").read_text() == manual.render(), "run: make man"


def test_the_manual_page_names_every_exit_code() -> None:
    assert set(manual.MEANINGS) == set(ExitCode)
