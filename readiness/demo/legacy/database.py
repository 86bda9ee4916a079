"""A small pool of connections, each held by the thread that waits for its answer. No retry, no circuit breaker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import psycopg
from psycopg_pool import ConnectionPool

CONNECTIONS = 5
WAIT_S = 30.0

Pool: TypeAlias = ConnectionPool[psycopg.Connection[tuple[object, ...]]]
Row = tuple[object, ...]


def open_pool(database_url: str) -> Pool:
    """All connections, opened."""
    pool: Pool = ConnectionPool(
        database_url,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        timeout=WAIT_S,
        kwargs={"autocommit": True, "application_name": "bag-tracker"},
        open=False,
    )
    pool.open(wait=True)
    return pool


def fetch_one(pool: Pool, query: bytes, parameters: Mapping[str, object] | None = None) -> Row | None:
    """The first row of `query`; raises psycopg.Error."""
    with pool.connection() as connection:
        return connection.execute(query, parameters).fetchone()
