"""What the server saw. Written by the event loop, read by the control thread."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_PATHS = 2_000
MOST_ENTRIES = 200_000


@dataclass(slots=True)
class PathCount:
    """One path; times are seconds since the server started."""

    requests: int = 0
    responses: int = 0
    first_s: float | None = None
    last_s: float | None = None


@dataclass(slots=True)
class Counts:
    """All of it."""

    connections: int = 0
    total: PathCount = field(default_factory=PathCount)
    paths: dict[str, PathCount] = field(default_factory=dict)
    log: list[tuple[float, str, str]] = field(default_factory=list)
    """(received at, method, path), the first MOST_ENTRIES of them."""
    started: float = field(default_factory=time.monotonic)

    def received(self, method: str, path: str) -> PathCount:
        """A request was received whole; the return value takes its response."""
        now = time.monotonic() - self.started
        one = self.paths.get(path)
        if one is None:
            one = self.paths.setdefault(path if len(self.paths) < MOST_PATHS else "…", PathCount())
        for count in (one, self.total):
            count.requests += 1
            count.last_s = now
            if count.first_s is None:
                count.first_s = now
        if len(self.log) < MOST_ENTRIES:
            self.log.append((now, method, path))
        return one

    def responded(self, one: PathCount) -> None:
        """The response to a request of `one` was handed to the kernel whole."""
        one.responses += 1
        self.total.responses += 1

    def as_json(self) -> dict[str, Any]:
        """Everything but the log."""
        paths = {path: asdict(count) for path, count in list(self.paths.items())}
        return {"connections": self.connections, **asdict(self.total), "paths": paths}
