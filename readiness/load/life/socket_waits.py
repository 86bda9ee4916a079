"""At which sockets a greenlet waits that stands in gevent: its frames say so, and cost nobody anything before."""

from __future__ import annotations

from collections.abc import Iterator
from selectors import BaseSelector
from types import FrameType
from typing import Any

import gevent.select
import gevent.socket

from readiness.load.addresses import Addresses
from readiness.load.life.moved_bytes import peer_of


def waits_for(target: Addresses, frame: FrameType | None) -> bool:
    """Whether the greenlet whose innermost frame this is waits for bytes of `target`."""
    peers = (peer_of(fd) for fd in _descriptors(frame))
    return any(isinstance(peer, tuple) and peer[0] in target.all and peer[1] == target.port for peer in peers)


def _descriptors(frame: FrameType | None) -> Iterator[int]:
    """Of the sockets that the innermost frames wait for; none in a sleep, and none at a lock."""
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "gevent":
        here = frame.f_locals
        waiter = here.get("self")
        waiting: list[Any] = [waiter, *(here.get("rlist") or ()), *(here.get("wlist") or ())]  # the lists of `select`
        if isinstance(waiter, gevent.select.poll):
            waiting.extend(waiter.fds)
        elif isinstance(waiter, BaseSelector):
            waiting.extend(waiter.get_map() or ())
        for one in waiting:
            if isinstance(one, gevent.socket.socket):
                yield one.fileno()
            elif isinstance(one, int):
                yield one
        frame = frame.f_back
