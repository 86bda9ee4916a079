"""`python -m readiness.demo.service`: serve on the socket that the parent bound, until SIGTERM."""

from __future__ import annotations

import os
import socket
import sys

import uvicorn

from readiness.demo.service.app import create_app
from readiness.demo.service.settings import SETTINGS_VARIABLE, from_environment

_STOP_TIMEOUT_S = 1
_KEEP_ALIVE_S = 75
"""Longer than handlers pause: a client that asks just when its connection is closed gets no answer."""


def main() -> int:
    """Serve."""
    if SETTINGS_VARIABLE not in os.environ:
        sys.stderr.write(f"{SETTINGS_VARIABLE} is not set: start the service with `readiness demo`\n")
        return 2
    settings = from_environment(os.environ)
    del os.environ[SETTINGS_VARIABLE]
    config = uvicorn.Config(
        create_app(settings),
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
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
