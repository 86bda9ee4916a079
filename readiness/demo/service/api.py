"""Handlers of the JSON interface: bags, scans, the dashboard's numbers. All but /health and /stats need a session."""

from __future__ import annotations

import asyncio

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from readiness.demo.service.bags import KeyUsedBefore, NoSuchBag, dashboard_statistics, find_bag, record_scan
from readiness.demo.service.cache import BAG_TTL_S, DASHBOARD_TTL_S, Cached
from readiness.demo.service.parts import Parts, parts_of
from readiness.demo.service.pool import fetch_one, pool_statistics
from readiness.demo.service.sessions import Session, read_session

QR_MAX_LENGTH = 64
KEY_MAX_LENGTH = 100
RUN_ID_MAX_LENGTH = 64
HEALTH_TIMEOUT_S = 1.0
NO_STORE = {"Cache-Control": "no-store"}


class LoginRequired(Exception):
    """Nobody is logged in."""


async def health(request: Request) -> Response:
    """GET /health: asks the database and the cache. Without the cache the service is slower, not broken: still 200."""
    parts = parts_of(request)
    try:
        async with asyncio.timeout(HEALTH_TIMEOUT_S):
            await fetch_one(parts.pool, b"select 1")
            database = True
    except (TimeoutError, psycopg.Error):
        database = False
    cache = await parts.cache.ping()
    answer = {
        "status": "ok" if database and cache else "degraded" if database else "down",
        "database": "ok" if database else "down",
        "cache": parts.cache.backend if cache else f"down, {parts.cache.backend} serves",
    }
    return JSONResponse(answer, 200 if database else 503, headers=NO_STORE)


async def stats(request: Request) -> Response:
    """GET /stats: counters since the start; `instance` changes with every start."""
    parts = parts_of(request)
    answer = {
        "instance": parts.statistics.instance,
        "cache": parts.cache.statistics(),
        "pool": pool_statistics(parts.pool),
        "requests": parts.statistics.requests(),
        "logins": parts.passwords.statistics(),
    }
    return JSONResponse(answer, headers=NO_STORE)


async def bag(request: Request) -> Response:
    """GET /api/bags/{qr}."""
    parts, _ = _logged_in(request)
    qr = _qr(request)
    return _cached(await parts.cache.get(f"bag:{qr}", BAG_TTL_S, lambda: find_bag(parts.pool, qr)))


async def scan(request: Request) -> Response:
    """POST /api/bags/{qr}/scan: 201, or 200 with the first answer when this bag had the Idempotency-Key before.

    The scan is committed before it is answered. A key of another bag's scan is 422.
    """
    parts, session = _logged_in(request)
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= KEY_MAX_LENGTH:
        return JSONResponse({"error": f"Idempotency-Key must have 1 to {KEY_MAX_LENGTH} characters"}, 400)
    run_id = request.headers.get("x-run-id")
    if run_id is not None and not 1 <= len(run_id) <= RUN_ID_MAX_LENGTH:
        return JSONResponse({"error": f"X-Run-Id must have 1 to {RUN_ID_MAX_LENGTH} characters"}, 400)
    try:
        written = await record_scan(parts.pool, _qr(request), session.user_id, key, run_id)
    except KeyUsedBefore:
        return JSONResponse({"error": "this Idempotency-Key belongs to a scan of another bag"}, 422)
    # The bag's own answer changed, and its parent's, which lists it. The dashboard promises 30 s, not the instant.
    # Also for a repeated key: its first try may have ended between the commit and this line.
    changed = (written.qr,) if written.parent_qr is None else (written.qr, written.parent_qr)
    await parts.cache.invalidate(*(f"bag:{qr}" for qr in changed))
    answer = {"qr": written.qr, "scan": written.scan_id, "scanned_at": written.scanned_at}
    return JSONResponse(answer, 201 if written.new else 200, headers=NO_STORE)


async def dashboard_stats(request: Request) -> Response:
    """GET /api/dashboard-stats: counted anew each time."""
    parts, _ = _logged_in(request)
    return Response(await dashboard_statistics(parts.pool), media_type="application/json", headers=NO_STORE)


async def dashboard_stats_cached(request: Request) -> Response:
    """GET /api/dashboard-stats-cached: at most 30 s old."""
    parts, _ = _logged_in(request)
    return _cached(await parts.cache.get("dashboard:stats", DASHBOARD_TTL_S, lambda: dashboard_statistics(parts.pool)))


def _logged_in(request: Request) -> tuple[Parts, Session]:
    parts = parts_of(request)
    session = read_session(request, parts.settings.secret)
    if session is None:
        raise LoginRequired
    return parts, session


def _qr(request: Request) -> str:
    qr: str = request.path_params["qr"]
    if len(qr) > QR_MAX_LENGTH or not qr.isascii() or not qr.isprintable():
        raise NoSuchBag
    return qr


def _cached(answer: Cached) -> Response:
    headers = {**NO_STORE, "X-Cache": "HIT" if answer.hit else "MISS"}
    return Response(answer.value, media_type="application/json", headers=headers)
