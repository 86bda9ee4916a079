"""A PostgreSQL that stops answering without a word: SIGSTOP, to the server and to every session."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from readiness.demo.postgres import Postgres


def processes(server: Postgres) -> list[int]:
    """The postmaster first, so that it starts nothing new, then all that it started."""
    postmaster = _postmaster(server)
    return [postmaster, *_children(postmaster)]


def _postmaster(server: Postgres) -> int:
    data = next(Path(server.server.folder.path).glob("data"))
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def stop(server: Postgres) -> None:
    """Until `go_on`."""
    halt(_postmaster(server))


def halt(postmaster: int) -> None:
    """Nothing of this server runs, until `resume`."""
    os.kill(postmaster, signal.SIGSTOP)
    for pid in _children(postmaster):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)


def go_on(server: Postgres) -> None:
    """Let all of them run again."""
    resume(_postmaster(server))


def resume(postmaster: int) -> None:
    """Let all of them run again."""
    for pid in (*reversed(_children(postmaster)), postmaster):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def stopped(server: Postgres) -> Iterator[None]:
    """Nothing of the server runs inside the block."""
    stop(server)
    try:
        yield
    finally:
        go_on(server)
