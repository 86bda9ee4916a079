"""The server: connections on one port, layers of faults, and the counts."""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from typing import Any, cast

from tests.faultd.counts import Counts, PathCount
from tests.faultd.layers import Handler, Layer
from tests.faultd.modes import MODES
from tests.faultd.modes.service import serve
from tests.faultd.wire import Request, parse


def build_layers(specs: Iterable[Mapping[str, Any]]) -> list[Layer]:
    """Layers from JSON objects; an unknown mode, condition or option is an error, never ignored."""
    layers = []
    for spec in specs:
        layer = Layer(**spec)
        layer.handler = MODES[layer.mode](**layer.options)
        layers.append(layer)
    return layers


class Server:
    """One listening port. `layers` may be replaced at any time."""

    def __init__(self, layers: list[Layer]) -> None:
        self.layers = layers
        self.counts = Counts()
        self.connections: set[Connection] = set()
        self.listener: asyncio.Server | None = None
        self.url = ""
        self.fillers: list[socket.socket] = []
        """What fills the queue of a listener that accepts nobody."""

    async def listen(self, host: str, port: int) -> None:
        """Start to accept."""
        loop = asyncio.get_running_loop()
        self.listener = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
        name = self.listener.sockets[0].getsockname()
        self.url = f"http://{name[0]}:{name[1]}"

    def handler(self, request: Request) -> Handler:
        """Who answers this request."""
        for layer in self.layers:
            if layer.applies(request.path):
                return cast(Handler, layer.handler)
        return serve

    def die(self) -> None:
        """As seen from outside, the process is gone."""
        if self.listener is not None:
            self.listener.close()
        for connection in list(self.connections):
            connection.reset()

    def stop_accepting(self) -> None:
        """The listener stays, its queue is full, and whoever was connected is not any more."""
        if self.listener is None or self.fillers:
            return
        (listening,) = self.listener.sockets
        asyncio.get_running_loop().remove_reader(listening.fileno())
        with socket.socket(fileno=os.dup(listening.fileno())) as same:
            same.listen(0)
        for _ in range(4):
            filler = socket.socket(listening.family, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
            self.fillers.append(filler)
        for connection in list(self.connections):
            connection.reset()


class Connection(asyncio.Protocol):
    """One client connection: requests one after the other."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.buffer = bytearray()
        self.busy = False
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.server.counts.connections += 1
        self.server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while not self.busy:
            request = parse(self.buffer)
            if request is None:
                return
            self._serve(request)

    def _serve(self, request: Request) -> None:
        count = self.server.counts.received(request.method, request.path)
        answer = self.server.handler(request)(request, self)
        if isinstance(answer, bytes):
            self._answer(request, count, answer)
            return
        self.busy = True
        if inspect.isawaitable(answer):
            self.task = asyncio.ensure_future(self._later(request, count, answer))

    async def _later(self, request: Request, count: PathCount, answer: Any) -> None:
        whole = await answer
        self.task = None
        if whole is None or self.transport.is_closing():
            return
        self._answer(request, count, whole)
        self.busy = False
        self.data_received(b"")

    def _answer(self, request: Request, count: PathCount, whole: bytes) -> None:
        if request.method == "HEAD":
            whole = whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        self.server.counts.responded(count)  # first: whoever has the answer may ask for the counts at once
        self.transport.write(whole)
        if request.headers.get("connection", "").lower() == "close":
            self.transport.close()

    def reset(self) -> None:
        """Drop the connection with RST."""
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
