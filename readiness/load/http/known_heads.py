"""Heads of answers that were parsed before: a service says nearly the same thing again and again.

An answer is known when its head is the same to the byte and it has the same length. Its framing, status and what its
headers ask of the client are then the same too, so nothing is parsed again.
"""

from __future__ import annotations

MOST = 64
_IN_VAIN = 8
"""Unknown heads one after the other, after which a connection's heads are not asked for so often."""
_REST = 100
"""Answers that are parsed without asking then: some services never say the same head twice."""


class KnownHead:
    """What parsing told."""

    def __init__(self, head: bytes, whole_bytes: int, status: int, notable: bool) -> None:
        self.head = head
        self.whole_bytes = whole_bytes
        """Of the answer, head and body."""
        self.status = status
        self.notable = notable


class KnownHeads:
    """Those of one connection, out of a table that all connections of this process share."""

    def __init__(self) -> None:
        self._in_vain = 0
        self._rest = 0

    def find(self, head: bytes, whole_bytes: int) -> KnownHead | None:
        """The head of an answer of so many bytes, if it was parsed before."""
        if self._rest:
            self._rest -= 1
            return None
        known = _TABLE.get(head)
        if known is not None and known.whole_bytes == whole_bytes:
            self._in_vain = 0
            return known
        self._in_vain += 1
        if self._in_vain >= _IN_VAIN:
            self._in_vain, self._rest = _IN_VAIN - 1, _REST
        return None

    def remember(self, known: KnownHead) -> None:
        """From now on; only for an answer that came whole and left its connection usable."""
        if self._rest:
            return
        if len(_TABLE) >= MOST:
            _TABLE.clear()
        _TABLE[known.head] = known


NO_HEAD = KnownHead(b"", -1, 0, False)
"""Of no answer."""
_TABLE: dict[bytes, KnownHead] = {}


def forget() -> None:
    """All of them."""
    _TABLE.clear()


def count() -> int:
    """How many are known."""
    return len(_TABLE)
