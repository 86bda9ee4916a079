"""The parent's side of tryout.py: starts it, hands over the plan, and gives what it tells, one event at a time."""

from __future__ import annotations

import json
import os
import selectors
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readiness.errors import ConfigError
from readiness.load import children, controller
from readiness.load.engine_plan import EnginePlan, dumps

_SILENCE_S = 90.0
"""More than one task may take (TASK_S in tryout.py): code that never gives way is ended."""
WHOLE_S = 600.0
MOST_LINE_BYTES = 1 << 22

_Event = Mapping[str, Any]


def exchanges(
    plan: EnginePlan, task: str | None, environment: Mapping[str, str], stop_requested: Callable[[], bool]
) -> Iterator[_Event]:
    """What the child tells, as it comes. Raises ConfigError when it came to no end, which a stop is not."""
    read_fd, write_fd = os.pipe()
    with tempfile.TemporaryFile() as log:
        child = children.start(("readiness.load.tryout", str(write_fd)), environment, pass_fds=(write_fd,), output=log)
        os.close(write_fd)
        try:
            pipe = child.process.stdin
            assert pipe is not None
            pipe.write((json.dumps({"task": task}) + "\n" + dumps(plan)).encode())
            pipe.flush()
            ended = False
            for line in _lines(read_fd, stop_requested):
                event = json.loads(line)
                ended = ended or "done" in event or "fatal" in event
                yield event
        except BrokenPipeError:
            ended = False
        finally:
            os.close(read_fd)
            status = children.end(child)
        if not ended and not stop_requested():
            raise ConfigError(
                f"the scenarios came to no end ({controller.how_it_ended(status)}){controller.last_words(log)}; a task "
                f"that never gives way is ended after {_SILENCE_S:g} s"
            )


def _lines(fd: int, stop_requested: Callable[[], bool]) -> Iterator[bytes]:
    """Whole lines until the end, too long a silence, too long a whole, or a stop."""
    until_s = time.monotonic() + WHOLE_S
    heard_s = time.monotonic()
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while time.monotonic() < min(until_s, heard_s + _SILENCE_S) and not stop_requested():
            if not selector.select(controller.POLL_S):
                continue
            chunk = os.read(fd, 1 << 16)
            if not chunk:
                return
            heard_s = time.monotonic()
            *lines, pending = (pending + chunk).split(b"\n")
            yield from lines
            if len(pending) > MOST_LINE_BYTES:
                return
