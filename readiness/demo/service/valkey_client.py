"""A client of Valkey or Redis for one event loop: one connection, commands of many requests in one write.

The usual client spends more CPU on a look-up than the rest of the service on the whole request. This one speaks the
same protocol through the same parser (hiredis), and what is asked in one turn of the loop goes out together.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias, cast
from urllib.parse import unquote, urlsplit

import hiredis

_TIMEOUT_S = 0.25
"""For connecting, and for each answer."""

Reply: TypeAlias = "bytes | int | list[Reply] | None"


class ValkeyDown(Exception):
    """No connection, no answer in time, or an answer that is an error."""


class ValkeyClient:
    """Connects when it is first asked, and again after a failure; no retries, so that a caller's fall-back is quick."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._address = (address.hostname or "127.0.0.1", address.port or 6379)
        self._password = unquote(address.password or "")
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[_Connection] | None = None

    async def ask(self, *command: str | bytes | int) -> Reply:
        """The reply to one command; raises ValkeyDown."""
        connection = self._connection
        if connection is None or connection.lost:
            if self._connecting is None:
                self._connecting = asyncio.create_task(self._connect())
            # One attempt for all who ask meanwhile: one after the other would wait for a dead server in turn.
            connection = await asyncio.shield(self._connecting)
        return await connection.ask(command)

    def close(self) -> None:
        """Close the connection; what still waits gets ValkeyDown."""
        if self._connection is not None:
            self._connection.end("closed")

    async def _connect(self) -> _Connection:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                _, connection = await asyncio.get_running_loop().create_connection(_Connection, *self._address)
            if self._password:
                await connection.ask(("AUTH", self._password))
            self._connection = connection
            return connection
        except OSError as error:  # TimeoutError too
            raise ValkeyDown(f"no connection: {error}") from error
        finally:
            self._connecting = None


class _Connection(asyncio.Protocol):
    """Replies come in the order of the commands."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[asyncio.Future[Reply], float]] = deque()
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._watched = False
        self.lost = False

    def ask(self, command: tuple[str | bytes | int, ...]) -> asyncio.Future[Reply]:
        """A future of the reply; it fails with ValkeyDown."""
        reply: asyncio.Future[Reply] = self._loop.create_future()
        if self.lost:
            reply.set_exception(ValkeyDown("the connection is lost"))
            return reply
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(hiredis.pack_command(command))  # type: ignore[arg-type]  # its stub means a tuple of one
        self._waiting.append((reply, self._loop.time()))
        if not self._watched:
            self._watched = True
            self._loop.call_later(_TIMEOUT_S, self._watch)
        return reply

    def end(self, reason: str) -> None:
        """Give up; everybody who waits gets ValkeyDown."""
        self.lost = True
        if self._transport is not None:
            self._transport.abort()
        while self._waiting:
            reply, _ = self._waiting.popleft()
            if not reply.done():
                reply.set_exception(ValkeyDown(reason))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self.end("the connection was lost")

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        try:
            self._reader.feed(data)
            while (answer := self._reader.gets()) is not False:
                reply, _ = self._waiting.popleft()
                if reply.done():  # whoever asked has gone
                    continue
                if isinstance(answer, hiredis.ReplyError):
                    reply.set_exception(ValkeyDown(str(answer)))
                else:
                    reply.set_result(answer)
        except (hiredis.ProtocolError, IndexError):
            self.end("the answer makes no sense")

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is not None and not self.lost:
            self._transport.write(b"".join(unsent))

    def _watch(self) -> None:
        """One timer for all: it checks the command that has waited longest."""
        if not self._waiting:
            self._watched = False
            return
        left_s = self._waiting[0][1] + _TIMEOUT_S - self._loop.time()
        if left_s <= 0:
            self.end(f"no answer within {_TIMEOUT_S:g} s")
        else:
            self._loop.call_later(left_s, self._watch)
