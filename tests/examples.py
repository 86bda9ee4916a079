"""`make example`: real runs of the demo, one for each decision, as reports/example/*, the golden output.

ready: `demo` as it is. conditional: `demo:legacy`. not-ready: `demo` with a damaged database.
inconclusive: `demo`, interrupted in the measurement window. capacity-demo, capacity-legacy: what both take.
`python -m tests.examples NAME …` makes only those.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "reports" / "example"
READINESS = (sys.executable, "-m", "readiness")
DAMAGE = (
    "alter table scans drop constraint scans_bag_fkey",
    "insert into scans (bag_id, user_id) select 1e7 + n, (select min(id) from users) from generate_series(1, 40) n",
    "alter table scans add constraint scans_bag_fkey foreign key (bag_id) references bags (id) not valid",
)
"""What a hasty migration does: rows without a bag, and a foreign key that checks none of them."""


def main() -> None:
    for name in sys.argv[1:] or (*EXAMPLES, *CAPACITIES):
        folder = FOLDER / name
        folder.mkdir(parents=True, exist_ok=True)
        if name in CAPACITIES:
            command = [*READINESS, "capacity", *CAPACITIES[name], "--out", str(folder), "--quiet"]
            subprocess.run(command, check=False, timeout=600)
            continue
        for needed in ("thresholds.yaml", "schema.lock"):
            shutil.copy(ROOT / needed, folder / needed)
        EXAMPLES[name](folder)
        print(f"{name}: {json.loads((folder / 'report.json').read_text())['decision']}")


def ready(folder: Path) -> None:
    _run(folder, "demo")


def conditional(folder: Path) -> None:
    _run(folder, "demo:legacy")


def not_ready(folder: Path) -> None:
    """A demo whose database was damaged."""
    demo = subprocess.Popen([*READINESS, "demo"], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    try:
        assert demo.stdout is not None
        addresses = json.loads(demo.stdout.readline())
        with psycopg.connect(addresses["admin_database_url"]) as connection:
            for statement in DAMAGE:
                connection.execute(statement)
        scenarios = ("--scenarios", str(ROOT / "scenarios"))
        _run(folder, addresses["url"], *scenarios, READINESS_DATABASE_URL=addresses["database_url"])
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(60)


def inconclusive(folder: Path) -> None:
    """Ctrl-C in the measurement window."""
    command = [*READINESS, "run", "demo", "--thresholds", "thresholds.yaml", "--out", "."]
    run = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert run.stderr is not None
    for line in run.stderr:
        if "measuring:" in line:
            run.send_signal(signal.SIGINT)
            break
    run.communicate(timeout=120)


def _run(folder: Path, target: str, *more: str, **env: str) -> None:
    command = [*READINESS, "run", target, "--thresholds", "thresholds.yaml", "--out", ".", "--quiet", *more]
    subprocess.run(command, cwd=folder, env={**os.environ, **env}, check=False, timeout=300)


EXAMPLES: Mapping[str, Callable[[Path], None]] = {
    "ready": ready,
    "conditional": conditional,
    "not-ready": not_ready,
    "inconclusive": inconclusive,
}

CAPACITIES: Mapping[str, tuple[str, ...]] = {
    "capacity-demo": ("demo", "--max-users", "1600"),
    "capacity-legacy": ("demo:legacy", "--max-users", "320"),
}
"""Arguments of `readiness capacity`."""

if __name__ == "__main__":
    main()
