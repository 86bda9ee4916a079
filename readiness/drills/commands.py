"""The parent's side of the commands of drills: begins them, waits for them, and knows what became of them."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from readiness.config.drills import Drill
from readiness.drills.proxies import own_environment
from readiness.errors import NotMeasured
from readiness.text import clean

_START_S = 20.0
_GRACE_S = 10.0
"""Of the process that runs the programs, beyond their own deadlines."""
_LEAST_UNDO_S = 10.0
_POLL_S = 0.05
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended. Times of time.monotonic."""

    began_s: float
    ended_s: float
    problem: str | None
    """Why it cannot be said to have done its work; None when it ended with exit code 0."""
    output: str
    """The end of what it wrote."""

    def words(self, line: tuple[str, ...]) -> str:
        """One sentence about it, for the report's notes."""
        how = self.problem or "ended with exit code 0"
        said = f"; it wrote: {clean(self.output, _SHOWN)}" if self.output.strip() else ""
        return f"`{shown(line)}` {clean(how)} after {self.ended_s - self.began_s:.1f} s{said}"


@dataclass(slots=True)
class Commands:
    """The process that runs the programs. No call waits longer than the program's own deadline and some grace."""

    process: subprocess.Popen[bytes]
    drills: Mapping[str, Drill]
    environment: Mapping[str, str]
    folder: str
    _answers: dict[int, Any] = field(default_factory=dict)
    _orders: int = 0
    _news: threading.Condition = field(default_factory=threading.Condition)
    _gone: bool = False

    def run(self, drill: str, over: threading.Event) -> Ran:
        """Run the drill's command to its end; when `over` is set first, it is ended. Raises NotMeasured."""
        number = self._order({"drill": drill, "what": "command"})
        return self._wait(number, self.drills[drill].deadline_s + _GRACE_S, over)

    def undo(self, drill: str) -> Ran:
        """Run the drill's undo, whatever became of its command. Raises NotMeasured."""
        limit_s = undo_s(self.drills[drill])
        try:
            return self._wait(self._order({"drill": drill, "what": "undo"}), limit_s + _GRACE_S, None)
        except NotMeasured:
            if self.process.poll() is None:
                raise
            return self._undo_ourselves(drill, limit_s)

    def read(self, stream_fd: int) -> None:
        """Take in what the process says, until it ends; runs in a thread of its own."""
        with open(stream_fd, "rb") as stream:
            for line in stream:
                said = json.loads(line)
                with self._news:
                    self._answers[said.pop("number")] = said
                    self._news.notify_all()
        with self._news:
            self._gone = True
            self._news.notify_all()

    def wait_for_start(self) -> None:
        """Until the process is ready. Raises NotMeasured."""
        self._answer(0, time.monotonic() + _START_S, None)

    def _order(self, order: dict[str, object]) -> int:
        self._orders += 1
        self._write({"number": self._orders, **order})
        return self._orders

    def _write(self, order: Mapping[str, object]) -> None:
        pipe = self.process.stdin
        assert pipe is not None
        with contextlib.suppress(OSError):  # it is gone; nobody answers, and that is said
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()

    def _wait(self, number: int, patience_s: float, over: threading.Event | None) -> Ran:
        return Ran(**self._answer(number, time.monotonic() + patience_s, over))

    def _answer(self, number: int, until_s: float, over: threading.Event | None) -> dict[str, Any]:
        told = False
        with self._news:
            while number not in self._answers:
                if self._gone or time.monotonic() > until_s:
                    raise NotMeasured("the process that runs the drill's commands is gone")
                if over is not None and over.is_set() and not told:
                    told = True
                    self._write({"end": True})
                self._news.wait(_POLL_S)
            answer: dict[str, Any] = self._answers[number]
            return answer

    def _undo_ourselves(self, drill: str, limit_s: float) -> Ran:
        began_s, problem = time.monotonic(), None
        try:
            done = subprocess.run(
                self.drills[drill].undo,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(self.environment),
                cwd=self.folder,
                timeout=limit_s,
                start_new_session=True,
                check=False,
            )
            problem = f"ended with {done.returncode}" if done.returncode else None
        except (OSError, subprocess.TimeoutExpired) as error:
            problem = clean(error)
        return Ran(began_s, time.monotonic(), problem, "")


def shown(line: tuple[str, ...]) -> str:
    """A program and its arguments as they are shown."""
    return clean(shlex.join(line), _SHOWN)


def undo_s(drill: Drill) -> float:
    """How long the undo may take: what it repairs is worth some patience."""
    return max(drill.deadline_s, _LEAST_UNDO_S)


@contextlib.contextmanager
def commander(drills: Mapping[str, Drill], environment: Mapping[str, str], folder: str) -> Iterator[Commands | None]:
    """The process that runs the commands of `drills`, from the block's begin to its end; None where there are none.

    At the end every undo that is still owed is run, also when this process is killed. Raises NotMeasured.
    """
    programs = {name: drill for name, drill in drills.items() if drill.programs}
    if not programs:
        yield None
        return
    read_fd, write_fd = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "readiness.drills.commander", str(write_fd)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(write_fd,),
        env=own_environment(),
        cwd="/",
        start_new_session=True,  # a terminal's Ctrl-C is for us alone
    )
    os.close(write_fd)
    running = Commands(process, programs, environment, folder)
    reader = threading.Thread(target=running.read, args=(read_fd,), name="commands", daemon=True)
    reader.start()
    plan = {
        "programs": {name: drill.programs for name, drill in programs.items()},
        "deadlines_s": {name: drill.deadline_s for name, drill in programs.items()},
        "undo_s": {name: undo_s(drill) for name, drill in programs.items()},
        "environment": dict(environment),
        "folder": folder,
    }
    assert process.stdin is not None
    try:
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps(plan).encode() + b"\n")
            process.stdin.flush()
        running.wait_for_start()
        yield running
    finally:
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_GRACE_S + sum(undo_s(drill) for drill in programs.values()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(_GRACE_S)
