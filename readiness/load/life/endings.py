"""What a file may not do to the process of the load: end it, copy it, steer its users, or turn its clock.

Done by a file, each raises `NotHere` where it stands, so its line is told like that of any other error of a task or
listener. Packages may: subprocess and multiprocessing fork too, and their processes have nothing of the load.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import gevent

from readiness.load.code_places import is_own

_ENDS: Mapping[str, str] = dict.fromkeys(
    ("_exit", "abort", "execl", "execle", "execlp", "execv", "execve", "execvp", "execvpe"),
    "ends the load generator: end a user with self.stop(), the load with self.environment.runner.quit()",
)
_FORKS: Mapping[str, str] = dict.fromkeys(
    ("fork", "forkpty"), "copies the load generator with its connections: use --processes, or subprocess for a program"
)
_STEERS: Mapping[str, str] = dict.fromkeys(
    ("start", "spawn_users", "stop_users"),
    "starts or stops users, and here thresholds.yaml, --users or a LoadTestShape says how many there are",
)
_MAY_FORK = ("subprocess", "multiprocessing", "gevent", "readiness", "concurrent")
_CLOCKS: tuple[tuple[ModuleType, str], ...] = (
    *((time, name) for name in ("time", "perf_counter", "monotonic", "sleep")),
    (gevent, "sleep"),
)
_MEASURED_BY = "by which the load is paced and measured: replace the name in your own module only (not freeze_time)"


class NotHere(RuntimeError):
    """A file did what would end, copy or steer the load."""


def own_place(frame: FrameType | None) -> str:
    """` (shop.py:9 in look)` of the innermost line of the user's; empty where there is none."""
    while frame is not None and not is_own(frame.f_code):
        frame = frame.f_back
    return f" ({Path(frame.f_code.co_filename).name}:{frame.f_lineno} in {frame.f_code.co_name})" if frame else ""


def guard_process() -> None:
    """From now on, in this process; not in one that subprocess or multiprocessing made of it."""
    for name, why in _ENDS.items():
        _guard(os, name, f"os.{name}", why)
    for name, why in _FORKS.items():
        _guard(os, name, f"os.{name}", why, by_others=True)
    for name in ("kill", "killpg"):
        _guard(os, name, f"os.{name} of its own process", _ENDS["_exit"], only=_is_us)
    _guard(gevent.get_hub(), "destroy", "gevent.get_hub().destroy", "ends what every user of the load waits in")
    sys.stdin = io.StringIO()  # the pipe to our parent is no terminal: input() and pdb end at once, and do not wait


def guard_users(runner: Any) -> None:
    """The users of Locust's `runner` are the load's."""
    for name, why in _STEERS.items():
        _guard(runner, name, f"runner.{name}", why)


def clocks() -> Callable[[], str]:
    """What says, later, which clocks were replaced since, and why that is wrong; empty when none was."""
    before = [getattr(module, name) for module, name in _CLOCKS]

    def replaced() -> str:
        pairs = zip(_CLOCKS, before, strict=True)
        now = ((f"{module.__name__}.{name}", getattr(module, name), was) for (module, name), was in pairs)
        names = ", ".join(f"{called}{_definition(one)}" for called, one, was in now if one != was)
        return names and f"{names}, {_MEASURED_BY}"

    return replaced


def _definition(function: Any) -> str:
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType) or not is_own(code):
        return ""
    return f" ({Path(code.co_filename).name}:{code.co_firstlineno})"


def _guard(
    holder: Any,
    name: str,
    called: str,
    why: str,
    *,
    by_others: bool = False,
    only: Callable[..., bool] = lambda *_: True,
) -> None:
    original = getattr(holder, name)
    us = os.getpid()

    def guarded(*args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe().f_back
        theirs = caller is None  # a greenlet that was started with it: packages start none so
        if caller is not None:
            by = caller.f_globals.get("__name__", "").partition(".")[0]
            theirs = by not in _MAY_FORK if by_others else is_own(caller.f_code)
        if theirs and os.getpid() == us and only(*args):
            raise NotHere(f"{called} {why}")
        return original(*args, **kwargs)

    setattr(holder, name, guarded)


def _is_us(process: object = 0, *_: object) -> bool:
    return process in (0, os.getpid(), os.getpgrp(), os.getppid())
