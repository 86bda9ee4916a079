"""The healthy service that lies below every fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.faultd.layers import Handler
from tests.faultd.wire import Request, reply

if TYPE_CHECKING:
    from tests.faultd.server import Connection

HTML = "text/html; charset=utf-8"
MARKER = 'data-user="tester"'
"""What a page shows only to somebody who is logged in."""

_PAGE = '<!doctype html><html lang="en"><head><title>{0}</title></head><body {1}><h1>{0}</h1></body></html>'
_HIT = reply(200, b'{"ok": true}', headers=[("X-Cache", "HIT")])
_MISS = reply(200, b'{"ok": true}', headers=[("X-Cache", "MISS")])
_FIXED = {
    "/": reply(200, _PAGE.format("Home", "").encode(), HTML),
    "/health": reply(200, b'{"status": "ok", "database": "ok"}'),
    "/dashboard": reply(200, _PAGE.format("Dashboard", MARKER).encode(), HTML),
}
_LOGIN = reply(200, _PAGE.format("Log in", "").encode(), HTML)
_LOGGED_IN = reply(200, b'{"ok": true}', headers=[("Set-Cookie", "session=s3ss10n; HttpOnly; SameSite=Lax; Path=/")])
_MISSING = reply(404, b'{"error": "no such page"}')


def serve(request: Request, connection: Connection) -> bytes:
    """The answer of a service that has no trouble."""
    path = request.path
    if path.startswith("/api/"):
        return _MISS if connection.server.counts.total.requests % 10 == 0 else _HIT
    if path == "/login":
        return _LOGGED_IN if request.method == "POST" else _LOGIN
    if path == "/stats":
        return _counters(connection.server.counts.total.requests)
    return _FIXED.get(path, _MISSING)


def _counters(requests: int, hits: int = 0, misses: int = 0, more_hits: int = 9, more_misses: int = 1) -> bytes:
    document = {
        "cache": {"hits": hits + more_hits * requests, "misses": misses + more_misses * requests},
        "pool": {"requests": requests, "errors": 0},
    }
    return reply(200, json.dumps(document).encode())


def ok() -> Handler:
    """No fault."""
    return serve


def stats(hits: int = 0, misses: int = 0, more_hits: int = 0, more_misses: int = 0) -> Handler:
    """Counters that begin at `hits` and `misses` and grow with every request that the server saw."""
    return lambda request, connection: _counters(
        connection.server.counts.total.requests, hits, misses, more_hits, more_misses
    )
