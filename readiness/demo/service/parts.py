"""The running parts that handlers work with, opened and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from readiness.demo.service.cache import Cache
from readiness.demo.service.database import ServiceDatabase
from readiness.demo.service.passwords import PasswordChecker
from readiness.demo.service.pool import create_pool
from readiness.demo.service.rate_limit import API, AUTH, DEFAULT, LIMITS, RateLimiter, RequestLimit
from readiness.demo.service.request_statistics import Monitor
from readiness.demo.service.settings import Draining, ServiceSettings, Tuning
from readiness.demo.service.stores import ValkeyStore
from readiness.demo.service.valkey_client import ValkeyClient


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """One of each system."""

    settings: ServiceSettings
    database: ServiceDatabase
    cache: Cache
    passwords: PasswordChecker
    limiter: RateLimiter
    monitor: Monitor
    draining: Draining


@asynccontextmanager
async def open_parts(settings: ServiceSettings, monitor: Monitor, draining: Draining) -> AsyncIterator[ServiceParts]:
    """Connect everything; returns when the pool is full."""
    valkey = None if settings.cache_url is None else ValkeyClient(settings.cache_url)
    passwords = PasswordChecker()
    limiter = RateLimiter(_limits(settings.tuning), valkey)
    settling = asyncio.create_task(limiter.settle_forever())
    recovery_s = settings.tuning.recovery_s
    try:
        async with create_pool(settings.database_url) as pool:
            await pool.wait()
            store = None if valkey is None else ValkeyStore(valkey)
            database = ServiceDatabase(pool, recovery_s=recovery_s)
            cache = Cache(store, recovery_s=recovery_s)
            yield ServiceParts(settings, database, cache, passwords, limiter, monitor, draining)
    finally:
        settling.cancel()
        passwords.close()
        if valkey is not None:
            valkey.close()


def _limits(tuning: Tuning) -> dict[str, RequestLimit]:
    requests = {DEFAULT: tuning.default_per_day, API: tuning.api_per_hour, AUTH: tuning.auth_per_hour}
    return {name: RequestLimit(requests[name], limit.window_s) for name, limit in LIMITS.items()}


def parts_of(request: Request) -> ServiceParts:
    """The parts that the lifespan put into the application's state."""
    return cast(ServiceParts, request.state.parts)


def is_tls(request: Request) -> bool:
    """Whether the request came over TLS."""
    return request.url.scheme == "https"
