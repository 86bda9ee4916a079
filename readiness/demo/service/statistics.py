"""What the service counts about its own requests since its start."""

from __future__ import annotations

import secrets
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Statistics:
    """Requests by class of status; `instance` changes with a restart, across which counters cannot be subtracted."""

    def __init__(self) -> None:
        self.instance = secrets.token_hex(8)
        self._statuses: Counter[str] = Counter()

    def count(self, status: int) -> None:
        """A response was started with `status`."""
        self._statuses[f"{status // 100}xx"] += 1

    def requests(self) -> dict[str, int]:
        """Responses so far; errors are 5xx."""
        return {
            "total": self._statuses.total(),
            "errors": self._statuses["5xx"],
            **{status: self._statuses[status] for status in sorted(self._statuses)},
        }


class CountRequests:
    """ASGI middleware that counts every response's status."""

    def __init__(self, app: ASGIApp, statistics: Statistics) -> None:
        self._app = app
        self._statistics = statistics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and look at the status of what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._statistics.count(message["status"])
            await send(message)

        await self._app(scope, receive, send_and_count)
