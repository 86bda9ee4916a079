"""The parent's side of the commands of drills: begins them, waits for them, and knows what became of them."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from readiness.config.drills import Drill
from readiness.drills.command_process import CommandProcess
from readiness.errors import NotMeasured
from readiness.load import children, kernel
from readiness.text import clean

_START_S = 20.0
_GRACE_S = 10.0
"""Of the process that runs the programs, beyond their own deadlines."""
_LEAST_UNDO_S = 10.0
_SHOWN = 300
_PACKAGE = Path(__file__).parent.parent
_ISOLATED = (sys.executable, "-I", "-S")


@dataclass(frozen=True, slots=True)
class Ran:
    """A program that ended. Times of time.monotonic."""

    began_s: float
    ended_s: float
    problem: str | None
    """Why it cannot be said to have done its work; None when it ended with exit code 0."""
    output: str
    """The end of what it wrote."""
    by_another: bool = False
    """Whether somebody else had to run it than ran what came before it."""

    def words(self, line: tuple[str, ...]) -> str:
        """One sentence about it, for the report's notes."""
        how = self.problem or "ended with exit code 0"
        said = f"; it wrote: {clean(self.output, _SHOWN)}" if self.output.strip() else ""
        by = ", run by a second process of readiness because the first was gone" if self.by_another else ""
        return f"`{shown(line)}` {clean(how)} after {self.ended_s - self.began_s:.1f} s{by}{said}"


@dataclass(slots=True)
class Commands:
    """The processes that run the programs. No call waits longer than the program's own deadline and some grace.

    The second takes over when a command took the first with it: commands may kill or stop their parent. It is there
    before the load is: what it starts must not be taken for a part of the load, which is ended with it.
    """

    processes: list[CommandProcess]
    drills: Mapping[str, Drill]
    environment: Mapping[str, str]
    folder: str
    undone: dict[str, Ran] = field(default_factory=dict)
    """By drill: undos that a lost process had run by itself."""
    lost: bool = False
    """Whether a process was lost."""
    _began: dict[str, CommandProcess] = field(default_factory=dict)
    """By drill: who was told to run its command."""

    def run(self, drill: str, over: threading.Event) -> Ran:
        """Run the drill's command to its end; when `over` is set first, it is ended. Raises NotMeasured."""
        if self.processes:
            self._began[drill] = self.processes[0]
        return self._asked({"drill": drill, "what": "command"}, self.drills[drill].deadline_s, over)

    def undo(self, drill: str) -> Ran:
        """Run the drill's undo, whatever became of its command and of who ran it. Raises NotMeasured."""
        limit_s = undo_s(self.drills[drill])
        if drill not in self._began:
            raise NotMeasured("there is nothing to undo: its command was not begun")
        while self.processes and drill not in self.undone:
            other = self.processes[0] is not self._began[drill]
            with contextlib.suppress(NotMeasured):
                ran = self._asked({"drill": drill, "what": "undo", "owed": other}, limit_s, None)
                return replace(ran, by_another=other)
        return self.undone[drill] if drill in self.undone else self._undo_ourselves(drill, limit_s)

    def _asked(self, order: Mapping[str, object], limit_s: float, over: threading.Event | None) -> Ran:
        if not self.processes:
            raise NotMeasured("no process of readiness is left that could run it")
        now = self.processes[0]
        try:
            return Ran(**now.answer(now.order(order), limit_s + _GRACE_S, over))
        except NotMeasured as error:
            now.kill()
            self.undone |= {name: Ran(**told) for name, told in now.undone.items()}
            self.lost = True
            self.processes.remove(now)
            raise NotMeasured(f"{error}; a command must leave its parent alone") from None

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
        return Ran(began_s, time.monotonic(), problem, "", by_another=True)


def shown(line: tuple[str, ...]) -> str:
    """A program and its arguments as they are shown; one of this package without folders, which say nothing."""
    own = len(line) > len(_ISOLATED) and line[: len(_ISOLATED)] == _ISOLATED
    if own and Path(line[len(_ISOLATED)]).is_relative_to(_PACKAGE):
        line = tuple(Path(word).name for word in line[len(_ISOLATED) :])
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
    plan = {
        "programs": {name: drill.programs for name, drill in programs.items()},
        "deadlines_s": {name: drill.deadline_s for name, drill in programs.items()},
        "undo_s": {name: undo_s(drill) for name, drill in programs.items()},
        "environment": dict(environment),
        "folder": folder,
    }
    kernel.adopt_orphans()
    before = kernel.children_of(os.getpid())
    started = [CommandProcess.start(plan), CommandProcess.start(plan)]
    running = Commands(list(started), programs, environment, folder)
    try:
        for one in started:
            one.answer(0, _START_S, None)
        yield running
    finally:
        if running.lost:  # what its programs started may have outlived it; what the second one's did, may stay
            children.end_all(before | {one.process.pid for one in running.processes})
        for one in started:
            one.end(_GRACE_S + sum(undo_s(drill) for drill in programs.values()))
