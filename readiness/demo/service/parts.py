"""The running parts that handlers work with, opened and closed together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from readiness.demo.service.cache import Cache
from readiness.demo.service.passwords import PasswordChecker
from readiness.demo.service.pool import Pool, create_pool
from readiness.demo.service.settings import Settings
from readiness.demo.service.statistics import Statistics
from readiness.demo.service.stores import ValkeyStore


@dataclass(frozen=True, slots=True)
class Parts:
    """One of each system."""

    settings: Settings
    pool: Pool
    cache: Cache
    passwords: PasswordChecker
    statistics: Statistics


@asynccontextmanager
async def open_parts(settings: Settings, statistics: Statistics) -> AsyncIterator[Parts]:
    """Connect everything; returns when the pool is full."""
    valkey = None if settings.cache_url is None else ValkeyStore(settings.cache_url)
    passwords = PasswordChecker()
    try:
        async with create_pool(settings.database_url) as pool:
            await pool.wait()
            yield Parts(settings, pool, Cache(valkey), passwords, statistics)
    finally:
        passwords.close()
        if valkey is not None:
            await valkey.close()


def parts_of(request: Request) -> Parts:
    """The parts that the lifespan put into the application's state."""
    return cast(Parts, request.state.parts)


def is_tls(request: Request) -> bool:
    """Whether the request came over TLS."""
    return request.url.scheme == "https"
