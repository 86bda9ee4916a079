"""Connections to PostgreSQL: 10 kept, 20 more under pressure, none older than five minutes, none used unchecked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import psycopg
from psycopg_pool import AsyncConnectionPool

KEPT = 10
OVERFLOW = 20
MAX_LIFETIME_S = 300.0
_WAIT_S = 2.0
"""How long a request may wait for a connection before it fails."""
RECONNECT_S = 2.0
RETRIES = 2
"""How often a request may meet a broken connection before it fails."""

ServicePool: TypeAlias = AsyncConnectionPool[psycopg.AsyncConnection[tuple[object, ...]]]


def create_pool(database_url: str) -> ServicePool:
    """A closed pool; the caller opens it. Every statement is its own transaction."""
    return AsyncConnectionPool(
        database_url,
        min_size=KEPT,
        max_size=KEPT + OVERFLOW,
        max_lifetime=MAX_LIFETIME_S,
        timeout=_WAIT_S,
        # Attempts end soon, and the next request starts a new one: after an outage nobody waits for an old back-off.
        reconnect_timeout=RECONNECT_S,
        kwargs={"autocommit": True, "prepare_threshold": 1, "application_name": "bag-tracker"},
        open=False,
    )


async def fetch_one(
    pool: ServicePool, query: bytes, parameters: Mapping[str, object] | None = None, *, repeatable: bool = True
) -> tuple[object, ...] | None:
    """The first row of `query`; asked again when the connection broke and asking twice does no harm.

    The connection is checked here and not by the pool's `check` option: after each dead connection that option
    waits, a second and then twice as long, so that a database's restart would cost requests many seconds.
    """
    for tries_left in range(RETRIES, -1, -1):
        asked = broken = False
        try:
            async with pool.connection() as connection:
                try:
                    await AsyncConnectionPool.check_connection(connection)
                    asked = True
                    cursor = await connection.execute(query, parameters)
                    return await cursor.fetchone()
                finally:
                    broken = connection.broken
        except psycopg.OperationalError:
            if not broken or not tries_left or (asked and not repeatable):
                raise
            await pool.check()  # one dead connection is seldom alone
    raise AssertionError("unreachable")


def pool_statistics(pool: ServicePool) -> dict[str, int]:
    """Counters since the start, and the pool's size now."""
    counters = pool.get_stats()
    return {
        "requests": counters.get("requests_num", 0),
        "errors": counters.get("requests_errors", 0),
        "waited": counters.get("requests_queued", 0),
        "waited_ms": counters.get("requests_wait_ms", 0),
        "waiting": counters.get("requests_waiting", 0),
        "size": counters.get("pool_size", 0),
        "available": counters.get("pool_available", 0),
        "max": counters.get("pool_max", 0),
    }
