"""`python -P -m readiness.drills.proxy FD`: TCP proxies in a process of their own.

The first line of standard input says what to listen on and where to lead; each further line sets or ends the fault of
one proxy. FD gets a line for each of them, and one a second with what passed. The process ends when its standard input
does, so it never outlives the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import time
from dataclasses import asdict
from typing import Any

from readiness.config.drills import REFUSE, Fault
from readiness.drills.proxied_connection import Link, ProxyCounts

_BACKLOG = 512
_GOLDEN = 0.6180339887498949
"""Multiples of it, without their whole part, are spread evenly: so are the connections that have a fault."""


class _Listener:
    """One proxy: its port, its connections and its fault."""

    def __init__(self, name: str, listener: socket.socket, to: tuple[str, int]) -> None:
        self.name = name
        self._socket = listener
        self._to = to
        self._links: set[Link] = set()
        self._lots: dict[Link, float] = {}
        self._accepted = 0
        self._fault: Fault | None = None
        self._share = 1.0
        self._tally = ProxyCounts()

    def open(self) -> None:
        """Begin to listen."""
        self._socket.setblocking(False)
        self._socket.listen(_BACKLOG)
        asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def set_fault(self, fault: Fault | None, share: float) -> None:
        """Another fault, or none; connections that there are have it too."""
        before, self._fault, self._share = self._fault, fault, share
        if before is not None:
            for link in list(self._links):
                link.end_fault()
            if before.kind == REFUSE:
                self.open()
        if fault is None:
            return
        if fault.kind == REFUSE:  # the port stays ours, and the kernel refuses
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.shutdown(socket.SHUT_RD)
        for link in list(self._links):
            if self._lots[link] < share:
                link.begin_fault(fault)

    def counted(self) -> dict[str, object]:
        """What passed since it was last asked."""
        tally, self._tally = self._tally, ProxyCounts()
        return {"proxy": self.name, "open": len(self._links), **asdict(tally)}

    def _accept(self) -> None:
        for _ in range(64):
            try:
                connection, _ = self._socket.accept()
            except OSError:  # nobody is left, or went away; without descriptors the next one waits
                return
            connection.setblocking(False)
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link = Link(self._to, lambda: self._tally, self._forget)
            self._accepted += 1
            self._lots[link] = self._accepted * _GOLDEN % 1
            self._links.add(link)
            if self._lots[link] < self._share:
                link.fault = self._fault
            task = asyncio.get_running_loop().create_task(self._join(link, connection))
            _TASKS.add(task)
            task.add_done_callback(_TASKS.discard)

    async def _join(self, link: Link, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(lambda: link.client, connection)

    def _forget(self, link: Link) -> None:
        self._links.discard(link)
        self._lots.pop(link, None)


_TASKS: set[asyncio.Task[None]] = set()
"""asyncio itself keeps no task alive."""


def main() -> None:
    """Serve until standard input ends."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1])))


async def _serve(write_fd: int) -> None:
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    listeners = {
        one["name"]: _Listener(one["name"], socket.socket(fileno=one["fd"]), (one["host"], one["port"]))
        for one in json.loads(await orders.readline())
    }
    for listener in listeners.values():
        listener.open()
    _say(write_fd, {"done": 0})
    counting = loop.create_task(_count(write_fd, listeners))
    try:
        while line := await orders.readline():
            order = json.loads(line)
            fault = Fault(**order["fault"]) if order["fault"] else None
            listeners[order["proxy"]].set_fault(fault, order["share"])
            _say(write_fd, {"done": order["number"]})
    finally:
        counting.cancel()


async def _count(write_fd: int, listeners: dict[str, _Listener]) -> None:
    while True:
        await asyncio.sleep(1.0)
        for listener in listeners.values():
            _say(write_fd, {"at_s": time.monotonic(), **listener.counted()})


def _say(write_fd: int, what: dict[str, Any]) -> None:
    os.write(write_fd, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
