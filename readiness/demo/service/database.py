"""The way to PostgreSQL: the pool behind a circuit breaker, timed."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from readiness.demo.service.circuit_breaker import RECOVERY_S, CircuitBreaker
from readiness.demo.service.pool import ANSWER_S, ServicePool, fetch_one
from readiness.demo.service.timing import spent


class ServiceDatabase:
    """Asks for one row. Raises psycopg.Error, or CircuitOpen while the database is known to be gone."""

    def __init__(self, pool: ServicePool, *, recovery_s: float = RECOVERY_S) -> None:
        self.pool = pool
        self.breaker = CircuitBreaker("the database", (psycopg.OperationalError,), recovery_s=recovery_s)

    async def fetch_one(
        self,
        query: bytes,
        parameters: Mapping[str, object] | None = None,
        *,
        repeatable: bool = True,
        within_s: float = ANSWER_S,
    ) -> tuple[object, ...] | None:
        """The first row of `query`; asked again when the connection broke and asking twice does no harm."""
        with spent("db"):
            return await self.breaker.call(
                lambda: fetch_one(self.pool, query, parameters, repeatable=repeatable, within_s=within_s)
            )
