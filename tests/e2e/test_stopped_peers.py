"""A master or a worker that is stopped (SIGSTOP), at each stage: everybody else ends in time, and says why."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.e2e.conftest import Cli
from tests.e2e.test_worker_channel import MASTER, waiting_master
from tests.e2e.test_workers import WORKER, child_of, helper, worker
from tests.faultd.client import free_port, until
from tests.faultd.fixture import StartFaultd


def test_a_worker_stopped_before_it_is_ready_ends_the_wait(cli: Cli, faultd: StartFaultd) -> None:
    running = cli.start(faultd().url, "--processes", "2", duration="2s")
    assert until(lambda: any(WORKER in line for line in running.children().values()))
    stopped = next(pid for pid, line in running.children().items() if WORKER in line)
    os.kill(stopped, signal.SIGSTOP)
    result = running.finish()
    assert result.exit_code == 3, str(result)
    assert "within 30 s: the load was not begun" in " ".join(result.report["doubts"])
    assert until(lambda: not running.children())


def test_a_master_stopped_before_any_worker_came_ends_the_run_and_the_worker(cli: Cli, faultd: StartFaultd) -> None:
    with waiting_master(cli, faultd, wait="1s") as (running, port, pid):
        os.kill(pid, signal.SIGSTOP)
        with helper(*worker(port)) as lent:
            result = running.finish()
            assert "no master answered within 30 s" in lent.communicate()[1]
    assert lent.returncode == 3
    assert result.exit_code == 3, str(result)
    assert "the load generator fell silent" in " ".join(result.report["doubts"])


def test_a_master_stopped_under_load_ends_the_run_and_the_worker(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    with (
        waiting_master(cli, faultd, server=server, duration="300s") as (running, port, pid),
        helper(*worker(port)) as lent,
    ):
        server.wait(30, "/api/*")
        os.kill(pid, signal.SIGSTOP)
        result = running.finish()
        assert "the master said nothing for 20 s" in lent.communicate()[1]
    assert lent.returncode == 3
    assert result.exit_code == 3, str(result)
    assert "the load generator fell silent" in " ".join(result.report["doubts"])
    assert not [line for line in running.children().values() if MASTER in line]


def test_a_worker_that_somebody_stopped_does_not_keep_its_command(cli: Cli) -> None:
    with helper(*worker(free_port())) as lent:
        # Not before it is a program of its own: until then its parent waits in fork and exec, which no deadline ends.
        assert until(lambda: [ran(int(pid)) for pid in children_of(lent.pid)] not in ([], [ran(lent.pid)]))
        os.kill(child_of(lent.pid), signal.SIGSTOP)
        assert "was stopped for 30 s and is given up" in lent.communicate()[1]
    assert lent.returncode == 3


def ran(pid: int) -> str:
    """Its command line."""
    return Path(f"/proc/{pid}/cmdline").read_text()


def children_of(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
        return file.read().split()
