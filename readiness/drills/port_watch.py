"""Who listens on the target's port while commands act on it, where that is this machine: by the kernel's own tables.

Nothing is sent: connections of ours would stand in the queue of a service that was frozen, before those of the load.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

_POLL_S = 0.025
_PROCESSES_S = 1.0
"""Between two readings of all processes' descriptors, which cost some ten milliseconds."""
_PATIENCE_S = 1.0
_SOCK_DIAG, _BY_FAMILY, _REQUEST, _DUMP = 4, 20, 0x1, 0x300
_ERROR, _DONE, _LISTEN = 2, 3, 10
_HEAD, _PORT_AT, _INODE_AT = 16, 4, 68
"""The numbers are of the kernel's interface: linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h."""


@dataclass(frozen=True, slots=True)
class Listening:
    """What held from a moment on, until the next one. Times of time.monotonic."""

    at_s: float
    sockets: frozenset[str]
    """Those that listen on the port, by the kernel's number of each."""
    processes: frozenset[int]
    """Those that hold them, as far as we may read processes."""
    unlike_s: float | None = None
    """When what was before was seen last."""


@dataclass(frozen=True, slots=True)
class PortLog:
    """Every change, in order; nothing where the target is another machine."""

    seen: tuple[Listening, ...] = ()

    def at(self, at_s: float) -> Listening | None:
        """What held then."""
        return next((one for one in reversed(self.seen) if one.at_s <= at_s), None)

    def down(self, from_s: float, until_s: float) -> list[tuple[float, float]]:
        """When nobody is known to have listened: from where it was seen first to where it was seen last."""
        ends = [one.at_s if one.unlike_s is None else one.unlike_s for one in self.seen[1:]] + [until_s]
        gaps = [(one.at_s, end_s) for one, end_s in zip(self.seen, ends, strict=False) if not one.sockets]
        return [
            (max(begin_s, from_s), min(end_s, until_s))
            for begin_s, end_s in gaps
            if begin_s < until_s and end_s > from_s
        ]


@contextmanager
def watching(url: str, addresses: Sequence[str]) -> Iterator[list[Listening]]:
    """Until the block ends; the list grows."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    seen: list[Listening] = []
    if not _is_here(addresses) or not _may_ask(port):
        yield seen
        return
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(port, seen, over), name="port watch", daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _watch(port: int, seen: list[Listening], over: threading.Event) -> None:
    read_s, now_s, sockets = 0.0, time.monotonic(), frozenset[str]()
    while not over.wait(_POLL_S):
        last_s, now_s = now_s, time.monotonic()
        with suppress(OSError):
            sockets = listening(port)
        if not seen or sockets != seen[-1].sockets or now_s >= read_s + _PROCESSES_S:
            read_s = now_s
            found = Listening(now_s, sockets, holders(sockets), last_s)
            if not seen or (found.sockets, found.processes) != (seen[-1].sockets, seen[-1].processes):
                seen.append(found)


def _may_ask(port: int) -> bool:
    try:
        listening(port)
    except (OSError, AttributeError):  # another system, or a kernel without it
        return False
    return True


def _is_here(addresses: Iterable[str]) -> bool:
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as own:
            own.bind((address, 0))
            return True
    return False


def listening(port: int) -> frozenset[str]:
    """The sockets that listen on it, by the kernel's number of each (the inode). Raises OSError.

    Asked by sock_diag(7), which goes through those that listen alone: /proc/net/tcp takes a hundred times as long.
    """
    found: set[str] = set()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE_S)
        for family in (socket.AF_INET, socket.AF_INET6):
            asked = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, 1 << _LISTEN)
            asked += struct.pack("!HH", port, 0) + bytes(44)
            kernel.send(struct.pack("=IHHII", _HEAD + len(asked), _BY_FAMILY, _REQUEST | _DUMP, 1, 0) + asked)
            while _take(kernel.recv(1 << 16), port, found):
                pass
    return frozenset(found)


def _take(answer: bytes, port: int, found: set[str]) -> bool:
    """Take in messages of the kernel; whether more will come. Raises OSError."""
    at = 0
    while at + _HEAD <= len(answer):
        length, kind = struct.unpack_from("=IH", answer, at)
        if kind == _ERROR:
            raise OSError(-struct.unpack_from("=i", answer, at + _HEAD)[0], "sock_diag")
        if kind == _DONE:
            return False
        if struct.unpack_from("!H", answer, at + _HEAD + _PORT_AT)[0] == port:
            found.add(str(struct.unpack_from("=I", answer, at + _HEAD + _INODE_AT)[0]))
        at += (length + 3) & ~3
    return True


def holders(sockets: frozenset[str]) -> frozenset[int]:
    """The processes that hold one of them, as far as we may read them."""
    wanted = {f"socket:[{number}]" for number in sockets}
    pids = [name for name in os.listdir("/proc") if name.isdigit()] if wanted else []  # noqa: PTH208 - as below
    return frozenset(int(pid) for pid in pids if any(one in wanted for one in _descriptors(f"/proc/{pid}/fd")))


def _descriptors(folder: str) -> Iterator[str]:
    """Where each of a process's descriptors leads to."""
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - some thousand names a second
            with suppress(OSError):  # closed meanwhile
                yield os.readlink(f"{folder}/{name}")  # noqa: PTH115
