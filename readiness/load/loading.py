"""What a scenario file may not do while it is read: run a load of its own, or take for ever.

A file that uses Locust as a library starts a runner where it stands; read as a scenario it would send its load before
ours, past every limit on hosts, and come to no end.
"""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import greenlet
import locust
from locust.env import Environment

_LONGEST_S = 20.0
"""Less than the parent waits (HELLO_TIMEOUT_S in controller.py), which could only say that it did."""


class CodeRefused(BaseException):
    """No `except Exception` of the file catches it. The text goes after the file's name and line."""


@contextmanager
def watched() -> Iterator[None]:
    """While a scenario file is being read; raises Refused in the middle of it."""
    guarded: dict[str, Any] = {name: getattr(Environment, name) for name in ("_create_runner", "create_web_ui")}
    for name in guarded:
        setattr(Environment, name, _refuse)
    single, vars(locust)["run_single_user"] = locust.run_single_user, _refuse
    end_alarm = _alarm()
    try:
        yield
    finally:
        end_alarm()
        vars(locust)["run_single_user"] = single
        for name, original in guarded.items():
            setattr(Environment, name, original)


def line_of(path: str, error: BaseException) -> int | None:
    """The line of the file at `path` that an exception came through."""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == path]
    return lines[-1] if lines else None


def _refuse(*_: object, **__: object) -> Any:
    raise CodeRefused(
        "runs a load of its own (Locust as a library), and here the load comes from thresholds.yaml: keep the User "
        'classes, and put what starts a runner under `if __name__ == "__main__":`'
    )


def _alarm() -> Callable[[], None]:
    """Refuse the file when it takes too long; gives what ends that."""
    if not hasattr(signal, "SIGALRM"):
        return lambda: None
    reader = greenlet.getcurrent()

    def late(*_: object) -> None:
        problem = CodeRefused(
            f"is still being read after {_LONGEST_S:g} s: a scenario file defines users; what takes long or runs by "
            "itself belongs into on_start or a listener of test_start"
        )
        if greenlet.getcurrent() is not reader:
            reader.throw(problem)  # it waits for something
        raise problem

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, _LONGEST_S)

    def end() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    return end
