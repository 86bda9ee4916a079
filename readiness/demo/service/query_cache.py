"""`@cached(…)`: a query whose answer is kept. The function gets the cache in front of its own arguments.

@cached(lambda database, qr: f"bag:{qr}", ttl_s=60)
async def find_bag(database: Database, qr: str) -> bytes: …

answer = await find_bag(cache, database, "BAG000001-7919")      # Cached(value, hit)
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec

from readiness.demo.service.cache import Cache, Cached

P = ParamSpec("P")


def cached(
    key: Callable[P, str], *, ttl_s: float
) -> Callable[[Callable[P, Awaitable[bytes]]], Callable[Concatenate[Cache, P], Awaitable[Cached]]]:
    """Keep the query's answer for `ttl_s` under `key(…)`, which gets the query's arguments; errors are not kept."""

    def decorate(query: Callable[P, Awaitable[bytes]]) -> Callable[Concatenate[Cache, P], Awaitable[Cached]]:
        @functools.wraps(query)
        async def ask(cache: Cache, /, *args: P.args, **kwargs: P.kwargs) -> Cached:
            return await cache.get(key(*args, **kwargs), ttl_s, lambda: query(*args, **kwargs))

        return ask

    return decorate
