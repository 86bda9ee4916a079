"""Handlers of the JSON interface: bags, scans, the dashboard's numbers. All need a session."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from readiness.demo.service.bags import (
    KeyUsedBefore,
    NoSuchBag,
    bag_key,
    count_dashboard,
    dashboard_statistics,
    find_bag,
    record_scan,
)
from readiness.demo.service.cache import Cache, Cached
from readiness.demo.service.parts import ServiceParts, parts_of
from readiness.demo.service.sessions import UserSession, read_session

_QR_MAX_LENGTH = 64
_KEY_MAX_LENGTH = 100
_RUN_ID_MAX_LENGTH = 64
_NO_STORE = {"Cache-Control": "no-store"}


class LoginRequired(Exception):
    """Nobody is logged in."""


async def bag(request: Request) -> Response:
    """GET /api/bags/{qr}."""
    parts, _ = _logged_in(request)
    return _cached(parts.cache, await find_bag(parts.cache, parts.database, _qr(request)))


async def scan(request: Request) -> Response:
    """POST /api/bags/{qr}/scan: 201, or 200 with the first answer when this bag had the Idempotency-Key before.

    The scan is committed before it is answered. A key of another bag's scan is 422.
    """
    parts, session = _logged_in(request)
    key = request.headers.get("idempotency-key")
    if key is not None and not 1 <= len(key) <= _KEY_MAX_LENGTH:
        return JSONResponse({"error": f"Idempotency-Key must have 1 to {_KEY_MAX_LENGTH} characters"}, 400)
    run_id = request.headers.get("x-run-id")
    if run_id is not None and not 1 <= len(run_id) <= _RUN_ID_MAX_LENGTH:
        return JSONResponse({"error": f"X-Run-Id must have 1 to {_RUN_ID_MAX_LENGTH} characters"}, 400)
    try:
        written = await record_scan(parts.database, _qr(request), session.user_id, key, run_id)
    except KeyUsedBefore:
        return JSONResponse({"error": "this Idempotency-Key belongs to a scan of another bag"}, 422)
    # The bag's own answer changed, and its parent's, which lists it. The dashboard promises 30 s, not the instant.
    # Also for a repeated key: its first try may have ended between the commit and this line.
    changed = (written.qr,) if written.parent_qr is None else (written.qr, written.parent_qr)
    await parts.cache.invalidate(*(bag_key(qr) for qr in changed))
    answer = {"qr": written.qr, "scan": written.scan_id, "scanned_at": written.scanned_at}
    return JSONResponse(answer, 201 if written.new else 200, headers=_NO_STORE)


async def dashboard_stats(request: Request) -> Response:
    """GET /api/dashboard-stats: counted anew each time."""
    parts, _ = _logged_in(request)
    return Response(await count_dashboard(parts.database), media_type="application/json", headers=_NO_STORE)


async def dashboard_stats_cached(request: Request) -> Response:
    """GET /api/dashboard-stats-cached: at most 30 s old."""
    parts, _ = _logged_in(request)
    return _cached(parts.cache, await dashboard_statistics(parts.cache, parts.database))


def _logged_in(request: Request) -> tuple[ServiceParts, UserSession]:
    parts = parts_of(request)
    session = read_session(request, parts.settings.secret)
    if session is None:
        raise LoginRequired
    return parts, session


def _qr(request: Request) -> str:
    qr: str = request.path_params["qr"]
    if len(qr) > _QR_MAX_LENGTH or not qr.isascii() or not qr.isprintable():
        raise NoSuchBag
    return qr


def _cached(cache: Cache, answer: Cached) -> Response:
    headers = {**_NO_STORE, "X-Cache": cache.told(answer)}
    return Response(answer.value, media_type="application/json", headers=headers)
