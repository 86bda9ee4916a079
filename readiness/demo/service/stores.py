"""Where cached answers lie: Valkey, shared and bounded by its own limit, or the memory of this process."""

from __future__ import annotations

import fnmatch
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from readiness.demo.service.valkey_client import Reply, ValkeyClient, ValkeyDown

_NAMESPACE = "bag-tracker:"
SCAN_BATCH = 500
GLOB = frozenset("*?[")
NOTHING = _NAMESPACE.encode()
"""A key that is never set: UNLINK wants at least one."""


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


class ValkeyStore:
    """A Valkey or Redis server; every failure is StoreUnavailable, soon."""

    name = "valkey"

    def __init__(self, client: ValkeyClient) -> None:
        self._client = client

    async def get(self, key: str) -> bytes | None:
        """The value, None when there is none or it has expired."""
        value = await self._ask("GET", _NAMESPACE + key)
        return value if isinstance(value, bytes) else None

    async def put(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keep `value` for `ttl_s` seconds."""
        await self._ask("SET", _NAMESPACE + key, value, "PX", round(ttl_s * 1000))

    async def remove(self, pattern: str) -> None:
        """Forget every key that matches, in batches: KEYS would stop the server for everybody."""
        if not GLOB & set(pattern):
            await self._ask("UNLINK", _NAMESPACE + pattern)
            return
        cursor = b"0"
        while True:
            found = await self._ask("SCAN", cursor, "MATCH", _NAMESPACE + pattern, "COUNT", SCAN_BATCH)
            match found:
                case [bytes(cursor), list(keys)]:
                    await self._ask("UNLINK", *(key for key in [NOTHING, *keys] if isinstance(key, bytes)))
                case _:
                    raise StoreUnavailable
            if cursor == b"0":
                return

    async def _ask(self, *command: str | bytes | int) -> Reply:
        try:
            return await self._client.ask(*command)
        except ValkeyDown as error:
            raise StoreUnavailable from error
