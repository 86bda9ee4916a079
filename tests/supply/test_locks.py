"""Everything that is installed is locked with a hash, and its licence is listed."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.licences import BY_HAND, LOCKS, PAGE, UNKNOWN, installed, locked

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROWS = re.findall(r"^\| (\S+) \| (\d\S*) \| (.+?) \| ([a-z, ]+) \|$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_its_version_and_hashes(lock: str) -> None:
    text = (ROOT / f"requirements/{lock}.lock").read_text()
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^ *#.*\n?", "", text).strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.\[\]-]+==[\w.!+-]+( ; .+)? \\\n", entry), entry
        assert "--hash=sha256:" in entry


def test_what_builds_and_checks_the_package_is_locked() -> None:
    wanted = {
        "build": [*PROJECT["build-system"]["requires"], *PROJECT["dependency-groups"]["build"]],
        "tools": PROJECT["dependency-groups"]["tools"],
        "bench": PROJECT["dependency-groups"]["bench"],
    }
    for lock, requirements in wanted.items():
        names = {re.split(r"[><=]", one)[0] for one in requirements}
        assert names <= set(re.findall(r"^([\w.-]+)==", (ROOT / f"requirements/{lock}.lock").read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_nothing_is_installed_without_a_hash_but_ourselves(name: str) -> None:
    """`$(INSTALL)` of the Makefile begins with what asks for hashes."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    installs = [line for line in re.split(r"\n|&&", text) if re.search(r"\binstall .*(-r|--requirement|\.|uv)", line)]
    installs = [line for line in installs if "pip" in line or "PIP" in line]
    assert len(installs) >= 3
    assert not [line for line in installs if "--require-hashes" not in line and "--no-deps" not in line]


def test_the_list_of_licences_is_that_of_the_locks() -> None:
    """`make licences` makes it anew."""
    assert {(name, version): where for name, version, _, where in ROWS} == {
        key: ", ".join(locks) for key, locks in locked().items()
    }
    assert not [name for name, _, licence, _ in ROWS if licence == UNKNOWN]


def test_the_licences_are_what_the_installed_packages_say() -> None:
    here = installed()
    said = {(name, version): licence for name, version, licence, _ in ROWS if name not in BY_HAND}
    assert len(here.keys() & said.keys()) > 60
    assert {key: here[key] for key in here.keys() & said.keys()} == {
        key: said[key] for key in here.keys() & said.keys()
    }


PIP_AUDIT = """#!{python}
import json, sys
from pathlib import Path
lock, answer = (sys.argv[sys.argv.index(one) + 1] for one in ("--requirement", "--output"))
{then}
"""
ANSWERS = """
weak = [dict(id="X-1")] if "build" in lock else []
Path(answer).write_text(json.dumps(dict(dependencies=[
    dict(name="hatchling", version="1", vulns=weak), dict(name="k6", skip_reason="not found")])))
"""


@pytest.mark.parametrize(
    ("then", "code", "said"),
    [
        (ANSWERS, 1, "requirements/build.lock: hatchling 1: X-1"),
        (ANSWERS, 1, "requirements/dev.lock: skipped 1 of 2, no data: k6"),
        ("sys.exit('no route to the service')", 0, "skipped, no data about known weaknesses: no route to the service"),
    ],
)
def test_the_audit_tells_what_is_weak_and_what_it_could_not_ask(
    tmp_path: Path, then: str, code: int, said: str
) -> None:
    (tmp_path / "pip-audit").write_text(PIP_AUDIT.format(python=sys.executable, then=then))
    (tmp_path / "zizmor").write_text("#!/bin/sh\n")
    (tmp_path / "python").symlink_to(sys.executable)
    for tool in ("pip-audit", "zizmor"):
        (tmp_path / tool).chmod(0o755)
    env = {**os.environ, "TOOLS": str(tmp_path)}
    done = subprocess.run(["bash", ROOT / ".ci/audit"], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == code, done
    assert said in done.stdout
