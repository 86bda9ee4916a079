"""Run the installed command as a user would, and keep everything it left behind.

Every run carries a mark in its environment, so that its descendants are found in any session or process group.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests import published

SCENARIOS = Path(__file__).parent / "scenarios"
SECRET = "c4nary-s3cret-7d1f0a"
"""In the environment of every run (READINESS_PASSWORD); must never come out again."""
MARK = "READINESS_VAR_E2E_MARK"
START_S = 40.0
"""Grace over the planned time on a machine of our own: start of three interpreters, drain, reports."""
HANG_S = 1200.0
"""Below the limit of a test, so that what a run said until then is told. `I10` bounds how long a good run takes."""


def crowd() -> float:
    """How many processes want each core, at least 1: a run beside others may take as much longer."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def command() -> str:
    """The console script next to this interpreter."""
    script = Path(sys.executable).with_name("readiness")
    assert script.exists(), "the command `readiness` is not installed in this environment: pip install -e '.[demo,dev]'"
    return str(script)


def strict_json(text: str) -> Any:
    """JSON without the NaN and Infinity that Python would let pass."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"not strict JSON: {constant}")

    return json.loads(text, parse_constant=refuse)


def marked(mark: str) -> dict[int, str]:
    """Pid and command line of every live process that descends from the run."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() not in (folder / "environ").read_bytes():
                continue
            if " Z " in (folder / "stat").read_text().rpartition(")")[2][:4]:
                continue
            found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue  # it ended meanwhile
    return found


@dataclass
class Result:
    """A run that ended."""

    exit_code: int
    stdout: str
    stderr: str
    out: Path
    wall_s: float
    mark: str
    argv: tuple[str, ...]
    thresholds: Path | None = None
    secrets: tuple[str, ...] = (SECRET,)
    signalled_s: float | None = None
    """Time from the signal that the test sent to the end."""

    @property
    def said(self) -> str:
        """Everything on the terminal."""
        return self.stdout + self.stderr

    def text(self, name: str) -> str:
        """A file of the run, strictly UTF-8."""
        return (self.out / name).read_text(encoding="utf-8")

    @cached_property
    def report(self) -> dict[str, Any]:
        """report.json, which its published schema accepts."""
        document: dict[str, Any] = strict_json(self.text("report.json"))
        published.validate("report", document)
        return document

    @cached_property
    def run(self) -> dict[str, Any]:
        """run.json, which its published schema accepts."""
        document: dict[str, Any] = strict_json(self.text("run.json"))
        published.validate("run", document)
        return document

    @cached_property
    def junit(self) -> ElementTree.Element:
        """junit.xml."""
        return ElementTree.fromstring(self.text("junit.xml"))

    @property
    def ledger(self) -> dict[str, Any]:
        """The ledger of report.json."""
        ledger: dict[str, Any] = self.report["ledger"]
        return ledger

    def check(self, key: str) -> dict[str, Any]:
        """One check of the report, as written in thresholds.yaml."""
        found = [one for one in self.report["checks"] if check_key(one) == key]
        assert len(found) == 1, f"{key}: in the report {len(found)} times"
        result: dict[str, Any] = found[0]
        return result

    def everything(self) -> str:
        """Terminal and all files, for searching."""
        files = [path.read_text("utf-8", "replace") for path in sorted(self.out.rglob("*")) if path.is_file()]
        return "\n".join([self.said, *files])

    def __repr__(self) -> str:
        return f"exit {self.exit_code} after {self.wall_s:.1f} s: {' '.join(self.argv)}\n{self.stdout}\n{self.stderr}"


def check_key(check: Mapping[str, Any]) -> str:
    """`latency.p95@bag_lookup`."""
    return check["name"] if check["scope"] is None else f"{check['name']}@{check['scope']}"


@dataclass
class Running:
    """A run under way."""

    process: subprocess.Popen[str]
    out: Path
    mark: str
    argv: tuple[str, ...]
    thresholds: Path | None
    secrets: tuple[str, ...]
    started: float = field(default_factory=time.monotonic)
    signalled: float | None = None

    def signal(self, number: int) -> None:
        """Send a signal to the command itself, not to its children."""
        self.signalled = time.monotonic()
        self.process.send_signal(number)

    def children(self) -> dict[int, str]:
        """Its live descendants."""
        return {pid: line for pid, line in marked(self.mark).items() if pid != self.process.pid}

    def finish(self) -> Result:
        """Wait for the end; a run that does not end is killed and the test fails."""
        try:
            stdout, stderr = self.process.communicate(timeout=HANG_S)
        except subprocess.TimeoutExpired:
            self.kill_all()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"no end after {HANG_S} s: {self.argv}\n{stdout}\n{stderr}") from None
        now = time.monotonic()
        return Result(
            exit_code=self.process.returncode,
            stdout=stdout,
            stderr=stderr,
            out=self.out,
            wall_s=now - self.started,
            mark=self.mark,
            argv=self.argv,
            thresholds=self.thresholds,
            secrets=self.secrets,
            signalled_s=None if self.signalled is None else now - self.signalled,
        )

    def kill_all(self) -> None:
        """The run and all its descendants, by pid."""
        if self.process.poll() is None:
            self.process.kill()
        for pid in marked(self.mark):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def start_readiness(
    args: Sequence[str],
    *,
    out: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    thresholds: Path | None = None,
    secrets: tuple[str, ...] = (),
    stdout: int = subprocess.PIPE,
    open_files: tuple[int, int] | None = None,
) -> Running:
    """Start `readiness args`; the environment is this one without proxies and without our variables, plus `env`.

    `open_files` is the soft and the hard limit of descriptors.
    """
    mark = uuid.uuid4().hex
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("READINESS_", "GITHUB_", "GITLAB_"))
        and "proxy" not in name.lower()
        and name not in ("COLUMNS", "FORCE_COLOR")
    }
    own = {"NO_COLOR": "1", "READINESS_PASSWORD": SECRET, MARK: mark}
    process = subprocess.Popen(
        [command(), *args],
        cwd=cwd,
        env={**inherited, **own, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        start_new_session=True,
        preexec_fn=None if open_files is None else lambda: resource.setrlimit(resource.RLIMIT_NOFILE, open_files),
    )
    return Running(process, out, mark, tuple(args), thresholds, (SECRET, *secrets))


def run_readiness(
    args: Sequence[str],
    *,
    out: Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    thresholds: Path | None = None,
    secrets: tuple[str, ...] = (),
    signal_at: tuple[int, Callable[[], object]] | None = None,
) -> Result:
    """Run to the end. `signal_at` is a signal and a function that returns when the time for it has come."""
    running = start_readiness(args, out=out, cwd=cwd, env=env, thresholds=thresholds, secrets=secrets)
    try:
        if signal_at is not None:
            number, wait = signal_at
            wait()
            running.signal(number)
        return running.finish()
    finally:
        running.kill_all()
