"""Why a request failed: operating system and TLS errors as classes of FAILURE_CLASSES."""

from __future__ import annotations

import _socket
import errno
import re
import ssl
from typing import Final

from readiness.text import clean

_BY_ERRNO: Final = {
    errno.ECONNREFUSED: "connect_refused",
    errno.EHOSTUNREACH: "connect_refused",
    errno.ENETUNREACH: "connect_refused",
    errno.ETIMEDOUT: "timeout",
    errno.EMFILE: "local_fds",
    errno.ENFILE: "local_fds",
    errno.EADDRNOTAVAIL: "local_ports",
}


COUNTED: Final = "readiness counted this as a failure of the request"
"""Note on an exception whose cause stands in the ledger; it says nothing against the scenario."""


CLOSED_IN_HEAD: Final = "before the headers were complete"


class Failure(Exception):
    """A request that ended badly; `failure` is a class of FAILURE_CLASSES, `detail` one harmless line."""

    def __init__(self, failure: str, detail: object) -> None:
        self.failure = failure
        self.detail = clean(detail)
        super().__init__(f"{failure}: {self.detail}")


class Unanswered(Failure):
    """The connection died before the first byte of an answer; a reused one may simply have been stale."""

    ended = False
    """Whether the peer ended its stream in order; otherwise the connection was reset."""


class Truncated(Failure):
    """The connection was closed inside a body."""

    def __init__(self, received_bytes: int, missing_bytes: int) -> None:
        """`missing_bytes` is 0 where nobody knows, as with chunks."""
        super().__init__("truncated", f"the connection was closed after {received_bytes} bytes of the body")
        self.received_bytes = received_bytes
        self.missing_bytes = missing_bytes


def said(why: object) -> str:
    """What scenario code says of an answer: its words, and an exception as Locust shows it, `KeyError('price')`."""
    if not isinstance(why, BaseException) or type(why).__name__ == "CatchResponseError":  # words that Locust wrapped
        return str(why)
    return re.sub(r"object at 0x[0-9a-f]+", "object at 0x....", repr(why))


_STATUS: Final = re.compile(r"(?:HTTP |status )?([0-9]{3})\b")


def with_status(status: int, words: str, reason: str) -> str:
    """`HTTP 400 (no list)` of the status in words and a scenario's reason, unless that begins with the status."""
    if not reason:
        return words
    begins = _STATUS.match(reason)
    return reason if begins and begins[1] == str(status) else f"{words} ({reason})"


def of_os_error(problem: OSError, *, connecting: bool = False) -> Failure:
    """The failure that `problem` means; `connecting` tells a TCP connection's time-out from a request's."""
    if isinstance(problem, ssl.SSLError):
        return Failure("tls", problem.reason or problem)
    if isinstance(problem, _socket.gaierror):  # only where an address was a name, as under plain `locust -f`
        return Failure("dns", problem.strerror or problem)
    name = _BY_ERRNO.get(problem.errno or 0, "reset")
    if name == "timeout" and connecting:
        name = "connect_timeout"
    return Failure(name, problem.strerror or problem)


def of_status(status: int) -> str | None:
    """The class of an HTTP status, None for 2xx."""
    if status < 300:
        return None
    if status < 400:
        return "http_3xx"
    if status == 429:
        return "rate_limited"
    return "http_4xx" if status < 500 else "http_5xx"
