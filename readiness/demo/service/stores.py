"""Where cached answers lie: Valkey, shared and bounded by its own limit, or the memory of this process."""

from __future__ import annotations

import fnmatch
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

TIMEOUT_S = 0.25
NAMESPACE = "bag-tracker:"
SCAN_BATCH = 500
GLOB = frozenset("*?[")


class StoreUnavailable(Exception):
    """The store did not answer in time."""


class Store(Protocol):
    """Bytes by key, each with a time to live. A pattern is a key, or a glob with `*`, `?` or `[…]`."""

    name: str

    async def get(self, key: str) -> bytes | None:
        """The value, None when there is none or it has expired."""
        ...

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keep `value` for `ttl_s` seconds."""
        ...

    async def remove(self, pattern: str) -> None:
        """Forget every key that matches."""
        ...


class MemoryStore:
    """A bounded dictionary; what was used longest ago goes first."""

    name = "memory"

    def __init__(self, max_entries: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._max_entries = max_entries
        self._clock = clock

    async def get(self, key: str) -> bytes | None:
        """The value, None when there is none or it has expired."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        expires_s, value = entry
        if self._clock() >= expires_s:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return value

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keep `value` for `ttl_s` seconds."""
        self._entries[key] = (self._clock() + ttl_s, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    async def remove(self, pattern: str) -> None:
        """Forget every key that matches."""
        if not GLOB & set(pattern):
            self._entries.pop(pattern, None)
            return
        for key in fnmatch.filter(list(self._entries), pattern):
            del self._entries[key]


def valkey_client(url: str) -> Redis:
    """A client that gives up within TIMEOUT_S; its default retries make one call to a dead server take seconds."""
    return Redis.from_url(
        url, retry=None, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, health_check_interval=0
    )


class ValkeyStore:
    """A Valkey or Redis server; every failure is StoreUnavailable, within TIMEOUT_S."""

    name = "valkey"

    def __init__(self, url: str) -> None:
        self._client = valkey_client(url)

    async def get(self, key: str) -> bytes | None:
        """The value, None when there is none or it has expired."""
        try:
            value = await self._client.get(NAMESPACE + key)
        except (RedisError, OSError) as error:
            raise StoreUnavailable from error
        return value.encode() if isinstance(value, str) else value

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keep `value` for `ttl_s` seconds."""
        try:
            await self._client.set(NAMESPACE + key, value, px=round(ttl_s * 1000))
        except (RedisError, OSError) as error:
            raise StoreUnavailable from error

    async def remove(self, pattern: str) -> None:
        """Forget every key that matches, in batches: KEYS would stop the server for everybody."""
        try:
            if not GLOB & set(pattern):
                await self._client.unlink(NAMESPACE + pattern)
                return
            keys: AsyncIterator[bytes] = self._client.scan_iter(match=NAMESPACE + pattern, count=SCAN_BATCH)
            batch = [key async for key in keys]
            for start in range(0, len(batch), SCAN_BATCH):
                await self._client.unlink(*batch[start : start + SCAN_BATCH])
        except (RedisError, OSError) as error:
            raise StoreUnavailable from error

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
