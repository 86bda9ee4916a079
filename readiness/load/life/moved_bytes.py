"""What the kernel counted on the sockets of clients that a file brings itself: whether anything moved on them.

Sockets are found by their descriptor, so those of gRPC and libpq, which are none of Python's, are seen too. Linux
only; where it cannot be known, every request is believed.
"""

from __future__ import annotations

import _socket  # the C type itself: gevent's would make the descriptor non-blocking
import os
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from readiness.load.http.poll import poll_of_this_hub

_DESCRIPTORS = Path("/proc/self/fd")
_INFO_BYTES, _ACKED_AT = 136, 120
"""`struct tcp_info`: two 64-bit counts, of bytes acknowledged by the peer and received from it."""
_MOST = 200
"""Sockets that are asked at once: milliseconds, in which no answer is read."""


class Moved(NamedTuple):
    """Since the reading before."""

    bytes: int
    """Sent and received; at least so many, because reading ends when there are enough."""
    certain: bool
    """Whether there can be no more: every socket was asked, and none is gone or of a kind that nobody counts."""


class MovedBytes:
    """Of the sockets of this process that lead to an allowed place."""

    def __init__(self, is_allowed: Callable[[str, int], bool]) -> None:
        """`is_allowed` takes the address and port of the other end."""
        self._is_allowed = is_allowed
        self._known: dict[int, tuple[int, int | None]] = {}
        """Descriptor and bytes so far (None: nobody counts them), by the socket's inode."""
        self._unfound = 0
        """Connections of which no socket was seen yet."""

    def read(self, enough: int, opened: int) -> Moved:
        """`opened` connections came about since then; one that is gone again may have carried anything."""
        self._unfound += opened
        moved, certain = 0, True
        for inode, (fd, before) in list(self._known.items()):
            if moved >= enough:
                return Moved(moved, certain)
            now = _bytes_of(fd) if _inode(fd) == inode else None
            if now is None or before is None:
                certain = False
                self._known.pop(inode)
            else:
                moved += now - before
                self._known[inode] = fd, now
        for asked, (inode, fd) in enumerate(self._others()):
            if moved >= enough or asked == _MOST:
                return Moved(moved, certain and asked < _MOST)
            now = _bytes_of(fd)
            certain = certain and now is not None
            moved += now or 0
            self._known[inode] = fd, now
            self._unfound -= 1
        gone, self._unfound = self._unfound > 0, 0
        return Moved(moved, certain and not gone)

    def any(self) -> bool:
        """Whether there is such a socket now; True where nobody can know."""
        return next(self._others(), None) is not None or bool(self._known)

    def _others(self) -> Iterator[tuple[int, int]]:
        """Inode and descriptor of each that is not known yet."""
        try:
            found = [int(name) for name in os.listdir(_DESCRIPTORS)]  # noqa: PTH208 - thousands of names, no paths
        except OSError:
            yield 0, -1
            return
        ours = {one.fd for one in poll_of_this_hub().watched()}
        for fd in found:
            inode = _inode(fd)
            if fd not in ours and inode and inode not in self._known and self._leads_there(fd):
                yield inode, fd

    def _leads_there(self, fd: int) -> bool:
        peer = peer_of(fd)
        return self._is_allowed(*peer) if isinstance(peer, tuple) else bool(peer)


def peer_of(fd: int) -> tuple[str, int] | str | bytes | None:
    """Address and port of the other end, or the name of a socket of this machine; None where there is none."""
    try:
        with closing(_socket.socket(fileno=os.dup(fd))) as sock:
            peer = sock.getpeername()
    except OSError:
        return None
    if not isinstance(peer, tuple):
        return peer  # type: ignore[no-any-return]
    return str(peer[0]).partition("%")[0].removeprefix("::ffff:"), peer[1]


def _inode(fd: int) -> int:
    """Of a socket; 0 for anything else, of which no copy may be made and left open."""
    try:
        found = os.fstat(fd)
    except OSError:
        return 0
    return found.st_ino if stat.S_ISSOCK(found.st_mode) else 0


def _bytes_of(fd: int) -> int | None:
    """Sent and received so far; None for a socket that is not TCP's, or where the kernel does not tell."""
    try:
        with closing(_socket.socket(fileno=os.dup(fd))) as sock:
            info = sock.getsockopt(_socket.IPPROTO_TCP, _socket.TCP_INFO, _INFO_BYTES)
        acked, received = struct.unpack_from("=QQ", info, _ACKED_AT)
        return int(acked + received)
    except (OSError, AttributeError, struct.error):
        return None
