"""A service that is quick for so many at once, and slow for more, or refuses them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.faultd.layers import Handler
from tests.faultd.modes.service import serve
from tests.faultd.wire import Request, reply

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.faultd.server import Connection


def crowded(at_most: int = 8, quick_ms: float = 20.0, slow_ms: float = 200.0, refuses: bool = False) -> Handler:
    """The good answer after `quick_ms`; after `slow_ms` for everybody who asks while more than `at_most` wait.

    With `refuses` those get a 503 then, which no machine is too slow to tell from an answer.
    """
    waiting = 0

    async def wait(request: Request, connection: Connection) -> bytes:
        nonlocal waiting
        waiting += 1
        fits = waiting <= at_most
        try:
            await asyncio.sleep((quick_ms if fits else slow_ms) / 1000)
        finally:
            waiting -= 1
        return serve(request, connection) if fits or not refuses else reply(503, b'{"error": "too many"}')

    def answer(request: Request, connection: Connection) -> Awaitable[bytes]:
        return wait(request, connection)

    return answer
