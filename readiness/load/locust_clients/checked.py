"""What the stock clients' own parsers let pass, in both: the caps, and bytes that come after an answer.

An answer that a browser would not take is a failure here, as it is for our own client (readiness/load/http).
"""

from __future__ import annotations

from typing import Any

import charset_normalizer
from geventhttpclient._parser import HTTPParseError

from readiness.load.http.charset import known
from readiness.load.http.connection import IDLE_TOO_LONG
from readiness.load.http.failures import Failure

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Of a body that is read whole, once decompressed; more than our own client's, since no locustfile can change it."""
MAX_WIRE_BYTES = 2 * MAX_BODY_BYTES
"""Of an answer with everything that is no body: headers, chunk sizes, trailers."""
MAX_HEAD_BYTES = 65_536
MAX_INTERIM = 16
AFTER = "bytes came after the end of the answer"
MAX_GUESSED_BYTES = 16_384
"""So much of a text is read to guess its character set."""


class Unacceptable(HTTPParseError):
    """Raised inside a stock client, either of which takes it for an error of its own; `original` is the Failure."""

    original: Failure


def unacceptable(failure: str, detail: str) -> Unacceptable:
    """The exception for a failure of this class."""
    problem = Unacceptable(detail)
    problem.original = Failure(failure, detail)
    return problem


def surplus(sock: Any) -> bool:
    """Whether an idle connection on which something happened got bytes that no request asked for, and not its end."""
    try:
        if hasattr(sock, "_sslobj"):
            before, sock.timeout = sock.timeout, 0.0
            try:
                data = sock.recv(4096)
            finally:
                sock.timeout = before
        else:
            data = sock._sock.recv(4096)  # below gevent, which would wait
    except (OSError, AttributeError):
        return False
    return bool(data) and not data.startswith(IDLE_TOO_LONG)


def unasked() -> Unacceptable:
    """For an idle connection with a surplus."""
    return unacceptable("surplus", "after the answer before, its connection got bytes that no request asked for")


def encoding_of(named: str | None) -> str | None:
    """The character set that a Content-Type names, as one that can be read; None where it names none."""
    return None if named is None else known(named)


def guessed(data: bytes) -> Any:
    """As charset_normalizer.detect, of the beginning of `data`."""
    return charset_normalizer.detect(data[:MAX_GUESSED_BYTES])
