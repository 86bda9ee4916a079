"""`readiness run --drills --allow-commands`: programs that break something, and their undo whatever happens."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drills.serving import Served, serve
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import SECRET, Running, marked
from tests.e2e.invariants import assert_invariants
from tests.faultd.client import until

QUICK = "before: 2s, after: 4s, rate: 25 /s"


def script(folder: Path, name: str, *lines: str) -> None:
    """A program beside thresholds.yaml."""
    path = folder / name
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    yield from serve(tmp_path)


def freezing(cli: Cli, shop: Served) -> str:
    """A drill that freezes the service, and thaws it."""
    script(
        cli.folder,
        "freeze.sh",
        f"kill -STOP {shop.pid}",
        "touch frozen",
        "printenv > seen",
        "echo $READINESS_VAR_API_KEY",
    )
    script(cli.folder, "thaw.sh", f"kill -CONT {shop.pid}", "touch thawed")
    return f"  frozen: {{ command: [./freeze.sh, now], undo: [./thaw.sh], for: 3s, {QUICK} }}\n"


def test_a_command_is_measured_and_undone_and_what_failed_proves_nothing(cli: Cli, shop: Callable[..., Served]) -> None:
    served = shop()
    script(cli.folder, "fail.sh", "echo no such container: $READINESS_VAR_API_KEY >&2", "exit 3")
    script(cli.folder, "hang.sh", "trap '' TERM", "setsid sleep 300 &", "sleep 300")
    script(cli.folder, "cut.sh", "kill -9 $PPID")
    script(cli.folder, "repair.sh", "touch repaired")
    script(cli.folder, "repair_cut.sh", "echo repaired >> cut")
    more = f"""drills:
{freezing(cli, served)}
  fails: {{ command: [./fail.sh], for: 1s, {QUICK} }}
  hangs: {{ command: [./hang.sh], undo: [./repair.sh], deadline: 1s, for: 3s, {QUICK} }}
  cuts: {{ command: [./cut.sh], undo: [./repair_cut.sh], for: 1s, {QUICK} }}
"""
    checks = f"""{LOOSE}
  drill.longest_answer@frozen: {{ pass: "< 1 s" }}
  drill.recovery@frozen: {{ pass: "< 3.5 s" }}
  drill.error_rate@fails: {{ pass: "< 50 %" }}
  drill.recovery@hangs: {{ pass: "< 3.5 s", on_fail: block }}
  drill.recovery@cuts: {{ pass: "< 3.5 s" }}
"""
    result = cli.run(
        served.url,
        "--drills",
        "--allow-commands",
        scenario="stock.py",
        checks=checks,
        more=more,
        env={"READINESS_VAR_API_KEY": "kk-9183-hidden"},
        secrets=("kk-9183-hidden",),
    )
    assert_invariants(result, planned_s=60)
    assert result.check("drill.longest_answer@frozen")["outcome"] == "fail", str(result)
    assert result.check("drill.longest_answer@frozen")["value"] > 2000
    assert result.check("drill.recovery@frozen")["outcome"] == "pass"
    assert "exit code 3" in result.check("drill.error_rate@fails")["message"]
    assert "no such container" in result.check("drill.error_rate@fails")["message"]
    assert "did not end within its deadline of 1 s" in result.check("drill.recovery@hangs")["message"]
    assert result.exit_code == 3
    assert (cli.folder / "repaired").exists()
    assert (
        "the process of readiness that ran it was killed by SIGKILL" in result.check("drill.recovery@cuts")["message"]
    )
    assert any("`./repair_cut.sh` ended with exit code 0" in note for note in result.run["notes"])
    assert (cli.folder / "cut").read_text() == "repaired\n"
    assert "drills.frozen.command is going to run: ./freeze.sh now" in result.stderr
    assert any("frozen, undo: `./thaw.sh` ended with exit code 0" in note for note in result.run["notes"])
    assert result.run["drills"][0]["what"] == "`./freeze.sh now` was run, and was undone after 3 s"
    seen = (cli.folder / "seen").read_text()
    assert "PATH=" in seen
    assert "READINESS_PASSWORD" not in seen
    assert SECRET not in seen
    assert until(lambda: not marked(result.mark)), marked(result.mark)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_undo_runs_however_the_run_ends(cli: Cli, shop: Callable[..., Served], number: signal.Signals) -> None:
    served = shop()
    running: Running = cli.start(
        served.url,
        "--drills",
        "--allow-commands",
        scenario="stock.py",
        checks=LOOSE,
        more="drills:\n" + freezing(cli, served).replace("for: 3s", "for: 300s"),
    )
    assert until((cli.folder / "frozen").exists)
    running.signal(number)
    running.process.communicate()
    assert running.process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    if number != signal.SIGKILL:
        assert (cli.folder / "thawed").exists()
    assert until((cli.folder / "thawed").exists)
    assert until(lambda: not marked(running.mark)), marked(running.mark)
    assert Path(f"/proc/{served.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T"
    os.kill(served.pid, 0)


def test_commands_need_leave_and_programs_that_are_there(cli: Cli, shop: Callable[..., Served]) -> None:
    served = shop()
    more = "drills:\n" + freezing(cli, served)
    refused = cli.run(served.url, "--drills", scenario="stock.py", more=more)
    assert refused.exit_code == 2, str(refused)
    assert "thresholds.yaml:" in refused.stderr
    assert "drills.frozen.command: runs a program of yours" in refused.stderr
    assert "drills.frozen.undo: runs a program of yours" in refused.stderr
    (cli.folder / "thaw.sh").unlink()
    missing = cli.run(served.url, "--drills", "--allow-commands", scenario="stock.py", more=more)
    assert missing.exit_code == 2, str(missing)
    assert "drills.frozen.undo: there is no program ./thaw.sh that can be run" in missing.stderr
    assert not (cli.folder / "frozen").exists()
    assert served.requests() == 0
