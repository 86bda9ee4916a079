"""Connections that break."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.faultd.layers import Handler
from tests.faultd.modes.service import serve
from tests.faultd.wire import Request, head

if TYPE_CHECKING:
    from tests.faultd.server import Connection


def die() -> Handler:
    """The service is gone from this request on."""

    def answer(request: Request, connection: Connection) -> None:
        connection.server.die()

    return answer


def deaf() -> Handler:
    """The service hangs before `accept` from this request on: its listener's queue is full, no connection is left."""

    def answer(request: Request, connection: Connection) -> None:
        connection.server.stop_accepting()

    return answer


def rst() -> Handler:
    """Headers and half of the body, then RST."""

    async def answer(request: Request, connection: Connection) -> None:
        connection.transport.write(head(200, 2_000) + b"x" * 1_000)
        await asyncio.sleep(0.005)  # let the half arrive: RST discards what was not read
        connection.reset()

    return answer


def close(when: str = "before") -> Handler:
    """Close `before` anything was sent, or within the `headers`."""

    def answer(request: Request, connection: Connection) -> None:
        if when == "headers":
            connection.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: appli")
        connection.transport.close()

    if when not in ("before", "headers"):
        raise ValueError(f"close: when is before or headers, not {when}")
    return answer


def truncated() -> Handler:
    """Promise 1,000 bytes, send 10, close cleanly."""

    def answer(request: Request, connection: Connection) -> None:
        connection.transport.write(head(200, 1_000) + b"0123456789")
        connection.transport.close()

    return answer


def hangup() -> Handler:
    """A good answer on a connection that is closed right after it, without saying so."""

    def answer(request: Request, connection: Connection) -> bytes:
        asyncio.get_running_loop().call_soon(connection.transport.close)
        return serve(request, connection)

    return answer


def garbage() -> Handler:
    """Bytes that are not HTTP."""

    def answer(request: Request, connection: Connection) -> None:
        connection.transport.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        connection.transport.close()

    return answer
