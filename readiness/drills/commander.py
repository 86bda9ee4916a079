"""`python -P -m readiness.drills.commander FD`: runs the commands of drills, and their undo whatever happens.

The first line of standard input is the plan: the programs of each drill, their environment and their folder. Each
further line runs one of them, or ends what runs; FD gets a line with what became of it. A drill whose command was
begun is owed its undo: when standard input ends (the run is over, interrupted or killed), or at SIGTERM, what still
runs is ended with everything that it started, each undo that is owed is run, and then the process ends.

What ends by itself may leave processes behind: a service that it restarted. They would become children of whoever
started us, which ends its own; so they stay ours until the load is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from readiness.load import children, kernel

_TERM_S = 1.0
"""Between SIGTERM and SIGKILL."""
_KILLED_S = 3.0
_POLL_S = 0.2
_MOST_LOG_BYTES = 4 << 20
_KEPT_BYTES = 4000
_BY_ITSELF = -1
"""Number of an answer to no order."""


@dataclass(slots=True)
class _Commander:
    programs: dict[str, dict[str, list[str]]]
    deadlines_s: dict[str, float]
    undo_s: dict[str, float]
    environment: dict[str, str]
    folder: str
    write_fd: int
    owed: list[str] = field(default_factory=list)
    """Drills whose command was begun and whose undo was not."""
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    async def obey(self, number: int, drill: str, what: str, *, owed: bool = False) -> None:
        """Run one program, and tell what became of it; an undo may be `owed` by another process, which is gone."""
        if owed or (what == "command" and "undo" in self.programs[drill]):
            self.owed.append(drill)
        if what == "undo":
            if drill not in self.owed:
                return
            self.owed.remove(drill)
        limit_s = (self.deadlines_s if what == "command" else self.undo_s)[drill]
        # An undo is never cut short by the end of the run, only by its own deadline.
        ending = self.ending if what == "command" else asyncio.Event()
        found = await self._run(self.programs[drill][what], limit_s, ending)
        self._tell({"number": number, **({"undone": drill} if number == _BY_ITSELF else {}), **found})

    def _tell(self, said: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            os.write(self.write_fd, json.dumps(said).encode() + b"\n")

    async def _run(self, line: Sequence[str], limit_s: float, ending: asyncio.Event) -> dict[str, Any]:
        before = kernel.children_of(os.getpid())
        began_s = time.monotonic()
        with tempfile.TemporaryFile() as log:
            fcntl.fcntl(log, fcntl.F_SETFL, fcntl.fcntl(log, fcntl.F_GETFL) | os.O_APPEND)
            try:
                process = await asyncio.create_subprocess_exec(
                    *line,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=self.environment,
                    cwd=self.folder,
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                why = f"could not be started: {error}"
                return {"began_s": began_s, "ended_s": time.monotonic(), "problem": why, "output": ""}
            self._tell({"started": process.pid})
            problem = await self._watch(process, log, began_s + limit_s, limit_s, ending)
            if process.returncode is None:
                await _end(process, before)
            elif process.returncode:
                problem = _how(process.returncode)
            ended_s = time.monotonic()
            return {"began_s": began_s, "ended_s": ended_s, "problem": problem, "output": _tail(log)}

    async def _watch(
        self,
        process: asyncio.subprocess.Process,
        log: IO[bytes],
        until_s: float,
        limit_s: float,
        ending: asyncio.Event,
    ) -> str | None:
        """Until it ended; or the reason why it has to be ended."""
        done = asyncio.ensure_future(process.wait())
        asked = asyncio.ensure_future(ending.wait())
        try:
            while not done.done():
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    return f"did not end within its deadline of {limit_s:g} s"
                if asked.done():
                    return "was ended with the run"
                await asyncio.wait({done, asked}, timeout=min(left_s, _POLL_S), return_when=asyncio.FIRST_COMPLETED)
                _bound(log)
        finally:
            asked.cancel()
        return None


async def _end(process: asyncio.subprocess.Process, before: frozenset[int]) -> None:
    """A program and everything that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _TERM_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _KILLED_S)
    children.end_all(before)


def _how(status: int) -> str:
    if status > 0:
        return f"ended with exit code {status}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-status).name}"
    return f"was killed by signal {-status}"


def _bound(log: IO[bytes]) -> None:
    """A program that writes without end fills no disk."""
    if os.fstat(log.fileno()).st_size > _MOST_LOG_BYTES:
        kept = _tail(log)
        os.ftruncate(log.fileno(), 0)
        os.write(log.fileno(), kept.encode())


def _tail(log: IO[bytes]) -> str:
    size = os.fstat(log.fileno()).st_size
    return os.pread(log.fileno(), _KEPT_BYTES, max(size - _KEPT_BYTES, 0)).decode(errors="replace")


def main() -> None:
    """Obey until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kernel.adopt_orphans()
    asyncio.run(_serve(int(sys.argv[1])))


async def _serve(write_fd: int) -> None:
    orders = asyncio.StreamReader(limit=1 << 22)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, orders.feed_eof)
    commander = _Commander(**json.loads(await orders.readline()), write_fd=write_fd)
    os.write(write_fd, b'{"number": 0}\n')
    running: asyncio.Task[None] | None = None
    while line := await orders.readline():
        try:
            order = json.loads(line)
            if "end" in order:
                commander.ending.set()
                continue
            what = (int(order["number"]), str(order["drill"]), str(order["what"]))
            owed = order.get("owed") is True
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # not from whoever started us: a program can write into our pipes
        running = loop.create_task(_after(running, commander, what, owed=owed))
    commander.ending.set()
    if running is not None:
        await running
    for drill in reversed(commander.owed[:]):
        await commander.obey(_BY_ITSELF, drill, "undo")


async def _after(
    before: asyncio.Task[None] | None, commander: _Commander, what: tuple[int, str, str], *, owed: bool
) -> None:
    """One program at a time."""
    if before is not None:
        await before
    await commander.obey(*what, owed=owed)


if __name__ == "__main__":
    main()
