"""Free loopback ports. Another process may win the port before the server binds it: callers try again."""

from __future__ import annotations

import socket

TRIES = 5
"""How often a server is started again after it lost the race for its port."""


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_was_lost(log: str) -> bool:
    """Whether a server's log says that somebody else has its port."""
    return "address already in use" in log.lower()
