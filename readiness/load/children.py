"""Processes that run scenario code: how they are started, and that nothing of them is left.

They import nothing from the working directory (`-P`), see an environment of their own (surroundings.py), and cannot
read us (kernel.py). Whatever a scenario leaves behind, also in a session of its own, becomes our child when its
parent ends, and is ended with the load.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, NoReturn

from readiness.load import kernel

_WAIT_S = 2.0
"""How long a process may take to end by itself, and how long we search for what it left."""


@dataclass(slots=True)
class Child:
    """A started process; no Popen of our own kind, for gevent replaces that class later."""

    process: subprocess.Popen[bytes]
    before: frozenset[int]
    """Children that we had before it."""
    ended: bool = False


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    own_session: bool = True,
    pass_fds: Sequence[int] = (),
    output: IO[bytes] | int | None = None,
) -> Child:
    """`readiness.load.start ARGUMENTS` with a pipe as its standard input, which tells it that we live.

    With `own_session` a terminal's Ctrl-C is for us alone, and the process leads a group of its own.
    """
    kernel.hide()
    kernel.adopt_orphans()
    before = kernel.children_of(os.getpid())
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "readiness.load.start", *arguments],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        pass_fds=tuple(pass_fds),
        env=dict(environment),
        start_new_session=own_session,
    )
    return Child(process, before)


def end(child: Child) -> int:
    """Make sure that a process of its own session is gone, and all that scenario files started in it; its status."""
    process = child.process
    if child.ended:
        return process.wait()  # its number may be somebody else's by now
    child.ended = True
    if process.stdin is not None and not process.stdin.closed:
        with suppress(BrokenPipeError):
            process.stdin.close()
    try:
        status = process.wait(timeout=_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    with suppress(ProcessLookupError, PermissionError):  # nobody is left, which is the usual case
        os.killpg(process.pid, signal.SIGKILL)  # it led a session, and so a group, of its own
    end_all(child.before)
    return status


def end_descendants() -> None:
    """End everything below this process, for one that is about to end itself."""
    end_all(frozenset())


def end_and_exit(status: int) -> NoReturn:
    """Leave at once, without waiting for threads of scenario code and without what it started.

    Our parent would see to that as well, unless it is gone.
    """
    end_descendants()
    os._exit(status)


def end_all(but: frozenset[int]) -> None:
    """Kill our children, and theirs, which become ours by that; `but` are those that may live."""
    killed: set[int] = set()
    deadline_s = time.monotonic() + _WAIT_S
    while (left := kernel.children_of(os.getpid()) - but) and time.monotonic() < deadline_s:
        for pid in left:  # the number of a child that nobody waited for is nobody else's
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        killed |= left
    for pid in killed:
        with suppress(OSError):
            os.waitpid(pid, os.WNOHANG)
