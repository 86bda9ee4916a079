"""`traceparent` (W3C Trace Context, level 1) for requests of one engine.

An id must cost next to nothing: endings are formatted once, and each beginning serves all of them in turn. The three
digits that count stand first in the lower half of the trace id, which samplers of services compare with a bound.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import chain

_ENDINGS = 4096
TRACEPARENT = "traceparent"
"""Of the header, in lower case."""
_BEFORE = f"{TRACEPARENT}: 00-".encode()
_TRACE_DIGITS = 32


def trace_lines() -> Iterator[bytes]:
    """Header lines without end, no two alike."""
    rest = secrets.token_hex(7)[:13]
    endings = [f"{number:03x}{rest}-{number:03x}{rest}-01\r\n".encode() for number in range(_ENDINGS)]

    def blocks() -> Iterator[list[bytes]]:
        while True:
            begin = _BEFORE + f"{secrets.randbits(64) | 1:016x}".encode()
            yield [begin + ending for ending in endings]

    return chain.from_iterable(blocks())  # a list's own iterator: no line of Python runs for most ids


def trace_id(line: bytes) -> str:
    """The trace id of a line."""
    return line[len(_BEFORE) : len(_BEFORE) + _TRACE_DIGITS].decode("ascii")


def value_of(line: bytes) -> str:
    """The header's value."""
    return line[len(TRACEPARENT) + 2 : -2].decode("ascii")


def parent_id(trace_id: str) -> str:
    """The id of the request's own span, which is the parent of the service's: `trace_lines` repeats the lower half."""
    return trace_id[_TRACE_DIGITS // 2 :]
