"""The application: the same addresses and answers as the optimised service, the plain way.

Its monitoring is the `X-Response-Time` header. `/stats` has the two pairs of counters without which pool and cache
could not be judged at all: there is no cache, so every look-up is a miss.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import TypeAlias

import psycopg
from flask import Flask, Response, g, redirect, request, session
from psycopg_pool import ConnectionPool
from werkzeug.exceptions import HTTPException

from readiness.demo.legacy.passwords import matches
from readiness.demo.service import pages
from readiness.demo.service.bags import BAG, EARLIER_SCAN, SCAN
from readiness.demo.service.settings import ServiceSettings

_FORM_MAX_BYTES = 8192
_QR_MAX_LENGTH = 64
_KEY_MAX_LENGTH = 100
_RUN_ID_MAX_LENGTH = 64
_HEALTH = b"""
select count(*) from links l join bags c on c.id = l.child_id join bags p on p.id = l.parent_id
where c.kind = 'child' and p.kind = 'parent'
"""
"""What made health slow: it counts the whole hub."""
_DASHBOARD = b"""
select json_build_object(
  'bags', count(*),
  'parents', count(*) filter (where (select count(*) from links l where l.parent_id = b.id) > 0),
  'children', count(*) filter (where (select count(*) from links l where l.child_id = b.id) > 0),
  'links', sum((select count(*) from links l where l.child_id = b.id)),
  'scans', sum((select count(*) from scans s where s.bag_id = b.id)),
  'users', (select count(*) from users))::text
from bags b
"""
"""The dashboard's numbers, the complex way of the seed report: every bag is asked for its links and scans."""
JSON = "application/json"
_Answer = Response | Mapping[str, object] | tuple[Mapping[str, object], int]


class Legacy:
    """Pool, counters and handlers of one process."""

    def __init__(self, pool: LegacyPool) -> None:
        self._pool = pool
        self._instance = secrets.token_hex(8)
        self._lookups = 0
        self._counting = threading.Lock()

    def front(self) -> _Answer:
        """GET /."""
        return Response(pages.front_page())

    def style(self) -> _Answer:
        """GET /style.css."""
        return Response(pages.STYLE, mimetype="text/css")

    def health(self) -> _Answer:
        """GET /health, and the two newer addresses of it: a slow query."""
        self._ask(_HEALTH)
        return {"status": "ok", "database": "ok"}

    def stats(self) -> _Answer:
        """GET /stats: the bare counters."""
        pool = self._pool.get_stats()
        return {
            "instance": self._instance,
            "cache": {"backend": "none", "answers": {"hits": 0, "misses": self._lookups}},
            "pool": {
                "requests": pool.get("requests_num", 0),
                "errors": pool.get("requests_errors", 0),
                "waited_ms": pool.get("requests_wait_ms", 0),
                "size": pool.get("pool_size", 0),
                "available": pool.get("pool_available", 0),
                "max": CONNECTIONS,
            },
        }

    def login_form(self) -> _Answer:
        """GET /login."""
        return _login_form(200, None)

    def login(self) -> _Answer:
        """POST /login: hashes in the thread of the request."""
        token = str(session.get("csrf", ""))
        if not token or not hmac.compare_digest(token.encode(), request.form.get("csrf_token", "").encode()):
            return _login_form(403, "This form has expired. Please try again.")
        name = request.form.get("username", "")
        row = (
            None if "\0" in name else self._ask(b"select id, password_hash from users where name = %(n)s", {"n": name})
        )
        if row is None or not matches(str(row[1]), request.form.get("password", "")):
            return _login_form(401, "Wrong name or password.")
        session.clear()
        session["user_id"], session["user_name"] = row[0], name
        return redirect("/dashboard", 303)  # type: ignore[return-value]  # werkzeug's class, which Flask's is made of

    def dashboard(self) -> _Answer:
        """GET /dashboard."""
        if "user_id" not in session:
            return redirect("/login", 303)  # type: ignore[return-value]
        user = self._ask(b"select display_name from users where id = %(id)s", {"id": session["user_id"]})
        numbers = self._numbers()
        display_name = str(user[0]) if user else session["user_name"]
        return Response(pages.dashboard_page(session["user_name"], display_name, _integers(numbers)))

    def bag(self, qr: str) -> _Answer:
        """GET /api/bags/{qr}."""
        if "user_id" not in session:
            return _login_required()
        row = self._look_up(BAG, {"qr": qr}) if _possible(qr) else None
        return _no_such_bag() if row is None else _computed(str(row[1]))

    def scan(self, qr: str) -> _Answer:
        """POST /api/bags/{qr}/scan."""
        if "user_id" not in session:
            return _login_required()
        key, run_id = request.headers.get("Idempotency-Key"), request.headers.get("X-Run-Id")
        if (key is not None and not 1 <= len(key) <= _KEY_MAX_LENGTH) or (
            run_id is not None and not 1 <= len(run_id) <= _RUN_ID_MAX_LENGTH
        ):
            return {"error": "Idempotency-Key or X-Run-Id is empty or too long"}, 400
        parameters = {"qr": qr, "user_id": session["user_id"], "key": key, "run_id": run_id}
        row = self._ask(SCAN, parameters) if _possible(qr) else None
        if row is None:
            return _no_such_bag()
        if row[2] is not None:
            return {"qr": row[0], "scan": row[2], "scanned_at": row[3]}, 201
        earlier = self._ask(EARLIER_SCAN, parameters)
        if earlier is None:
            return {"error": "this Idempotency-Key belongs to a scan of another bag"}, 422
        return {"qr": row[0], "scan": earlier[0], "scanned_at": earlier[1]}

    def dashboard_stats(self) -> _Answer:
        """GET /api/dashboard-stats and /api/dashboard-stats-cached: counted anew each time."""
        return _computed(self._numbers()) if "user_id" in session else _login_required()

    def _numbers(self) -> str:
        row = self._look_up(_DASHBOARD)
        assert row is not None
        return str(row[0])

    def _look_up(self, query: bytes, parameters: Mapping[str, object] | None = None) -> tuple[object, ...] | None:
        with self._counting:
            self._lookups += 1
        return self._ask(query, parameters)

    def _ask(self, query: bytes, parameters: Mapping[str, object] | None = None) -> tuple[object, ...] | None:
        return fetch_one(self._pool, query, parameters)


