"""Waking at a given time: gevent's timers have a grain of a millisecond, Linux's timerfd one of some microseconds."""

from __future__ import annotations

import ctypes
import os
import time
from typing import Any

import gevent

GRAIN_S = 0.0002
"""Nearer than this nobody is woken: what is due meanwhile is sent together, and the engine keeps its CPU."""
_MONOTONIC, _NONBLOCK_CLOEXEC, _ABSOLUTE = 1, 0x80800, 1


class _Times(ctypes.Structure):
    """`struct itimerspec`: how often, and when first."""

    _fields_ = (
        ("every_s", ctypes.c_long),
        ("every_ns", ctypes.c_long),
        ("at_s", ctypes.c_long),
        ("at_ns", ctypes.c_long),
    )


class Alarm:
    """For one greenlet at a time."""

    def __init__(self) -> None:
        self._hub = gevent.get_hub()
        self._libc, self._fd = _timer()
        self._watcher: Any = self._hub.loop.io(self._fd, 1) if self._fd >= 0 else None

    def sleep_until(self, at_s: float) -> None:
        """Let others run until `at_s` (`perf_counter`); at once when it has passed."""
        now_s = time.perf_counter()
        if at_s <= now_s:
            return
        at_s = max(at_s, now_s + GRAIN_S)
        if self._watcher is None:
            gevent.sleep(at_s - now_s)
            return
        whole_s = int(at_s)
        when = _Times(0, 0, whole_s, int((at_s - whole_s) * 1e9) + 1)  # all zeros would put it out
        self._libc.timerfd_settime(self._fd, _ABSOLUTE, ctypes.byref(when), None)
        self._hub.wait(self._watcher)
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return  # woken before it rang

    def close(self) -> None:
        """Give its descriptor back."""
        if self._watcher is not None:
            self._watcher.close()
            os.close(self._fd)
            self._watcher = None


def _timer() -> tuple[Any, int]:
    """The C library and a timer's descriptor; -1 where there are none, or where perf_counter is another clock."""
    if "CLOCK_MONOTONIC)" not in time.get_clock_info("perf_counter").implementation:
        return None, -1
    try:
        libc = ctypes.CDLL(None)
        return libc, int(libc.timerfd_create(_MONOTONIC, _NONBLOCK_CLOEXEC))
    except (AttributeError, OSError):
        return None, -1
