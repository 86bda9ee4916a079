"""Worker processes on this machine: started here, and gone with whoever started them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

from readiness.load.workers.settings import WorkerSettings, dumps

END_S = 2.0


def serve(settings: WorkerSettings) -> int:
    """Run one worker until its load is over; its exit code. Ctrl-C ends it with us."""
    process = _start(settings)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 130
    finally:
        _end(process)


class LocalWorkers:
    """`count` processes that connect to the master on this machine."""

    def __init__(self, count: int, settings: WorkerSettings) -> None:
        self._processes = [_start(settings) for _ in range(count)]

    def dead(self) -> dict[int, int]:
        """Process id to exit status of those that are gone."""
        return {process.pid: status for process in self._processes if (status := process.poll()) is not None}

    def end(self) -> None:
        """Let them go, and see to it that they went."""
        for process in self._processes:
            _let_go(process)
        for process in self._processes:
            _end(process)


def _start(settings: WorkerSettings) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "readiness.load.start", "readiness.load.workers.worker"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it is gone at once; its exit code says so
        process.stdin.write(dumps(settings).encode())
        process.stdin.flush()
    return process


def _let_go(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    _let_go(process)
    try:
        process.wait(timeout=END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
