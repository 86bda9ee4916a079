"""The parent's side of first_read.py: what the scenario files define, or what is wrong with them. Sends nothing."""

from __future__ import annotations

import os
import selectors
import tempfile
import time
from collections.abc import Callable, Mapping

from readiness.errors import ConfigError
from readiness.load import children, controller, engine_events
from readiness.load.engine_plan import EnginePlan, dumps
from readiness.text import clean

_MOST = 2000
"""Characters of a message; what a file raises may be of any length."""


class Unreachable(Exception):
    """A file asks its target for something while it is read, and there is none; the text says where."""


def read_scenarios(
    plan: EnginePlan, environment: Mapping[str, str], stop_requested: Callable[[], bool] = lambda: False
) -> engine_events.Hello:
    """The user classes (`scenario: class`) with the users that each would get, and the shape of the load.

    There is neither when a stop came first. The files are run as Locust runs them, in a process of its own that ends
    with everything they started. Raises ConfigError when one of them is not usable, with its file and line;
    Unreachable without `plan.addresses`.
    """
    read_fd, write_fd = os.pipe()
    with tempfile.TemporaryFile() as log:
        child = children.start(
            ("readiness.load.first_read", str(write_fd)), environment, pass_fds=(write_fd,), output=log
        )
        os.close(write_fd)
        try:
            pipe = child.process.stdin
            assert pipe is not None
            pipe.write(dumps(plan).encode())
            pipe.flush()
            line = _line(read_fd, stop_requested)
        except BrokenPipeError:
            line = b""
        finally:
            os.close(read_fd)
            status = children.end(child)
        if line is None:
            return engine_events.Hello("", {})
        match engine_events.loads(line) if line.endswith(b"\n") else None:
            case engine_events.Hello() as hello:
                return hello
            case engine_events.Fatal(message, usage=True):
                raise ConfigError(clean(message, _MOST), *controller.printed(controller.last_lines(log)))
            case engine_events.Fatal(message):
                raise Unreachable(clean(message, _MOST))
            case _:
                names = ", ".join(file.path for file in plan.scenarios)
                raise ConfigError(
                    f"{names}: reading came to no end ({controller.how_it_ended(status)}){controller.last_words(log)}; "
                    "a scenario file only defines users"
                )


def _line(fd: int, stop_requested: Callable[[], bool]) -> bytes | None:
    """The child's one line, or as much as came of it; None when a stop was requested first."""
    until_s = time.monotonic() + controller.HELLO_TIMEOUT_S
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while not line.endswith(b"\n") and time.monotonic() < until_s:
            if stop_requested():
                return None
            if selector.select(controller.POLL_S):
                chunk = os.read(fd, 1 << 20)
                if not chunk:
                    break
                line += chunk
    return line
