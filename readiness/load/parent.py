"""A child's end of the pipes to its parent: lines on standard input, events on a descriptor of their own."""

from __future__ import annotations

import os
from collections.abc import Callable

import gevent.os

from readiness.load import children, engine_events


class EventPipe:
    """Where events go; one greenlet at a time writes."""

    def __init__(self, fd: int) -> None:
        gevent.os.make_nonblocking(fd)
        self._fd = fd

    def send(self, event: engine_events.Event) -> None:
        """Write one event whole."""
        data = memoryview(engine_events.dumps(event))
        while data:
            data = data[gevent.os.nb_write(self._fd, data) :]


def read_line() -> str:
    """The next line of standard input; the process ends quietly when the parent is gone."""
    line = bytearray()
    while not line.endswith(b"\n"):  # byte by byte: nothing of what follows may be swallowed
        byte = os.read(0, 1)
        if not byte:
            children.end_and_exit(0)  # nobody wants the numbers any more
        line += byte
    return line.decode()


def watch_parent(stop: Callable[[], None], enough: Callable[[], None]) -> None:
    """Call `enough` or `stop` when the parent says so; end the process when the parent is gone."""
    while True:
        said = gevent.os.tp_read(0, 4096)
        if not said:
            children.end_and_exit(0)  # nobody wants the numbers any more
        if b"enough" in said:
            enough()
        if said.replace(b"enough", b"").strip():
            stop()
