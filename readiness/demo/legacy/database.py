"""A small pool of connections, each held by the thread that waits for its answer. No retry, no circuit breaker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import psycopg
from psycopg_pool import ConnectionPool

CONNECTIONS = 5
_WAIT_S = 30.0

LegacyPool: TypeAlias = ConnectionPool[psycopg.Connection[tuple[object, ...]]]
_Row = tuple[object, ...]


def open_pool(database_url: str) -> LegacyPool:
    """All connections, opened."""
    pool: LegacyPool = ConnectionPool(
        database_url,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        timeout=_WAIT_S,
        kwargs={"autocommit": True, "application_name": "bag-tracker"},
        open=False,
    )
    pool.open(wait=True)
    return pool


def fetch_one(pool: LegacyPool, query: bytes, parameters: Mapping[str, object] | None = None) -> _Row | None:
    """The first row of `query`; raises psycopg.Error."""
    with pool.connection() as connection:
        return connection.execute(query, parameters).fetchone()
