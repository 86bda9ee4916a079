"""Worker processes on this machine: started here, and gone with whoever started them.

Imported by the master, which has gevent, and by `readiness worker`, which has not.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from readiness.load import children
from readiness.load.workers.settings import WorkerSettings, dumps

END_S = 2.0
_POLL_S = 0.2
STOPPED_S = 30.0
"""A worker that somebody stopped (SIGSTOP) and does not let go on is given up."""
MAX_LINE_BYTES = 1 << 20
HANGS = 3


def serve(settings: WorkerSettings, environ: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run one worker until its load is over; its exit code. Ctrl-C ends it with us.

    `say` gets each line that it, or a scenario in it, writes: neither knows what must not be shown.
    """
    worker = _start(settings, environ, own_session=True, output=subprocess.PIPE)
    process = worker.process
    relay = threading.Thread(target=_relay, args=(process, say), daemon=True)
    relay.start()
    try:
        status = _ended(process)
        if status is None:
            say(f"readiness worker: it was stopped for {STOPPED_S:g} s and is given up")
        return HANGS if status is None else status
    except KeyboardInterrupt:
        return 130
    finally:
        children.end(worker)
        relay.join(END_S)


class LocalWorkers:
    """`count` processes that connect to the master on this machine."""

    def __init__(self, count: int, settings: WorkerSettings) -> None:
        self._processes = [_start(settings, os.environ, own_session=False).process for _ in range(count)]

    def dead(self) -> dict[int, int]:
        """Process id to exit status of those that are gone."""
        return {process.pid: status for process in self._processes if (status := process.poll()) is not None}

    def end(self) -> None:
        """Let them go, and see to it that they went."""
        for process in self._processes:
            _let_go(process)
        until_s = time.monotonic() + END_S
        for process in self._processes:
            _end(process, max(until_s - time.monotonic(), 0.0))


def _start(
    settings: WorkerSettings, environ: Mapping[str, str], *, own_session: bool, output: int | None = None
) -> children.Child:
    worker = children.start(["readiness.load.workers.worker"], environ, own_session=own_session, output=output)
    pipe = worker.process.stdin
    assert pipe is not None
    with suppress(BrokenPipeError):  # it is gone at once; its exit code says so
        pipe.write(dumps(settings).encode())
        pipe.flush()
    return worker


def _let_go(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()


def _end(process: subprocess.Popen[bytes], within_s: float) -> None:
    _let_go(process)
    try:
        process.wait(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """Wait for the end of a process; None for one that is stopped and never goes on."""
    stopped_s = 0.0
    while (status := process.poll()) is None:
        time.sleep(_POLL_S)
        stopped_s = stopped_s + _POLL_S if _is_stopped(process.pid) else 0.0
        if stopped_s > STOPPED_S:
            return None
    return status


def _is_stopped(pid: int) -> bool:
    """Whether somebody stopped the process; False where the system has no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] in ("T", "t")


def _relay(process: subprocess.Popen[bytes], say: Callable[[str], None]) -> None:
    """Every line of the process, until its end; a longer one comes in pieces."""
    assert process.stdout is not None
    while line := process.stdout.readline(MAX_LINE_BYTES):
        say(line.decode(errors="replace").rstrip("\n"))
