"""`python -m readiness.demo.service`: serve on the socket that the parent bound, until SIGTERM or SIGINT.

SIGTERM drains: for a second readiness says 503 and every answer closes its connection, while another process serves
the same socket; then it ends. SIGINT ends it at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn

from readiness.demo.service.app import create_app
from readiness.demo.service.settings import SETTINGS_VARIABLE, Draining, from_environment

_STOP_TIMEOUT_S = 1
_KEEP_ALIVE_S = 75
"""Longer than handlers pause: a client that asks just when its connection is closed gets no answer."""


_DRAIN_S = 1.0
_LAST_S = 0.5
"""After the last connection was let in: so long may its request take to arrive."""


class _Server(uvicorn.Server):
    """Drains before it ends."""

    def __init__(self, config: uvicorn.Config, draining: Draining) -> None:
        super().__init__(config)
        self._draining = draining

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal has come."""
        if sig != signal.SIGTERM or self._draining.on:
            super().handle_exit(sig, frame)
            return
        self._draining.on = True
        close = (b"connection", b"close")
        self.config.encoded_headers.append(close)
        self.server_state.default_headers = [*self.server_state.default_headers, close]
        threading.Timer(_DRAIN_S, super().handle_exit, (sig, None)).start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in, answer who is in, end."""
        if self._draining.on:
            for server in self.servers:
                server.close()
            await asyncio.sleep(_LAST_S)
        await super().shutdown(sockets)


def main() -> int:
    """Serve."""
    if SETTINGS_VARIABLE not in os.environ:
        sys.stderr.write(f"{SETTINGS_VARIABLE} is not set: start the service with `readiness demo`\n")
        return 2
    settings = from_environment(os.environ)
    del os.environ[SETTINGS_VARIABLE]
    draining = Draining()
    config = uvicorn.Config(
        create_app(settings, draining),
        loop="auto",  # uvloop where there is one
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # nobody stands in front of us: whoever sends X-Forwarded-For makes it up
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_TIMEOUT_S,
    )
    # Not by uvicorn's `fd`: it takes that for a Unix socket and leaves out TCP_NODELAY, which costs 40 ms a page.
    listener = socket.socket(fileno=settings.listen_fd)
    _Server(config, draining).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
