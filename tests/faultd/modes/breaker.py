"""A service with a circuit breaker, honest or not: `…/fails`, `…/works` and `…/state` below the layer's paths."""

from __future__ import annotations

import asyncio
import json
import math
import time
from typing import TYPE_CHECKING

from tests.faultd.layers import Answer, Handler
from tests.faultd.wire import Request, reply

if TYPE_CHECKING:
    from tests.faultd.server import Connection


def breaker(
    failures: int = 5,
    declared_s: int | None = 1,
    open_s: float = 1.0,
    slow_ms: float = 0.0,
    says: str = "",
    refusal: int = 503,
    refuses: int = 0,
) -> Handler:
    """Opens after `failures` in a row for `open_s`, declares `declared_s` in Retry-After.

    It stays open until it has refused `refuses` requests too: whoever asks for them late on a busy machine is refused.
    `says` is its word for the state once something failed; without it, the truth.
    """
    row = failed = 0
    to_refuse = 0
    opened_at_s = -math.inf

    def is_open() -> bool:
        return to_refuse > 0 or time.monotonic() < opened_at_s + open_s

    async def later(delay_ms: float, answer: bytes) -> bytes:
        await asyncio.sleep(delay_ms / 1000)
        return answer

    def answer(request: Request, connection: Connection) -> Answer:
        nonlocal row, failed, opened_at_s, to_refuse
        if request.path.endswith("/state"):
            return reply(200, json.dumps({"state": (failed and says) or ("open" if is_open() else "closed")}).encode())
        if is_open():
            to_refuse -= 1
            headers = [] if declared_s is None else [("Retry-After", str(declared_s))]
            return reply(refusal, b'{"error": "open"}', headers=headers)
        if request.path.endswith("/works"):
            row = 0
            return reply(200, b'{"ok": true}')
        row, failed = row + 1, failed + 1
        if row >= failures:
            opened_at_s, row, to_refuse = time.monotonic() + slow_ms / 1000, 0, refuses
        return later(slow_ms, reply(500, b'{"error": "dependency"}'))

    return answer
