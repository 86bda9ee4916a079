"""The head of a request that a browser sends to the live page; everything but a plain GET to us is refused."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

MOST_HEAD_BYTES = 8192
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where the page is: on this machine, under a path that nobody can guess."""

    port: int
    token: str

    @property
    def url(self) -> str:
        """To open in a browser."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    @property
    def hosts(self) -> tuple[bytes, ...]:
        """Values of the header Host that mean us; others are names that were made to point here (DNS rebinding)."""
        return tuple(f"{host}:{self.port}".encode() for host in ("127.0.0.1", "localhost"))


PAGE, EVENTS = "page", "events"
"""What is asked for."""


def answer_to(received: bytes, address: PageAddress) -> str | int | None:
    """PAGE, EVENTS, the status of a refusal, or None while the head is not whole."""
    head, whole, _ = received.partition(_END)
    if not whole:
        return 431 if len(received) > MOST_HEAD_BYTES else None
    if len(head) > MOST_HEAD_BYTES:
        return 431
    first, *lines = head.split(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3 or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        return 400
    hosts = [value.strip().lower() for name, _, value in (one.partition(b":") for one in lines) if _is_host(name)]
    if len(hosts) != 1 or hosts[0] not in address.hosts:
        return 403
    if parts[0] != b"GET":
        return 405
    for path, what in ((f"/{address.token}/", PAGE), (f"/{address.token}/events", EVENTS)):
        if hmac.compare_digest(parts[1], path.encode()):
            return what
    return 404


def _is_host(name: bytes) -> bool:
    """Also with spaces around it: such a line is not overlooked."""
    return name.strip().lower() == b"host"
