"""A green of a drill needs evidence: what was lost beside its windows, silence, and faults that nobody saw."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drills.serving import ROOT
from tests.drills.shop import serve_stock
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import MARK
from tests.e2e.invariants import assert_invariants
from tests.e2e.test_command_drills import script
from tests.faultd.client import free_port


class Moody:
    """A service of tests/drills/moody.py, and how it is started again."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.mood = folder / "mood"
        self.mood.write_text("ok")
        self.port = free_port()
        self.line = [sys.executable, "-m", "tests.drills.moody", str(self.port), str(self.mood), *words]
        self.process = subprocess.Popen(self.line, stdout=subprocess.PIPE, cwd=ROOT)
        assert self.process.stdout is not None
        self.process.stdout.readline()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def moody(tmp_path: Path) -> Iterator[Callable[..., Moody]]:
    """`moody("tied=4711")` starts one."""
    started: list[Moody] = []

    def make(*words: str) -> Moody:
        started.append(Moody(tmp_path, *words))
        return started[-1]

    yield make
    for one in started:
        one.process.kill()
        one.process.communicate()


def moods(cli: Cli, service: Moody) -> None:
    """A program that changes the service's mood, and others that kill it and start it again."""
    script(cli.folder, "be.sh", f"echo $1 > {service.mood}")
    script(cli.folder, "kill.sh", f"kill -9 {service.process.pid}")
    again = " ".join(service.line)
    script(
        cli.folder,
        "start.sh",
        f"cd {ROOT}; env -u {MARK} {again} >/dev/null 2>&1 & echo $! > {cli.folder}/again",
        "sleep 1",
    )


def test_silence_and_lost_sessions_are_never_good_answers(cli: Cli, moody: Callable[..., Moody]) -> None:
    service = moody()
    moods(cli, service)
    times = "for: 2s, before: 2s, after: 3s, rate: 30 /s"
    more = f"""drills:
  busy: {{ command: [./be.sh, busy], undo: [./be.sh, ok], {times} }}
  silent: {{ command: [./be.sh, silent], undo: [./be.sh, ok], {times} }}
  dead: {{ command: [./kill.sh], undo: [./start.sh], {times} }}
  strangers: {{ command: [./be.sh, stranger], {times} }}
"""
    checks = f"""{LOOSE}
  drill.retry_after@busy: {{ pass: "> 40 %" }}
  drill.fails_fast@silent: {{ pass: "< 1 s" }}
  drill.longest_answer@silent: {{ pass: "< 5 s" }}
  drill.fails_fast@dead: {{ pass: "< 1 s" }}
  drill.longest_answer@dead: {{ pass: "< 5 s" }}
  drill.sessions_kept@strangers: {{ pass: "> 95 %" }}
"""
    try:
        result = cli.run(
            service.url,
            "--drills",
            "--allow-commands",
            scenario="private.py",
            checks=checks,
            more=more,
            load="  timeout: 300ms\n",
        )
    finally:
        subprocess.run(["/bin/sh", "-c", f"kill -9 $(cat {cli.folder}/again)"], check=False)
    assert_invariants(result, planned_s=60)
    drills = [one for one in result.report["checks"] if one["name"].startswith("drill.")]
    assert {one["outcome"] for one in drills} == {"fail"}, str(result)
    assert result.check("drill.retry_after@busy")["value"] == 0, "the good answers that say it are no refusals"
    assert result.check("drill.sessions_kept@strangers")["value"] == 0
    silent, dead = (one["showed"] for one in result.report["drills"][1:3])
    assert "had no answer after 300 ms" in silent
    assert "had no answer, " in dead


