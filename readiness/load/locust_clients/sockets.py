"""Sockets of FastHttpUser's client: they wait in the poll that our own client uses (readiness/load/http/poll.py)."""

from __future__ import annotations

import math
from time import perf_counter
from typing import Any

import gevent.socket

from readiness.load.http.poll import Expired, Waiting, poll_of_this_hub


class PolledSocket(gevent.socket.socket):  # type: ignore[misc]  # gevent tells no types
    """A gevent socket that saves a watcher, a timer and a read in vain for every wait; its timeouts may be 50 ms late.

    Only for `recv` and `sendall`, which are what geventhttpclient calls; the rest is gevent's.
    """

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self._poll = poll_of_this_hub()
        self._place: Waiting | None = None
        self._holds_more = True
        """Whether something may be there that no event will tell of (the poll tells of each arrival once)."""

    @property
    def was_read(self) -> bool:
        """Whether an answer came, or was waited for, before."""
        return self._place is not None

    def recv(self, size: int, flags: int = 0) -> bytes:
        """See socket.recv."""
        place = self._place
        if place is None:
            if flags or self.timeout == 0.0:
                return bytes(super().recv(size, flags))
            place = self._place = Waiting()
            place.fd = self._sock.fileno()
            self._poll.add(place)
        while True:
            if not self._holds_more and not place.closing:
                timeout_s = self.timeout
                place.deadline_s = math.inf if timeout_s is None else perf_counter() + timeout_s
                try:
                    self._poll.wait(place)
                except Expired:
                    place.expired = False
                    raise TimeoutError("timed out") from None
            self._holds_more = False
            try:
                data: bytes = self._sock.recv(size, flags)
            except BlockingIOError:
                place.closing = False
                continue
            self._holds_more = len(data) == size
            return data

    def sendall(self, data: Any, flags: int = 0) -> None:
        """See socket.sendall."""
        sent = 0
        if type(data) is bytes:
            try:
                sent = self._sock.send(data, flags)
            except BlockingIOError:
                sent = 0
            if sent == len(data):
                return
        super().sendall(memoryview(data)[sent:], flags)

    def close(self) -> None:
        """See socket.close."""
        self._leave()
        super().close()

    def detach(self) -> int:
        """See socket.detach; TLS takes the descriptor over like this."""
        self._leave()
        return int(super().detach())

    def _leave(self) -> None:
        place, self._place = self._place, None
        if place is None:
            return
        self._poll.remove(place)
        if place.waiter is not None:  # in another greenlet, which now finds the socket closed
            waiter, place.waiter = place.waiter, None
            self.hub.loop.run_callback(waiter.switch)
