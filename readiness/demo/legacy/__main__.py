"""`python -m readiness.demo.legacy`: serve on the socket that the parent bound, until SIGTERM."""

from __future__ import annotations

import logging
import os
import socket
import sys

import waitress

from readiness.demo.legacy.app import create_app
from readiness.demo.service.settings import SETTINGS_VARIABLE, from_environment

THREADS = 12
"""More than log in at once in the planned load: whoever watches must get an answer while others hash."""


def main() -> int:
    """Serve."""
    if SETTINGS_VARIABLE not in os.environ:
        sys.stderr.write(f"{SETTINGS_VARIABLE} is not set: start the service with `readiness demo --profile legacy`\n")
        return 2
    settings = from_environment(os.environ)
    del os.environ[SETTINGS_VARIABLE]
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of every request that waits for a thread
    listener = socket.socket(fileno=settings.listen_fd)
    waitress.serve(create_app(settings), sockets=[listener], threads=THREADS, _quiet=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
