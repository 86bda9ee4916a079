"""Where one request's time goes: `with spent("db"): …` anywhere below the request; request_statistics.py sums it up."""

from __future__ import annotations

import time
from contextvars import ContextVar
from types import TracebackType

_Parts = dict[str, float]
"""Seconds by part: `db`, `cache`, `password`."""

_current: ContextVar[_Parts | None] = ContextVar("parts", default=None)


def begin() -> _Parts:
    """A new request begins in this context; what it and the tasks it starts spend goes into the answer."""
    parts: _Parts = {}
    _current.set(parts)
    return parts


class spent:  # noqa: N801  # reads as a word of the with statement
    """Adds the time of its block to one part of the current request."""

    __slots__ = ("_part", "_start_s")

    def __init__(self, part: str) -> None:
        self._part = part
        self._start_s = 0.0

    def __enter__(self) -> None:
        self._start_s = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        parts = _current.get()
        if parts is not None:
            parts[self._part] = parts.get(self._part, 0.0) + time.perf_counter() - self._start_s


def server_timing(parts: _Parts, total_s: float) -> str:
    """The Server-Timing header: every part in ms; `app` is what is left, waiting for the event loop included."""
    app_s = max(total_s - sum(parts.values()), 0.0)
    shown = {"app": app_s, "db": 0.0, "cache": 0.0, **parts}
    return ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in shown.items())
