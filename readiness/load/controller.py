"""The parent's side of the engine: starts it, feeds it, reads its events, and outlives it whatever happens.

A run is trusted only when the engine's end marker came, the batches are complete and the numbers add up. Anything
else is a doubt, and what was measured until then is kept.
"""

from __future__ import annotations

import os
import selectors
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from readiness.load import children, engine_events, kernel
from readiness.load.assembly import Assembly
from readiness.load.engine_plan import EnginePlan, dumps
from readiness.load.workers import settings
from readiness.load.workers.settings import Workers
from readiness.measurements.run import Load
from readiness.measurements.writes import WriteBook
from readiness.text import clean

HELLO_TIMEOUT_S = 30.0
"""Importing Locust and the scenario files may take this long."""
_SILENCE_S = 15.0
"""The engine sends a batch every second; this much silence means that it hangs."""
POLL_S = 0.2
MAX_USAGE_ERROR = 1000
_MOST_LINES = 8


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What came of the load."""

    load: Load | None
    doubts: tuple[str, ...]
    locust: str | None
    compiled: bool = False
    """Whether the engine, or every worker's, was compiled."""
    usage_error: str | None = None
    """A scenario file is wrong; nothing was sent."""
    writes: WriteBook | None = None
    """Which writes were sent and acknowledged; None when no load was sent."""
    """Distinct failure texts with counts, most frequent first."""
    notes: tuple[str, ...] = ()
    """Sentences of the engine for the reader."""
    said: tuple[str, ...] = ()
    """The last lines that the scenario files printed and logged."""


def drive(
    plan: EnginePlan,
    *,
    workers: Workers | None = None,
    on_event: Callable[[engine_events.Event, Assembly], None],
    stop_requested: Callable[[], bool],
    environment: Mapping[str, str],
    enough: Callable[[Assembly], str | None] = lambda _: None,
) -> LoadOutcome:
    """Run the engine, or a master with `workers`, to its end.

    `stop_requested` is asked several times a second and ends the load at once. `enough` is asked after every batch of
    the load; the reason that it gives (`Load.ending`) ends the load in order: requests in flight may still finish.
    """
    module = "readiness.load.workers.master" if workers else "readiness.load.engine"
    read_fd, write_fd = os.pipe()
    with tempfile.TemporaryFile() as log:
        try:
            engine = children.start((module, str(write_fd)), environment, pass_fds=(write_fd,), output=log)
        finally:
            os.close(write_fd)
        kernel.give_back_memory()  # all of this command was imported, and a report was written that says "not ended"
        try:
            orders = settings.dumps(workers) if workers else ""
            patience_s = HELLO_TIMEOUT_S + (workers.wait_s if workers else 0.0)
            conversation = _Conversation(plan, engine, read_fd, on_event, stop_requested, enough, Assembly(plan))
            return conversation.hold(log, orders, patience_s)
        finally:
            os.close(read_fd)
            children.end(engine)


@dataclass(slots=True)
class _Conversation:
    """One engine, from its plan to its end marker."""

    _plan: EnginePlan
    _engine: children.Child
    _fd: int
    _on_event: Callable[[engine_events.Event, Assembly], None]
    _stop_requested: Callable[[], bool]
    _enough: Callable[[Assembly], str | None]
    _assembly: Assembly
    _hello: engine_events.Hello | None = None
    _done: bool = False
    _fatal: engine_events.Fatal | None = None
    _told_to_stop: bool = False
    _notes: list[str] = field(default_factory=list)

    def hold(self, log: IO[bytes], orders: str, patience_s: float) -> LoadOutcome:
        """Send `orders` and the plan, read every event, and say what came of it."""
        self._tell((orders + dumps(self._plan)).encode())
        silence = self._read_events(patience_s)
        doubts = list(self._assembly.problems)
        if self._fatal is not None and self._fatal.usage:
            message = clean(self._fatal.message, MAX_USAGE_ERROR)
            return LoadOutcome(None, (), None, usage_error=message, said=last_lines(log))
        if self._fatal is not None:
            doubts.append(clean(self._fatal.message))
        elif not self._done:
            doubts.append(self._lost(silence, log))
        load = self._assembly.load()
        return LoadOutcome(
            load,
            tuple(doubts),
            self._hello.locust if self._hello else None,
            self._hello is not None and self._hello.compiled,
            writes=self._assembly.writes,
            notes=tuple(self._notes),
            said=last_lines(log),
        )

    def _read_events(self, patience_s: float) -> bool:
        """Read until the end of the pipe; True when the engine was given up for its silence."""
        pending = b""
        heard_s = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self._fd, selectors.EVENT_READ)
            while not self._done:
                if self._stop_requested() and not self._told_to_stop:
                    self._told_to_stop = True
                    self._tell(b"stop\n")
                if not selector.select(POLL_S):
                    if time.monotonic() - heard_s > (_SILENCE_S if self._hello else patience_s):
                        return True
                    continue
                chunk = os.read(self._fd, 1 << 20)
                if not chunk:
                    return False
                heard_s = time.monotonic()
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    self._take(line)
        return False

    def _take(self, line: bytes) -> None:
        try:
            event = engine_events.loads(line)
        except ValueError as error:
            self._assembly.problems.append(clean(error))
            return
        match event:
            case engine_events.Hello():
                self._hello = event
            case engine_events.Done():
                self._done = True
            case engine_events.Fatal():
                self._fatal = event
            case engine_events.Note(text):
                self._notes.append(clean(text))
            case _:
                pass
        self._assembly.add(event)
        self._on_event(event, self._assembly)
        running = isinstance(event, engine_events.Batch) and not (self._told_to_stop or self._assembly.ending)
        if running and (reason := self._enough(self._assembly)):
            self._assembly.ending = reason
            self._tell(b"enough\n")

    def _tell(self, data: bytes) -> None:
        pipe = self._engine.process.stdin
        assert pipe is not None
        with suppress(BrokenPipeError):  # it is gone; the missing end marker says so
            pipe.write(data)
            pipe.flush()

    def _lost(self, silence: bool, log: IO[bytes]) -> str:
        if silence:
            given_up = f"the load generator fell silent for {_SILENCE_S:g} s and was given up"
            return f"{given_up}: the load is not complete{last_words(log)}"
        how = how_it_ended(children.end(self._engine))
        return f"the load generator ended before its end marker ({how}): the load is not complete{last_words(log)}"


def how_it_ended(status: int) -> str:
    """`exit code 3`, or `killed by SIGKILL`."""
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit code {status}"


def last_lines(log: IO[bytes]) -> tuple[str, ...]:
    """The last lines of what scenario files printed and logged, without empty ones."""
    log.seek(0, os.SEEK_END)
    log.seek(max(log.tell() - 20_000, 0))
    lines = [clean(line) for line in log.read().decode(errors="replace").splitlines()]
    return tuple(line for line in lines if line)[-_MOST_LINES:]


def printed(lines: Sequence[str]) -> list[str]:
    """`lines` as they are shown."""
    return [f"the scenario's output: {line}" for line in lines]


def last_words(log: IO[bytes]) -> str:
    """`; its last line: …` of what a process wrote, or nothing."""
    log.seek(0, os.SEEK_END)
    log.seek(max(log.tell() - 2000, 0))
    tail = clean(log.read().decode(errors="replace").strip().rpartition("\n")[2])
    return f"; its last line: {tail}" if tail else ""
