"""Handlers that fail on purpose, so that a circuit breaker can be seen opening; there only when a start asks for them.

Both go through the service's own breaker around the database: while it is open, everything that needs the database is
refused, not these two paths alone.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from readiness.demo.service.parts import parts_of

FAILING = b"select pg_sleep(0.4), pg_cancel_backend(pg_backend_pid()), pg_sleep(60)"
"""A query that takes its time and is then cancelled, as by a statement timeout."""
_NO_STORE = {"Cache-Control": "no-store"}


async def query(request: Request) -> Response:
    """GET /drill/query: a query that works."""
    await parts_of(request).database.fetch_one(b"select 1")
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


async def failing_query(request: Request) -> Response:
    """GET /drill/failing-query: 503 after 0.4 s, because the database cancels it; at once while the breaker is open."""
    await parts_of(request).database.fetch_one(FAILING, repeatable=False)
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)  # never: the query is always cancelled


ROUTES = (Route("/drill/query", query), Route("/drill/failing-query", failing_query))
