"""Well-formed answers that are wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.faultd.layers import Answer, Handler
from tests.faultd.modes.service import serve
from tests.faultd.wire import Request, reply

if TYPE_CHECKING:
    from tests.faultd.server import Connection


def status(
    code: int = 500,
    reason: str | None = None,
    text: str = '{"error": "no"}',
    content_type: str = "application/json",
) -> Handler:
    """Always `code`."""
    whole = reply(code, text.encode(), content_type, reason=reason)
    return lambda request, connection: whole


def body(
    text: str = "", content_type: str = "application/json", code: int = 200, headers: dict[str, str] | None = None
) -> Handler:
    """Always the body `text`."""
    whole = reply(code, text.encode("utf-8", "surrogateescape"), content_type, (headers or {}).items())
    return lambda request, connection: whole


def redirect(location: str = "/login", code: int = 302) -> Handler:
    """Send the client elsewhere."""
    whole = reply(code, b"", headers=[("Location", location)])
    return lambda request, connection: whole


def echo() -> Handler:
    """Repeat what the client sent, in every place that a report may show."""

    def answer(request: Request, connection: Connection) -> bytes:
        sent = " ".join(
            [
                *(request.headers.get(name, "") for name in ("authorization", "cookie", "x-api-key")),
                request.body.decode(),
            ]
        )
        line = " ".join(sent.split()) or "nothing"
        return reply(500, f'{{"you sent": "{line}"}}'.encode(), headers=[("X-Echo", line)], reason=line)

    return answer


def favours(who: str = "readiness/", delay_ms: float = 0.0, text: str = "", code: int = 200) -> Handler:
    """The good answer at once for the User-Agent that begins with `who`; for others later, or another one."""

    async def other(request: Request, connection: Connection) -> bytes:
        await asyncio.sleep(delay_ms / 1000)
        return reply(code, text.encode()) if text else serve(request, connection)

    def answer(request: Request, connection: Connection) -> Answer:
        if request.headers.get("user-agent", "").startswith(who):
            return serve(request, connection)
        return other(request, connection)

    return answer
