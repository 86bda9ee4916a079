"""One locustfile under plain Locust and under `readiness run`, against the same kind of server."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.harness import SCENARIOS, Result
from tests.faultd.client import ROOT

Counts = dict[str, tuple[int, int]]
"""Requests and failures by `METHOD name`."""


@dataclass(frozen=True)
class Plain:
    """What plain Locust made of a file."""

    exit_code: int
    said: str
    counts: Counts


def plain_locust(url: str, scenario: str, folder: Path, *args: str, enough: int | None = None) -> Plain:
    """Run it headless; `args` say the load, where no shape does. Of `enough` requests it ends soon."""
    locust = [str(Path(sys.executable).with_name("locust"))]
    if enough is not None:
        locust = [sys.executable, "-P", str(ROOT / "tests/enough.py"), json.dumps({"*": enough})]
    table = folder / "plain.json"  # Locust adds the suffix
    run = subprocess.run(
        [
            *locust,
            "-f",
            str(SCENARIOS / scenario),
            "-H",
            url,
            "--headless",
            "--json-file",
            str(folder / "plain"),
            "--only-summary",
            *args,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    rows = json.loads(table.read_text()) if table.exists() else []
    counts = {f"{row['method']} {row['name']}".strip(): (row["num_requests"], row["num_failures"]) for row in rows}
    return Plain(run.returncode, run.stdout + run.stderr, counts)


def counts_of(result: Result) -> Counts:
    """Of a run of ours, as plain Locust's."""
    found = {one["name"]: (one["requests"], one["failures"]) for one in result.report["endpoints"]}
    return {name: found[name] for name in sorted(found)}
