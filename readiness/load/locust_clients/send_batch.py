"""Requests of many users go out one right after the other, so that what receives them is woken once for all.

A request of FastHttpUser takes its time to build. geventhttpclient gives way before it sends, with a sleep of no
time in its liveness test; here that is a place in a row that leaves when everybody who is ready has joined it.
"""

from __future__ import annotations

from typing import Any

from gevent import get_hub
from greenlet import getcurrent, greenlet


class SendBatch:
    """Greenlets that are about to send, of one hub."""

    def __init__(self) -> None:
        self._hub: Any = get_hub()
        self._run_callback = self._hub.loop.run_callback
        self._to_hub = greenlet.switch.__get__(self._hub)
        self._waiting: list[Any] = []
        self._leaving: list[Any] = []

    def join(self) -> None:
        """Until the others that are ready have joined too."""
        if get_hub() is not self._hub:
            return  # a thread of the scenario's own: nothing to join there
        if not self._waiting:
            self._run_callback(self._leave)
        me = getcurrent()
        self._waiting.append(me)
        try:
            self._to_hub()
        except BaseException:  # killed, or out of time: nobody may switch here later
            for row in (self._waiting, self._leaving):
                if me in row:
                    row.remove(me)
            raise

    def _leave(self) -> None:
        self._leaving, self._waiting = self._waiting[::-1], []
        while self._leaving:
            self._leaving.pop().switch()
