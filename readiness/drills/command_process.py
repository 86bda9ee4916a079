"""One process that runs the commands of drills (commander.py), seen from its parent: orders, answers, and its loss.

A drill's command is free to kill or stop its parent, which is this process, and to write into what it has open.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from readiness.drills.proxies import started_module
from readiness.errors import NotMeasured
from readiness.load import kernel

_POLL_S = 0.05
_TOLD = {"began_s", "ended_s", "problem", "output"}
_DYING_S = 5.0
"""A process that dies closes its pipes some time before its status can be read."""


@dataclass(slots=True)
class CommandProcess:
    """It answers each order by its number; whoever waits is told when it cannot answer any more."""

    process: subprocess.Popen[bytes]
    undone: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By drill: what became of the undos that it ran by itself, because it was told to end."""
    _answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    _orders: int = 0
    _news: threading.Condition = field(default_factory=threading.Condition)
    _silent: bool = False
    """Whether it will never say anything more."""
    _nonsense: bool = False
    _program: int | None = None
    """Process id of what it runs; it leads a group of its own."""
    _reader: threading.Thread | None = None

    def order(self, order: Mapping[str, object]) -> int:
        """Ask for something; the number of the answer."""
        self._orders += 1
        self.write({"number": self._orders, **order})
        return self._orders

    def write(self, said: Mapping[str, object]) -> None:
        """One line for it; what does not arrive is never answered, and that is said."""
        pipe = self.process.stdin
        assert pipe is not None
        with contextlib.suppress(OSError, ValueError):
            pipe.write(json.dumps(said).encode() + b"\n")
            pipe.flush()

    def answer(self, number: int, patience_s: float, over: threading.Event | None) -> dict[str, Any]:
        """What became of an order; when `over` is set first, what runs is ended.

        Raises NotMeasured when the process is dead, stopped or silent: it will never answer.
        """
        told, until_s = False, time.monotonic() + patience_s
        with self._news:
            while number not in self._answers:
                if self._silent or time.monotonic() > until_s or kernel.is_stopped(self.process.pid):
                    raise NotMeasured(f"the process of readiness that ran it {self._how()}")
                if over is not None and over.is_set() and not told:
                    told = True
                    self.write({"end": True})
                self._news.wait(_POLL_S)
            return self._answers[number]

    def kill(self) -> None:
        """End it, and the group of what it runs; what that started elsewhere becomes a child of ours."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        program = self._program
        if program is not None and program in kernel.children_of(os.getpid()):  # so the number is nobody else's
            with contextlib.suppress(OSError):
                os.killpg(program, signal.SIGKILL)

    def end(self, patience_s: float) -> None:
        """Let it run the undos that are owed, and end; a process that cannot is killed."""
        until_s = time.monotonic() + patience_s
        with contextlib.suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        while self.process.poll() is None and time.monotonic() < until_s and not kernel.is_stopped(self.process.pid):
            time.sleep(_POLL_S)
        self.kill()
        if self._reader is not None:
            self._reader.join(_DYING_S)

    def _how(self) -> str:
        if kernel.is_stopped(self.process.pid):
            return "was stopped"
        if self._nonsense:
            return "said what is no answer"
        if not self._silent:
            return "did not answer in time"
        try:
            status = self.process.wait(_DYING_S)
        except subprocess.TimeoutExpired:
            return "says nothing more"
        if status >= 0:
            return f"ended with exit code {status}"
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-status).name}"
        return f"was killed by signal {-status}"

    def _read(self, stream_fd: int) -> None:
        try:
            with open(stream_fd, "rb") as stream:
                for line in stream:
                    self._take(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):  # somebody else wrote into the pipe
            self._nonsense = True
        finally:
            with self._news:
                self._silent = True
                self._news.notify_all()

    def _take(self, said: dict[str, Any]) -> None:
        if "started" in said:
            self._program = int(said["started"])
            return
        number, drill = int(said.pop("number")), said.pop("undone", None)
        if number and said.keys() != _TOLD:
            raise ValueError(said)
        with self._news:
            if drill is not None:
                self.undone[str(drill)] = said
            else:
                self._answers[number] = said
            self._program = None
            self._news.notify_all()

    @staticmethod
    def start(plan: Mapping[str, object]) -> CommandProcess:
        """A new one, which is told the plan."""
        process, read_fd = started_module("readiness.drills.commander")
        started = CommandProcess(process)
        started._reader = threading.Thread(target=started._read, args=(read_fd,), name="commands", daemon=True)
        started._reader.start()
        started.write(plan)
        return started