def create_app(settings: ServiceSettings) -> Flask:
    """The whole service as one WSGI application; connects to the database."""
    app = Flask("bag-tracker", static_folder=None)
    app.secret_key = settings.secret
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=False,  # served over plain http: a Secure cookie would never come back
        MAX_CONTENT_LENGTH=_FORM_MAX_BYTES,
    )
    legacy = Legacy(open_pool(settings.database_url))
    for path, handler in (
        ("/", legacy.front),
        ("/style.css", legacy.style),
        ("/health", legacy.health),
        ("/health/live", legacy.health),
        ("/health/ready", legacy.health),
        ("/stats", legacy.stats),
        ("/login", legacy.login_form),
        ("/dashboard", legacy.dashboard),
        ("/api/bags/<qr>", legacy.bag),
        ("/api/dashboard-stats", legacy.dashboard_stats),
        ("/api/dashboard-stats-cached", legacy.dashboard_stats),
    ):
        app.add_url_rule(path, path, handler)
    app.add_url_rule("/login", "log in", legacy.login, methods=["POST"])
    app.add_url_rule("/api/bags/<qr>/scan", "scan", legacy.scan, methods=["POST"])
    app.before_request(_begin)
    app.after_request(_headers)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _begin() -> None:
    g.started_s = time.perf_counter()


def _headers(response: Response) -> Response:
    """The seed report's set, and the time."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["X-Response-Time"] = f"{(time.perf_counter() - g.started_s) * 1000:.2f}ms"
    return response


def _http_error(error: HTTPException) -> _Answer:
    status, phrase = error.code or 500, error.name
    if request.path.startswith("/api/"):
        return {"error": phrase.lower()}, status
    return Response(pages.error_page(phrase, f"{status} {phrase}"), status)


def _login_form(status: int, message: str | None) -> Response:
    token = session.setdefault("csrf", secrets.token_urlsafe(16))
    return Response(pages.login_page(token, message=message), status)


def _login_required() -> _Answer:
    return {"error": "log in first"}, 401


def _no_such_bag() -> _Answer:
    return {"error": "no such bag"}, 404


def _possible(qr: str) -> bool:
    return len(qr) <= _QR_MAX_LENGTH and qr.isascii() and qr.isprintable()


def _computed(document: str) -> Response:
    return Response(document, mimetype=JSON, headers={"X-Cache": "MISS"})


def _integers(document: str) -> dict[str, int]:
    return {name: int(value) for name, value in json.loads(document).items()}


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
