"""Start a server under its guard, wait until it answers, stop it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from readiness.demo import guard
from readiness.demo.errors import DemoError
from readiness.demo.folder import ServerFolder, end_leftover
from readiness.demo.identity import Identity
from readiness.text import clean

READY_POLL_S = 0.01
_STOP_TIMEOUT_S = 4 * guard.WAIT_S


class ServerEnded(DemoError):
    """The server ended before it answered; the text is the end of its log."""


@dataclass(frozen=True, slots=True)
class GuardedServer:
    """A running server. It also stops when this process ends without a word."""

    name: str
    folder: ServerFolder
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        assert self.process.stdin
        assert self.process.stderr
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        end_leftover(self.folder.path / "server.pid")  # a guard that was killed leaves its server behind
        self.folder.remove()

    def wait_ready(self, answers: Callable[[], bool], timeout_s: float) -> None:
        """Return when `answers()` is true; raises ServerEnded, or DemoError after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not answers():
            if self.process.poll() is not None:
                assert self.process.stderr
                tail = self.process.stderr.read().decode(errors="replace")
                self.stop()
                raise ServerEnded(f"demo: {self.name} ended while it was starting: {clean(tail, 1500) or 'no log'}")
            if time.monotonic() > deadline:
                self.stop()
                raise DemoError(f"demo: {self.name} did not answer within {timeout_s:g} s")
            time.sleep(READY_POLL_S)


def base_environment(*more: str) -> dict[str, str]:
    """What programs and their libraries are found by, and the variables `more`; nothing else of the user's."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", *more)
    return {name: os.environ[name] for name in kept if name in os.environ}


def start_guarded(
    name: str,
    command: Sequence[str],
    folder: ServerFolder,
    *,
    identity: Identity | None = None,
    stop_signal: int,
    environment: Mapping[str, str],
    pass_fds: Sequence[int] = (),
) -> GuardedServer:
    """Start `command` under a guard of its own; our copy of the folder's lock passes to the guard."""
    options = ["--folder", str(folder.path), "--stop-signal", str(int(stop_signal))]
    if identity is not None:
        options += ["--uid", str(identity.uid), "--gid", str(identity.gid)]
    for descriptor in pass_fds:
        options += ["--pass-fd", str(descriptor)]
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(guard.__file__).resolve()), *options, "--", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        env=dict(environment),
        start_new_session=True,
        pass_fds=(folder.lock_fd, *pass_fds),
    )
    os.close(folder.lock_fd)
    return GuardedServer(name, folder, process)