def test_a_restart_that_nobody_saw_is_no_evidence_that_it_is_survived(cli: Cli, moody: Callable[..., Moody]) -> None:
    service = moody()
    moods(cli, service)
    script(cli.folder, "unnoticed.sh", "sleep 1.1", "./kill.sh", "sleep 0.3", "./start.sh")
    more = """drills:
  nothing: { command: ["true"], for: 2s, before: 2s, after: 3s, rate: 40 /s }
  unnoticed: { command: [./unnoticed.sh], for: 4s, before: 4s, after: 3s, rate: 0.5 /s }
"""
    claims = ("longest_answer", "recovery", "requests_lost", "drain")
    limits = {"longest_answer": "< 1 s", "recovery": "< 2.5 s"}
    lines = [f'  drill.{one}@nothing: {{ pass: "{limits.get(one, "== 0")}" }}\n' for one in claims]
    lines += [
        f'  drill.{one}@unnoticed: {{ pass: "{limits.get(one, "== 0")}" }}\n' for one in ("requests_lost", "drain")
    ]
    lines += ['  drill.error_rate@nothing: { pass: "< 10 %" }\n', '  drill.goodput@unnoticed: { pass: "> 0.2 /s" }\n']
    try:
        result = cli.run(
            service.url,
            "--drills",
            "--allow-commands",
            scenario="no_start.py",
            checks=LOOSE + "".join(lines),
            more=more,
            load="  rate: 20 /s\n",
        )
    finally:
        subprocess.run(["/bin/sh", "-c", f"kill -9 $(cat {cli.folder}/again)"], check=False)
    assert_invariants(result, planned_s=40)
    # Callers saw nothing while it ran: that is what error_rate says. What the service survives is not known.
    assert result.check("drill.error_rate@nothing")["outcome"] == "pass", str(result)
    for one in claims:
        assert "nothing was seen to break or to change" in result.check(f"drill.{one}@nothing")["message"], str(result)
    assert "nothing was seen to break or to change" in result.report["drills"][0]["showed"]
    for one in ("requests_lost", "drain", "goodput"):
        check = result.check(f"drill.{one}@unnoticed")
        due = int(result.check("drill.requests_lost@unnoticed").get("value") or 0)
        assert check["outcome"] == "error" or due, str(result)
        assert due or "no request was due while nothing listened" in check["message"]


def test_what_a_fault_breaks_at_its_edge_is_lost_and_a_fault_that_met_nobody_proves_nothing(
    cli: Cli, moody: Callable[..., Moody]
) -> None:
    log = cli.folder / "log"
    log.touch()
    stock, tied, lazy = serve_stock(log), free_port(), free_port()
    service = moody(f"tied={tied}", f"lazy={lazy}")
    more = f"""proxies:
  tied: {{ listen: 127.0.0.1:{tied}, to: 127.0.0.1:{stock} }}
  lazy: {{ listen: 127.0.0.1:{lazy}, to: 127.0.0.1:{stock} }}
drills:
  unused: {{ proxy: lazy, fault: refuse, for: 2s, before: 3s, after: 3s, rate: 20 /s }}
  edge: {{ proxy: tied, fault: reset, for: 2s, before: 2s, after: 3s, rate: 40 /s }}
"""
    checks = f"""{LOOSE}
  drill.error_rate@unused: {{ pass: "< 50 %" }}
  drill.requests_lost@edge: {{ pass: "== 0" }}
  drill.drain@edge: {{ pass: "== 0" }}
  drill.longest_answer@edge: {{ pass: "< 5 s" }}
  drill.sessions_kept@edge: {{ pass: "> 95 %" }}
"""
    result = cli.run(service.url, "--drills", scenario="no_start.py", checks=checks, more=more, load="  rate: 20 /s\n")
    assert_invariants(result, planned_s=40)
    assert "nobody saw the fault" in result.check("drill.error_rate@unused")["message"], str(result)
    for key in ("requests_lost", "drain", "longest_answer"):
        assert result.check(f"drill.{key}@edge")["outcome"] == "fail", str(result)
    assert result.check("drill.requests_lost@edge")["value"] >= 5
    assert "no scenario begins a session" in result.check("drill.sessions_kept@edge")["message"]
