"""Requests that are sent a second time, because the server closed a kept-alive connection without answering them.

A server may close an idle connection at any time, and its word may cross the request on the way; sending an
idempotent request again is then right (RFC 9112 §9.3.1, §9.5). But a server that took the request and died looks much
the same, and a second try that succeeds would hide a lost request. What tells them apart:

- Its system answers a request for a closed connection with a reset, after the end of the stream: nobody read it.
- A close that had been on its way comes within one round trip. One that comes later comes from a server that had the
  request.

What neither proves is sent again only once in a thousand requests; beyond that the lost request is a failure.
"""

from __future__ import annotations

import _socket
from collections.abc import Callable
from time import perf_counter
from typing import Any

import gevent

CROSSING_S = 0.05
"""A close may come this long after the request and still have crossed it; longer where opening took longer."""
PROOF_S = 0.05
"""How long the reset may take that proves a request unread."""
_POLL_S = 0.005
ONE_IN = 1000


class Resends:
    """The account of one engine. Counting costs something only when a request is sent again."""

    def __init__(self, begun: Callable[[], int] = lambda: 0) -> None:
        """`begun` tells how many requests there have been."""
        self._begun = begun
        self.unread = 0
        """Sent again, and the server provably had not read the first."""
        self.unclear = 0
        """Sent again, although the server may have read the first."""

    def take(self, *, unread: bool) -> bool:
        """Whether a request may be sent again; if so it is counted."""
        if unread:
            self.unread += 1
        elif self.unclear <= self._begun() // ONE_IN:
            self.unclear += 1
        else:
            return False
        return True


def is_unread(sock: Any, opening_s: float) -> bool:
    """Whether the stream that ended on `sock` proves that its peer never read what was sent on it last.

    Waits a little for the reset; `opening_s` is how long the connection took to be made, at least one round trip.
    """
    until_s = perf_counter() + max(PROOF_S, opening_s)
    while True:
        if sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR):
            return True
        if perf_counter() > until_s:
            return False
        gevent.sleep(_POLL_S)
