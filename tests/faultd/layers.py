"""A layer: which requests a fault hits, and when."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tests.faultd.wire import Request

if TYPE_CHECKING:
    from tests.faultd.server import Connection

Answer = bytes | Awaitable[bytes | None] | None
Handler = Callable[[Request, "Connection"], Answer]
"""A mode at work: bytes are a whole response; None means that it took the connection over and nothing more comes."""

NOT_LOAD = ("/", "/health", "/stats")


@dataclass(slots=True)
class Layer:
    """See the table in the package's docstring."""

    mode: str
    options: dict[str, Any] = field(default_factory=dict)
    only: str | None = None
    after: int = 0
    at_s: float = 0.0
    for_s: float = math.inf
    share: float = 1.0
    handler: Handler | None = None
    matched: int = 0
    eligible: int = 0
    first_at: float = 0.0

    def applies(self, path: str) -> bool:
        """Whether this request is hit; counts it."""
        if self.only is None:
            if path in NOT_LOAD:
                return False
        elif not any(fnmatchcase(path, pattern) for pattern in self.only.split()):
            return False
        now = time.monotonic()
        if not self.matched:
            self.first_at = now
        self.matched += 1
        if self.matched <= self.after or not self.at_s <= now - self.first_at < self.at_s + self.for_s:
            return False
        self.eligible += 1
        return int(self.eligible * self.share + 1e-9) > int((self.eligible - 1) * self.share + 1e-9)
