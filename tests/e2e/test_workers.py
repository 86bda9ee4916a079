"""Rows G1-G4, G15, X11 over several processes: nothing is lost or counted twice, and nobody can turn a run green."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

import readiness
from readiness.load.workers import messages
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.harness import MARK, SCENARIOS, Running, command, marked
from tests.e2e.invariants import assert_invariants, decided, foreign_doubts
from tests.faultd.client import free_port, until
from tests.faultd.fixture import StartFaultd

TOKEN = "9f1c2ab47d3e8056c4b1e7f0a2d96385"
ANOTHER = "0e6d5b1f93a27c48d8f2b7610c5ae394"
PACKAGE = Path(readiness.__file__).parent
WORKER = "readiness.load.workers.worker"


def workers_of(running: Running) -> list[int]:
    return [pid for pid, line in running.children().items() if WORKER in line]


@contextmanager
def helper(*argv: str, token: str = TOKEN, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A process beside the run, with a token; gone at the end."""
    env: Mapping[str, str] = {**os.environ, "READINESS_WORKER_TOKEN": token, **more}
    process = subprocess.Popen(argv, env=env, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()  # whoever read it all has closed it


def worker(port: int, scenario: Path | str = SCENARIOS / "calm.py") -> tuple[str, ...]:
    allowed = ("--allow-host", "127.0.0.1")
    return (command(), "worker", "--master", f"127.0.0.1:{port}", *allowed, "--scenarios", str(scenario))


def rogue(port: int, mode: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.e2e.rogue_worker", "127.0.0.1", str(port), mode, str(SCENARIOS / "calm.py"))


def test_every_worker_is_calibrated(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, "--processes", "2", scenario="starts.py", duration="1s", load="  calibration: 2s\n")
    assert_invariants(result, server, planned_s=4)
    assert server.seen("/api/start") == 5
    calibration = result.run["load"]["instrument"]["calibration"]
    assert calibration.get("skipped") is None
    assert calibration["requests"] > 10
    assert calibration["floor"]["total"] > 10


@pytest.mark.parametrize("load", [("--users", "7"), ("--rate", "60")], ids=["closed", "open"])
def test_three_processes_count_what_the_server_saw(cli: Cli, faultd: StartFaultd, load: tuple[str, ...]) -> None:
    server = faultd()
    result = cli.run(server.url, *load, "--processes", "3", duration="3s")
    assert_invariants(result, server)
    assert foreign_doubts(result.report) == []
    assert result.run["plan"]["workers"] == 3
    if load[0] == "--rate":
        assert result.ledger["planned"] == pytest.approx(180, abs=2)


@pytest.mark.parametrize(
    ("number", "why"), [(signal.SIGKILL, "heartbeat|numbers|left"), (signal.SIGSTOP, "no heartbeat|no numbers")]
)
def test_g1_g2_a_worker_that_is_lost_or_hangs_is_named(cli: Cli, faultd: StartFaultd, number: int, why: str) -> None:
    server = faultd()
    running = cli.start(server.url, "--processes", "2", "--users", "5", scenario="calm.py", duration="20s")
    server.wait(20, "/api/*")
    os.kill(workers_of(running)[0], number)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert_invariants(result, planned_s=15)  # what it did in its last second, it took along
    doubts = " ".join(result.report["doubts"])
    assert re.search(f"worker .* was lost .*({why})", doubts)
    told = re.search(r"with (\d) of 5 users, (\d+)% of the load", doubts)
    assert told, doubts
    assert int(told[2]) == 20 * int(told[1]), "two of five users are 40 % of the load"
    assert result.ledger["ok"] > 10


def test_g3_a_worker_that_never_connects_ends_the_wait(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    result = cli.run(server.url, "--remote-workers", "2", "--worker-wait", "1s", env={"READINESS_WORKER_TOKEN": TOKEN})
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server)
    assert "0 of 2 workers were connected within 1 s" in result.text("report.md")
    assert TOKEN not in result.everything()


def test_remote_workers_share_the_load_and_strangers_are_sent_away(
    cli: Cli, faultd: StartFaultd, tmp_path: Path
) -> None:
    """The wrong token, another scenario of the same name, and one worker too many change no number."""
    server, port = faultd(), free_port()
    other = tmp_path / "calm.py"
    other.write_text((SCENARIOS / "calm.py").read_text() + "\n# not the master's\n")
    running = cli.start(
        server.url,
        *("--remote-workers", "2", "--listen", f"127.0.0.1:{port}", "--users", "25"),
        scenario="calm.py",
        checks=LOOSE,
        duration="3s",
        env={"READINESS_WORKER_TOKEN": TOKEN},
    )
    with helper(*worker(port), token=ANOTHER), helper(*worker(port, other)) as stranger:
        assert "your calm.py is not the master's" in stranger.communicate()[1]
        assert stranger.returncode == 1
        with helper(*worker(port)) as first, helper(*worker(port)) as second, helper(*worker(port)) as third:
            result = running.finish()
            said = {one.communicate()[1]: one.returncode for one in (first, second, third)}
    assert said == {"": 0, "readiness worker: the load has all its workers\n": 1}
    decided(result.report, 0)
    assert_invariants(result, server, planned_s=40)
    notes = " ".join(result.report["notes"])
    assert "a connection without the token was refused" in notes
    assert "had all its workers" in notes


@pytest.mark.parametrize(
    ("mode", "exit_code", "text", "wait"),
    [
        ("twice", 0, "sent a second time", "40s"),
        ("invents", 3, "rogue contradicts itself", "40s"),
        ("mute", 3, "no numbers for 6 s", "40s"),
        ("hello", 3, "were ready within", "25s"),
        ("other", 3, "rogue was sent away: it is of yesterday", "25s"),
    ],
)
def test_g15_x11_a_worker_that_lies_is_noticed(
    cli: Cli, faultd: StartFaultd, mode: str, exit_code: int, text: str, wait: str
) -> None:
    server, port = faultd(), free_port()
    running = cli.start(
        server.url,
        *("--processes", "2", "--remote-workers", "1", "--listen", f"127.0.0.1:{port}", "--worker-wait", wait),
        *("--users", "45"),
        scenario="calm.py",
        checks=LOOSE,
        duration="2s",
        env={"READINESS_WORKER_TOKEN": TOKEN},
    )
    with helper(*rogue(port, mode)):
        result = running.finish()
    decided(result.report, exit_code)
    assert_invariants(result, server, planned_s=42)
    assert text in result.text("report.md")
    assert TOKEN not in result.everything()


def test_a_worker_of_another_commit_is_sent_away_though_its_version_is_the_same(
    cli: Cli, faultd: StartFaultd, tmp_path: Path
) -> None:
    """A field of the plan has another name there: it used to crash, and the master did not know why it waited."""
    shutil.copytree(PACKAGE, tmp_path / "readiness", ignore=shutil.ignore_patterns("builds", "__pycache__"))
    changed = tmp_path / "readiness" / "load" / "watch_plan.py"
    changed.write_text(changed.read_text() + "\n# of another commit\n")
    server, port = faultd(), free_port()
    running = cli.start(
        server.url,
        *("--remote-workers", "1", "--listen", f"127.0.0.1:{port}", "--worker-wait", "12s"),
        scenario="calm.py",
        env={"READINESS_WORKER_TOKEN": TOKEN},
    )
    old = (sys.executable, "-m", "readiness", *worker(port)[1:])
    with helper(*old, PYTHONPATH=str(tmp_path)) as process:
        said = process.communicate()[1]
    result = running.finish()
    assert process.returncode == 1, said
    assert messages.own_version() in said, "the master's"
    assert messages.own_version().replace(messages.digest(PACKAGE), messages.digest(changed.parents[1])) in said
    assert result.exit_code == 3, str(result)
    assert "0 of 1 workers were connected within 12 s" in result.text("report.md")
    assert "was sent away: it is readiness" in " ".join(result.report["doubts"])
    assert server.seen("/api/*") == 0


def test_everything_that_a_worker_runs_is_compared() -> None:
    code = (
        "import sys, readiness.load.workers.worker, readiness.scenario\n"
        "print(*(one.__file__ for name, one in sys.modules.items() if name.partition('.')[0] == 'readiness'))"
    )
    files = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    rooms = {Path(file).relative_to(PACKAGE).parts[0] for file in files}
    assert rooms <= set(messages.SOURCES)


@pytest.mark.parametrize(
    ("flags", "env", "said"),
    [
        (("--listen", "127.0.0.1:1"), {}, "give --remote-workers too"),
        (("--remote-workers", "1"), {}, "READINESS_WORKER_TOKEN: is not set"),
        (("--remote-workers", "1"), {"READINESS_WORKER_TOKEN": "a" * 32}, "must be 128 bits of chance"),
        (("--remote-workers", "1", "--token-file", "/dev/zero"), {}, "only a regular file is read or written"),
        (
            ("--remote-workers", "1", "--token-file", "nowhere"),
            {},
            "--token-file nowhere: there is no such file",
        ),
        (("--token-file", "x"), {}, "give --remote-workers too"),
        (("--remote-workers", "1", "--listen", "nowhere"), {"READINESS_WORKER_TOKEN": TOKEN}, "must be HOST:PORT"),
        (("--processes", "0"), {}, "--processes: must be"),
    ],
)
def test_wrong_flags_about_workers_are_usage_errors(
    cli: Cli, flags: tuple[str, ...], env: Mapping[str, str], said: str
) -> None:
    result = cli.run("http://127.0.0.1:1", *flags, env=env)
    assert result.exit_code == 2, str(result)
    assert said in result.stderr


@pytest.mark.parametrize(
    ("argv", "exit_code", "said"),
    [
        (("--token", TOKEN), 2, "set READINESS_WORKER_TOKEN, or name a file with --token-file"),
        (("--allow-host", "no.such.host.invalid"), 2, "--allow-host no.such.host.invalid: has no address"),
        (("--master", "nowhere"), 2, "must be HOST:PORT"),
    ],
)
def test_wrong_flags_of_a_worker_are_usage_errors(argv: tuple[str, ...], exit_code: int, said: str) -> None:
    with helper(*worker(free_port()), *argv) as process:
        stderr = process.communicate()[1]
    assert process.returncode == exit_code
    assert said in stderr
    assert TOKEN not in stderr


def test_a_worker_loads_no_host_that_it_was_not_told(cli: Cli, faultd: StartFaultd) -> None:
    server, port = faultd(), free_port()
    running = cli.start(
        server.url,
        *("--remote-workers", "1", "--listen", f"127.0.0.1:{port}"),
        scenario="calm.py",
        duration="1s",
        env={"READINESS_WORKER_TOKEN": TOKEN},
    )
    told = ("--allow-host", "127.0.0.2")
    argv = (command(), "worker", "--master", f"127.0.0.1:{port}", *told, "--scenarios", str(SCENARIOS / "calm.py"))
    with helper(*argv) as lent:
        assert "127.0.0.1 is not a host that this worker may load" in lent.communicate()[1]
    assert lent.returncode == 5
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert "127.0.0.1 is not a host that this worker may load" in " ".join(result.report["doubts"])
    assert server.seen("/api/*") == 0


def test_a_loopback_target_is_refused_where_workers_come_from_elsewhere(cli: Cli, faultd: StartFaultd) -> None:
    result = cli.run(
        faultd().url, "--remote-workers", "1", "--listen", "0.0.0.0:0", env={"READINESS_WORKER_TOKEN": TOKEN}
    )
    assert result.exit_code == 5, str(result)
    assert "is loopback, which on another machine means that machine" in result.stderr


@pytest.mark.parametrize("victim", ["command", "worker"])
def test_a_killed_worker_leaves_nothing_behind(victim: str) -> None:
    """Also not the copy of itself that it keeps for the calibration, and also while no master answers."""
    mark = uuid.uuid4().hex
    with helper(*worker(free_port()), **{MARK: mark}) as command:
        assert until(lambda: len(marked(mark)) >= 3)  # the command, the worker, and its copy
        os.kill(command.pid if victim == "command" else child_of(command.pid), signal.SIGKILL)
        assert until(lambda: not marked(mark), 20.0)  # before it gives its master up, after 30 s


def child_of(pid: int) -> int:
    """The one process that `pid` started."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
