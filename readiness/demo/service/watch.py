"""Handlers for whoever watches the service: health, statistics, metrics. No session, no rate limit."""

from __future__ import annotations

import asyncio

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from readiness.demo.service import prometheus
from readiness.demo.service.circuit_breaker import CircuitOpen
from readiness.demo.service.parts import ServiceParts, parts_of
from readiness.demo.service.pool import pool_statistics

READY_TIMEOUT_S = 1.0
_NO_STORE = {"Cache-Control": "no-store"}


async def live(request: Request) -> Response:
    """GET /health/live: the process answers. Asks nobody, so that a dead database does not get the service killed."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


async def ready(request: Request) -> Response:
    """GET /health/ready and /health: asks database and cache, within READY_TIMEOUT_S.

    Without the database, with its circuit open, or while it drains: 503.
    Without the cache the service is slower, not broken: 200.
    """
    parts = parts_of(request)
    database, cache = await asyncio.gather(_database_answers(parts), _cache_answers(parts))
    serves = database and not parts.draining.on
    answer = {
        "status": "draining"
        if parts.draining.on
        else "ok"
        if database and cache
        else "degraded"
        if database
        else "down",
        "database": "ok" if database else "down",
        "cache": parts.cache.backend if cache else f"down, {parts.cache.backend} serves",
    }
    return JSONResponse(answer, 200 if serves else 503, headers=_NO_STORE)


async def stats(request: Request) -> Response:
    """GET /stats: counters since the start; `instance` changes with every start."""
    parts = parts_of(request)
    answer = {
        "instance": parts.monitor.instance,
        "cache": parts.cache.statistics(),
        "pool": pool_statistics(parts.database.pool),
        "requests": parts.monitor.requests(),
        "endpoints": parts.monitor.summary(),
        "circuit_breakers": {
            "database": parts.database.breaker.statistics(),
            "cache": parts.cache.breaker.statistics(),
        },
        "rate_limit": parts.limiter.statistics(),
        "logins": parts.passwords.statistics(),
    }
    return JSONResponse(answer, headers=_NO_STORE)


async def metrics(request: Request) -> Response:
    """GET /metrics."""
    return Response(prometheus.render(parts_of(request)), media_type=prometheus.MEDIA_TYPE, headers=_NO_STORE)


async def _database_answers(parts: ServiceParts) -> bool:
    try:
        await parts.database.fetch_one(b"select 1", within_s=READY_TIMEOUT_S)
    except (psycopg.Error, CircuitOpen):
        return False
    return True


async def _cache_answers(parts: ServiceParts) -> bool:
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            return await parts.cache.ping()
    except TimeoutError:
        return False
