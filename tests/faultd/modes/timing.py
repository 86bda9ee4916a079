"""Answers that come late, slowly or never."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from tests.faultd.layers import Handler
from tests.faultd.modes.service import serve
from tests.faultd.wire import Request, head

if TYPE_CHECKING:
    from tests.faultd.server import Connection


def delay(delay_ms: float = 100.0) -> Handler:
    """The good answer, never earlier than `delay_ms` after the request."""

    async def wait(request: Request, connection: Connection, due: float) -> bytes:
        while (left := due - time.perf_counter()) > 0:  # a timer may fire a clock tick early
            await asyncio.sleep(left)
        return serve(request, connection)

    def answer(request: Request, connection: Connection) -> Awaitable[bytes]:
        return wait(request, connection, time.perf_counter() + delay_ms / 1000)

    return answer


def degrade(every_s: float = 1.0, more_ms: float = 10.0, from_ms: float = 5.0) -> Handler:
    """The good answer, later and later: `more_ms` with each `every_s` since the first."""
    began: float | None = None

    def answer(request: Request, connection: Connection) -> Awaitable[bytes]:
        nonlocal began
        now = time.perf_counter()
        began = now if began is None else began
        inner: Awaitable[bytes] = delay(from_ms + more_ms * (now - began) / every_s)(request, connection)  # type: ignore[assignment]
        return inner

    return answer


def hang() -> Handler:
    """Read and never answer."""
    return lambda request, connection: None


def freeze(span_s: float = 1.0) -> Handler:
    """Stand still once for `span_s`, everything with it; then go on as if nothing had been."""
    frozen = False

    def answer(request: Request, connection: Connection) -> bytes:
        nonlocal frozen
        if not frozen:
            frozen = True
            time.sleep(span_s)
        return serve(request, connection)

    return answer


def drip(every_ms: float = 1000.0, size: int = 60) -> Handler:
    """A body of `size` bytes, one byte at a time."""

    async def answer(request: Request, connection: Connection) -> bytes | None:
        connection.transport.write(head(200, size))
        for _ in range(size - 1):
            connection.transport.write(b"1")
            await asyncio.sleep(every_ms / 1000)
        return b"1"

    return answer


def endless(chunk: int = 65_536) -> Handler:
    """A chunked body that never ends; it stops when the client leaves."""
    block = f"{chunk:x}\r\n".encode() + b"x" * chunk + b"\r\n"

    async def answer(request: Request, connection: Connection) -> None:
        transport = connection.transport
        transport.write(head(200, None, "text/plain"))
        while not transport.is_closing():
            if transport.get_write_buffer_size() < chunk:
                transport.write(block)
            await asyncio.sleep(0)

    return answer
