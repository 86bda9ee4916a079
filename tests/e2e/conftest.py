"""What the black-box rows share: a way to run the command against a target with a small threshold file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.harness import SCENARIOS, Result, Running, run_readiness, start_readiness
from tests.e2e.postgres import Postgres, start_postgres

# Wide limits: a healthy row must be green on a busy machine; rows about a limit bring their own.
BLOCKING = """
  http.success_rate: { pass: "> 99 %", on_fail: block }
  latency.p95: { pass: "< 900 ms", on_fail: block }
  latency.p99: { pass: "< 1500 ms", on_fail: block }
"""
# A server that stands still for two seconds, as any process may on a busy machine, keeps these too.
ANY_SPEED = """
  http.success_rate: { pass: "> 99 %", on_fail: block }
  latency.p95: { pass: "< 5 s", on_fail: block }
  latency.p99: { pass: "< 8 s", on_fail: block }
"""
LOOSE = '\n  http.success_rate: { pass: "> 50 %", on_fail: block }\n'
"""Of rows that are about no latency: whatever the machine does meanwhile, a healthy server keeps it."""
FORMATS = "md,html,json,junit"


class Cli:
    """`readiness run` with the defaults of these tests; every argument of a row is what the row is about."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"
        self.started: list[Running] = []

    def thresholds(
        self,
        checks: str = BLOCKING,
        *,
        load: str = "",
        more: str = "",
        duration: str = "3s",
        name: str = "thresholds.yaml",
    ) -> Path:
        """A threshold file: `checks` and `load` are indented lines, `more` whole sections."""
        path = self.folder / name
        height = "" if "steps:" in load or "rate:" in load else "  users: 5\n"
        if "calibration:" not in load:
            height += "  calibration: 0s\n"
        times = f"{height}  ramp_up: 0s\n  warm_up: 0s\n  duration: {duration}\n"
        path.write_text(f"version: 1\nservice: tested\nload:\n{times}{load}checks:{checks}{more}")
        return path

    def start(
        self,
        target: str,
        *args: str,
        scenario: str = "api.py",
        checks: str = BLOCKING,
        load: str = "",
        more: str = "",
        duration: str = "3s",
        env: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        out: Path | None = None,
        open_files: tuple[int, int] | None = None,
    ) -> Running:
        """Start a run."""
        file = self.thresholds(checks, load=load, more=more, duration=duration)
        out = out or self.out
        fixed = ["--thresholds", str(file), "--scenarios", str(SCENARIOS / scenario), "--out", str(out)]
        line = ["run", target, *fixed, "--format", FORMATS, *args]
        running = start_readiness(
            line, out=out, cwd=self.folder, env=env, thresholds=file, secrets=secrets, open_files=open_files
        )
        self.started.append(running)
        return running

    def run(self, target: str, *args: str, **words: object) -> Result:
        """Run to the end; keywords as for `start`."""
        return self.start(target, *args, **words).finish()  # type: ignore[arg-type]

    def plain(self, *args: str, **env: str) -> Result:
        """Any other command line, as it stands."""
        return run_readiness(args, out=self.out, cwd=self.folder, env=env)


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """A folder of its own; whatever the row left running is killed after it."""
    one = Cli(tmp_path)
    yield one
    for running in one.started:
        running.kill_all()
        running.process.communicate()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL with a role that can only read."""
    with start_postgres() as server:
        yield server


@pytest.fixture
def bags(postgres: Postgres) -> Callable[[int], str]:
    """`bags(10)`: a fresh database whose table `bags` has ten rows; the read-only URL of it."""

    def make(rows: int) -> str:
        return postgres.database(
            "create table bags (id int primary key)", f"insert into bags select generate_series(1, {rows})"
        )

    return make
