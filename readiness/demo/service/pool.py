"""Connections to PostgreSQL: 10 kept, 20 more under pressure, none older than five minutes, no closed one used."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import select
import socket
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import psycopg
from psycopg_pool import AsyncConnectionPool

KEPT = 10
OVERFLOW = 20
MAX_LIFETIME_S = 300.0
_WAIT_S = 1.0
"""How long a request may wait for a connection before it fails."""
ANSWER_S = 2.0
"""How long a request may wait for the database in all."""
_CONNECT_S = 2
"""How long an attempt to connect may take; psycopg takes no less."""
_RETRIES = 2
"""How often a request may lose its connection before it fails."""
_BACK_OFF_S = 0.05
"""The longest wait before the first retry; each further one may wait twice as long."""

ServicePool: TypeAlias = AsyncConnectionPool[psycopg.AsyncConnection[tuple[object, ...]]]


def create_pool(database_url: str) -> ServicePool:
    """A closed pool; the caller opens it. Every statement is its own transaction."""
    return AsyncConnectionPool(
        database_url,
        min_size=KEPT,
        max_size=KEPT + OVERFLOW,
        max_lifetime=MAX_LIFETIME_S,
        timeout=_WAIT_S,
        # Attempts end at once, and the next request starts a new one: after an outage nobody waits for an old back-off.
        # How often requests ask while the database is away is the circuit breaker's business.
        reconnect_timeout=0.0,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 1,
            "application_name": "bag-tracker",
            "connect_timeout": _CONNECT_S,
        },
        open=False,
    )


async def fetch_one(
    pool: ServicePool,
    query: bytes,
    parameters: Mapping[str, object] | None = None,
    *,
    repeatable: bool = True,
    within_s: float = ANSWER_S,
) -> tuple[object, ...] | None:
    """The first row of `query`; asked again when the connection broke and asking twice does no harm.

    Raises psycopg.OperationalError after `within_s` at the latest.
    """
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + within_s
    for retry in range(_RETRIES + 1):
        connection = await _living(pool, ends_s)
        try:
            with _hung_up(connection, ends_s - loop.time()):
                cursor = await connection.execute(query, parameters)
                return await cursor.fetchone()
        except psycopg.OperationalError:
            if not connection.broken or not repeatable or retry == _RETRIES or loop.time() >= ends_s:
                raise
        finally:
            await pool.putconn(connection)
        # Everybody lost the connection at the same moment; they must not all come back at the same moment too.
        await asyncio.sleep(random.uniform(0, _BACK_OFF_S * 2**retry))
    raise AssertionError("unreachable")


async def _living(pool: ServicePool, ends_s: float) -> psycopg.AsyncConnection[tuple[object, ...]]:
    """A connection that the server has not closed. It is checked, not asked: that would cost each query a trip."""
    loop = asyncio.get_running_loop()
    while True:
        connection = await pool.getconn(min(_WAIT_S, ends_s - loop.time()))
        if not _has_news(connection):
            return connection
        await connection.close()
        await pool.putconn(connection)


def _has_news(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> bool:
    """Whether something came unasked, which on a connection of ours is only ever its end."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


@contextlib.contextmanager
def _hung_up(connection: psycopg.AsyncConnection[tuple[object, ...]], after_s: float) -> Iterator[None]:
    """Cut the line when the block takes longer: whoever waits on it gets an error at once.

    Cancelling the task would not do: psycopg then asks the server to cancel the query, and waits for its answer.
    """

    def cut() -> None:
        with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)

    timer = asyncio.get_running_loop().call_later(max(after_s, 0.0), cut)
    try:
        yield
    finally:
        timer.cancel()


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
