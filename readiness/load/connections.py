"""Connections go to the plan's addresses and nowhere else, whatever client a scenario uses.

Checked at the socket, after name resolution: no redirect, second resolution or absolute URL gets around it.
"""

from __future__ import annotations

import errno
from typing import Any

import gevent.socket

_CONNECT = gevent.socket.socket.connect
_CONNECT_EX = gevent.socket.socket.connect_ex


class NotAllowed(ConnectionRefusedError):
    """A scenario tried to reach a host that the run does not allow."""


def allow_only(addresses: tuple[str, ...], port: int | None = None) -> None:
    """From now on every TCP or UDP connection of this process to another address is refused before it starts.

    It takes the place of what was allowed before. With `port`, also every connection to another port of these is.
    """
    allowed = frozenset(addresses)

    def refuse(address: Any) -> None:
        if not isinstance(address, tuple):
            return
        if str(address[0]).partition("%")[0] not in allowed or (port is not None and address[1] != port):
            raise NotAllowed(errno.ECONNREFUSED, f"{address[0]} is not the target; name it with --allow-host")

    def connect(self: Any, address: Any) -> Any:
        refuse(address)
        return _CONNECT(self, address)

    def connect_ex(self: Any, address: Any) -> Any:
        refuse(address)
        return _CONNECT_EX(self, address)

    gevent.socket.socket.connect = connect
    gevent.socket.socket.connect_ex = connect_ex
