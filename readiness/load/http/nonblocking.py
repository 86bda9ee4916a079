"""Sending to and reading from a socket that never blocks, by its descriptor.

Where the engine is compiled, nonblocking.c takes this module's place and does the same: it gives the interpreter's
lock to nobody for calls that never wait, makes no exception of "not now", and makes an answer's bytes once, in the
length that came.
"""

from __future__ import annotations

import os


def send(fd: int, data: bytes) -> int:
    """How many bytes of `data` the system took; 0 when it has no room now. Raises OSError."""
    try:
        return os.write(fd, data)
    except BlockingIOError:
        return 0


def receive(fd: int, most: int) -> bytes | None:
    """What came, at most so many bytes (1 to 65,536); b"" at its end, None when nothing is there. Raises OSError."""
    try:
        return os.read(fd, most)
    except BlockingIOError:
        return None
