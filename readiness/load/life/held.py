"""Who holds the load generator: a thread that reads the main thread's line while its event loop does not turn."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from gevent.monkey import get_original

from readiness.load.life.endings import own_place

_SLEEP: Callable[[float], None] = get_original("time", "sleep")
_START: Callable[..., Any] = get_original("_thread", "start_new_thread")
_IDENT: Callable[[], int] = get_original("_thread", "get_ident")
_LOOK_S = 0.2
_HELD_S = 0.5
"""A loop that did not turn for this long is held."""
_WRITTEN_S = 5.0
"""After this long it may never turn again: the place is written where our parent finds it."""


class HeldBy:
    """Reads one number five times a second; costs nothing for a request."""

    def __init__(self, turned_s: Callable[[], float]) -> None:
        """`turned_s` is when the loop turned last (perf_counter); of the thread that makes this."""
        self._turned_s = turned_s
        self._main = _IDENT()
        self._places: Counter[str] = Counter()
        self._over = False

    def start(self) -> None:
        """Watch from now on."""
        _START(self._watch, ())

    def stop(self) -> None:
        """Watch no longer."""
        self._over = True

    def take(self) -> str:
        """`shop.py:9 in look`, where it was seen most often since the last call; empty when it was nowhere."""
        places, self._places = self._places, Counter()
        return next((place.strip(" ()") for place, _ in places.most_common() if place), "")

    def _watch(self) -> None:
        written_s = -1.0
        while not self._over:
            _SLEEP(_LOOK_S)
            turned_s = self._turned_s()
            held_s = time.perf_counter() - turned_s
            if held_s < _HELD_S:
                continue
            place = own_place(sys._current_frames().get(self._main))
            self._places[place] += 1
            if held_s > _WRITTEN_S and place and written_s != turned_s:
                written_s = turned_s
                os.write(2, f"the load generator is held by the locustfile{place}\n".encode(errors="replace"))
