"""Rate limits per client, in fixed windows: counted here, settled in Valkey twice a second.

Every answer is decided from memory at once, so neither a slow nor a dead Valkey costs a request anything. Settling adds
this process's new requests to the shared count and takes over the others'; while Valkey is away memory alone counts,
and what it counted is added when Valkey is back. The price: other processes' requests are known half a second late.

A client is the account that is logged in, else the address.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from readiness.demo.service.valkey_client import ValkeyClient, ValkeyDown

SETTLE_EVERY_S = 0.5
MAX_WINDOWS = 100_000
_NAMESPACE = "rate-limit:"


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """At most `requests` per `window_s` and client."""

    requests: int
    window_s: int


DEFAULT, API, AUTH = "default", "api", "auth"
LIMITS: Mapping[str, RequestLimit] = {
    DEFAULT: RequestLimit(2_000_000, 86_400),
    API: RequestLimit(50_000, 3600),
    AUTH: RequestLimit(1000, 3600),
}
"""The limits of the service; where a start sets another, `/stats` and `RateLimit-Policy` show that one."""


class _Window:
    """One client's requests in one window."""

    __slots__ = ("ends_s", "settled", "total")

    def __init__(self, ends_s: int) -> None:
        self.ends_s = ends_s
        self.total = 0
        self.settled = 0
        """How much of `total` Valkey knows."""


@dataclass(frozen=True, slots=True)
class LimitDecision:
    """Whether a request may pass, and what its answer says about the limit."""

    policy: str
    limit: RequestLimit
    remaining: int
    reset_s: int
    allowed: bool

    def headers(self) -> list[tuple[bytes, bytes]]:
        """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), and their three predecessors."""
        limit, window_s = self.limit.requests, self.limit.window_s
        found = [
            (b"ratelimit-policy", f'"{self.policy}";q={limit};w={window_s}'.encode()),
            (b"ratelimit", f'"{self.policy}";r={self.remaining};t={self.reset_s}'.encode()),
            (b"ratelimit-limit", str(limit).encode()),
            (b"ratelimit-remaining", str(self.remaining).encode()),
            (b"ratelimit-reset", str(self.reset_s).encode()),
        ]
        return found if self.allowed else [*found, (b"retry-after", str(self.reset_s).encode())]


class RateLimiter:
    """Counts requests; `settle_forever` runs beside the service."""

    def __init__(
        self, limits: Mapping[str, RequestLimit], valkey: ValkeyClient | None, clock: Callable[[], float] = time.time
    ) -> None:
        self.limits = limits
        self.refused = 0
        self._valkey = valkey
        self._clock = clock
        self._windows: dict[tuple[str, str, int], _Window] = {}
        self._valkey_answers = valkey is not None

    @property
    def backend(self) -> str:
        """Where the counts are shared."""
        return "valkey" if self._valkey_answers else "memory"

    def count(self, policy: str, client: str) -> LimitDecision:
        """Count one request of `client` and decide; a refused one is not counted."""
        limit = self.limits[policy]
        now_s = self._clock()
        begin_s = int(now_s) // limit.window_s * limit.window_s
        key = (policy, client, begin_s)
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= MAX_WINDOWS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[key] = _Window(begin_s + limit.window_s)
        allowed = window.total < limit.requests
        window.total += allowed
        self.refused += not allowed
        reset_s = max(1, window.ends_s - int(now_s))
        return LimitDecision(policy, limit, max(0, limit.requests - window.total), reset_s, allowed)

    async def settle_forever(self) -> None:
        """Settle until cancelled."""
        while True:
            await asyncio.sleep(SETTLE_EVERY_S)
            await self.settle()

    async def settle(self) -> None:
        """Add our counts to Valkey's, take over the others', and forget windows that ended."""
        now_s = self._clock()
        for key in [key for key, window in self._windows.items() if window.ends_s <= now_s]:
            del self._windows[key]
        if self._valkey is None:
            return
        counts = ((key, window, window.total - window.settled) for key, window in self._windows.items())
        sent = [(key, window, new) for key, window, new in counts if new]
        try:
            await self._valkey.ask("PING")
            shared_counts = await asyncio.gather(
                *(self._add(self._valkey, key, window, new) for key, window, new in sent)
            )
        except ValkeyDown:
            self._valkey_answers = False
            return
        self._valkey_answers = True
        for (_, window, new), shared in zip(sent, shared_counts, strict=True):
            others = shared - window.settled - new
            window.total += max(0, others)  # below zero: Valkey forgot, and is told again next time
            window.settled = shared

    async def _add(self, valkey: ValkeyClient, key: tuple[str, str, int], window: _Window, new: int) -> int:
        name = _NAMESPACE + ":".join(map(str, key))
        shared, _ = await asyncio.gather(
            valkey.ask("INCRBY", name, new), valkey.ask("EXPIREAT", name, window.ends_s + 1)
        )
        return shared if isinstance(shared, int) else 0

    def statistics(self) -> dict[str, object]:
        """The limits in force, whether a start raised them, and how many requests were refused."""
        return {
            "backend": self.backend,
            "refused": self.refused,
            "policies": {
                name: {
                    "limit": limit.requests,
                    "window_s": limit.window_s,
                    "raised": name in LIMITS and limit.requests > LIMITS[name].requests,
                }
                for name, limit in self.limits.items()
            },
        }
