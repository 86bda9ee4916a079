"""The answer cache: Valkey with fall-back to memory and back, counted, and computed once however many ask at once."""

from __future__ import annotations

import asyncio
import fnmatch
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from readiness.demo.service.circuit_breaker import RECOVERY_S, CircuitBreaker, CircuitOpen
from readiness.demo.service.stores import MemoryStore, Store, StoreUnavailable, ValkeyStore
from readiness.demo.service.timing import spent

DASHBOARD_TTL_S = 30.0
BAG_TTL_S = 60.0
USER_TTL_S = 300.0

T = TypeVar("T")
Compute = Callable[[], Awaitable[bytes]]


class Cached(NamedTuple):
    """An answer, and whether the cache had it."""

    value: bytes
    hit: bool


class Cache:
    """`get` answers from the cache or computes; `invalidate` after every write that changes an answer.

    Keys are `kind:rest`; hits and misses are also counted by kind. Whoever waits for another's computation is a miss:
    the cache did not have it. Invalidation is exact within one service process, also against a computation that began
    before the write; other processes' computations may put back an answer that is old by at most its time to live.
    """

    def __init__(
        self,
        valkey: ValkeyStore | None,
        *,
        recovery_s: float = RECOVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._valkey = valkey
        self._memory = MemoryStore(clock=clock)
        self._fallen_back = False
        self._coming_back = asyncio.Lock()
        self._flights: dict[str, asyncio.Task[bytes]] = {}
        self.breaker = CircuitBreaker("the cache", (StoreUnavailable,), recovery_s=recovery_s, clock=clock)
        self.hits: Counter[str] = Counter()
        self.misses: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.coalesced = 0
        self.fallbacks = 0

    @property
    def backend(self) -> str:
        """The store that serves now."""
        return self._memory.name if self._valkey is None or self._fallen_back else self._valkey.name

    async def get(self, key: str, ttl_s: float, compute: Compute) -> Cached:
        """The cached answer for `key`, else what `compute` gives; its errors reach everybody who waits for it."""
        kind = key.partition(":")[0]
        value = await self._on_store(lambda store: store.get(key))
        if value is not None:
            self.hits[kind] += 1
            return Cached(value, True)
        self.misses[kind] += 1
        flight = self._flights.get(key)
        # A task of its own, shielded: one client that goes away must not take the answer from the others.
        if flight is not None:
            self.coalesced += 1
            with spent("cache"):
                return Cached(await asyncio.shield(flight), False)
        flight = asyncio.create_task(self._compute(key, ttl_s, compute))
        flight.add_done_callback(_retrieve)
        self._flights[key] = flight
        return Cached(await asyncio.shield(flight), False)

    def told(self, answer: Cached) -> str:
        """What a client is told of its answer in X-Cache; counted apart, since not every look-up becomes an answer."""
        word = "HIT" if answer.hit else "MISS"
        self.answers[word] += 1
        return word

    async def invalidate(self, *patterns: str) -> None:
        """Forget every answer whose key matches one of `patterns` (a key, or a glob such as `bag:*`)."""
        for pattern in patterns:
            for key in fnmatch.filter(list(self._flights), pattern):
                del self._flights[key]
            await self._forget(pattern)

    async def ping(self) -> bool:
        """Whether the preferred store serves; asks it, unless its circuit is open."""
        await self._on_store(lambda store: store.get("ping:"))
        return self._valkey is None or not self._fallen_back

    def statistics(self) -> dict[str, object]:
        """Counters since the start, in total and by kind of answer."""
        kinds = sorted({*self.hits, *self.misses})
        return {
            "backend": self.backend,
            "hits": self.hits.total(),
            "misses": self.misses.total(),
            "answers": {"hits": self.answers["HIT"], "misses": self.answers["MISS"]},
            "coalesced": self.coalesced,
            "fallbacks": self.fallbacks,
            "kinds": {kind: {"hits": self.hits[kind], "misses": self.misses[kind]} for kind in kinds},
        }

    async def _compute(self, key: str, ttl_s: float, compute: Compute) -> bytes:
        flight = asyncio.current_task()
        try:
            value = await compute()
            if self._flights.get(key) is flight:  # else a write came in between: the value is old already
                await self._on_store(lambda store: store.put(key, value, ttl_s))
            return value
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]

    async def _forget(self, pattern: str) -> None:
        await self._on_store(lambda store: store.remove(pattern))

    async def _on_store(self, operation: Callable[[Store], Awaitable[T]]) -> T:
        with spent("cache"):
            valkey = self._valkey
            if valkey is not None:
                try:
                    return await self.breaker.call(lambda: self._on_valkey(valkey, operation))
                except StoreUnavailable:
                    self.fallbacks += not self._fallen_back
                    self._fallen_back = True
                except CircuitOpen:
                    pass  # memory serves meanwhile
            return await operation(self._memory)

    async def _on_valkey(self, valkey: ValkeyStore, operation: Callable[[Store], Awaitable[T]]) -> T:
        if self._fallen_back:
            async with self._coming_back:
                if self._fallen_back:  # still: nobody came back while we waited for the lock
                    # Valkey missed the invalidations of its absence, so what it still holds goes first.
                    await valkey.remove("*")
                    await self._memory.remove("*")
                    self._fallen_back = False
        return await operation(valkey)


def _retrieve(flight: asyncio.Task[bytes]) -> None:
    """Take the error of a computation whose askers have all gone, so that nobody logs it as forgotten."""
    if not flight.cancelled():
        flight.exception()
