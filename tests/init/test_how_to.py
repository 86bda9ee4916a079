"""The page docs/how-to/start-from-openapi.md does what it says, command by command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.e2e.harness import command, strict_json
from tests.e2e.invariants import foreign_doubts
from tests.faultd.client import free_port, until
from tests.init.checked import ROOT

PAGE = (ROOT / "docs/how-to/start-from-openapi.md").read_text()
SERVICE, TASK = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
INIT, RUN = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SHORT = " --users 40 --duration 16s --ramp-up 1s --warm-up 1s"
"""The page's own run takes 70 s."""

MEASURE = """
from pathlib import Path
from readiness.cli.init_measure import measured
from readiness.init.limits import starters
print(measured(Path(), "http://127.0.0.1:8765", starters(), scenarios=1, duration="12s"))
"""
"""What --measure does, for a shorter time."""


def test_a_service_that_describes_itself_gets_an_answer_from_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "bags.py").write_text(SERVICE)
    port = free_port()
    here = tmp_path / "here"
    here.mkdir()
    service = subprocess.Popen([sys.executable, str(tmp_path / "bags.py")], env={**os.environ, "PORT": str(port)})
    try:
        assert until(lambda: answers(f"http://127.0.0.1:{port}/health"))
        made = shell(INIT, here, port)
        assert made.returncode == 0, made.stderr
        assert TASK in (here / "scenarios/bags.py").read_text()
        assert "    # Switched off, because it writes." in (here / "scenarios/bags.py").read_text()
        assert [line[:2] for line in made.stdout.splitlines()] == ["1.", "2.", "3."]

        without = shell(RUN.splitlines()[-1], here, port)
        assert without.returncode == 2
        assert "bags.py: reads the variable READINESS_TOKEN, which it does not find" in without.stderr

        done = shell(RUN.rstrip() + SHORT, here, port)
        report = strict_json((here / "reports/latest/report.json").read_text())
        assert foreign_doubts(report) == [], done.stderr
        assert {one["name"] for one in report["endpoints"]} == {"GET /bags", "GET /bags/{bag_id}"}
        assert all(one["failures"] == 0 for one in report["endpoints"]), report["endpoints"]
        if not report["doubts"]:
            assert done.returncode == 4, done.stdout + done.stderr
            assert "Choose your own limits" in str(report["conditions"])
            markdown = (here / "reports/latest/report.md").read_text()
            assert "Not part of this load: POST /bags (switched off)." in markdown
            load = [one for one in report["checks"] if not one["name"].startswith(("health.", "limits."))]
            assert [one["outcome"] for one in load] == ["pass"] * 3, load

        proposed = shell(f"export READINESS_TOKEN=the-token-of-a-test; {sys.executable} -c '{MEASURE}'", here, port)
        assert proposed.returncode == 0, proposed.stderr
        assert proposed.stdout.count("from one run: choose what your users need (measured ") >= 2, proposed.stdout
    finally:
        service.kill()
        service.wait()


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def shell(lines: str, folder: Path, port: int) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "READINESS_TOKEN"}
    environment["PATH"] = f"{Path(command()).parent}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        ["bash", "-euc", lines.replace("8765", str(port))],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
