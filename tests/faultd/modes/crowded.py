"""A service that is quick for so many at once, and slow for more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.faultd.layers import Handler
from tests.faultd.modes.service import serve
from tests.faultd.wire import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.faultd.server import Connection


def crowded(at_most: int = 8, quick_ms: float = 20.0, slow_ms: float = 200.0) -> Handler:
    """The good answer after `quick_ms`; after `slow_ms` for everybody who asks while more than `at_most` wait."""
    waiting = 0

    async def wait(request: Request, connection: Connection) -> bytes:
        nonlocal waiting
        waiting += 1
        try:
            await asyncio.sleep((quick_ms if waiting <= at_most else slow_ms) / 1000)
        finally:
            waiting -= 1
        return serve(request, connection)

    def answer(request: Request, connection: Connection) -> Awaitable[bytes]:
        return wait(request, connection)

    return answer
