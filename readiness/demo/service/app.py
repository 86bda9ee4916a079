"""The application: routes, errors, and the layers around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import psycopg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from readiness.demo.service import api, drill, pages, watch, web
from readiness.demo.service.bags import NoSuchBag
from readiness.demo.service.circuit_breaker import CircuitOpen
from readiness.demo.service.parts import ServiceParts, open_parts
from readiness.demo.service.rate_limit_layer import RateLimiting
from readiness.demo.service.request_statistics import Monitor, Monitoring
from readiness.demo.service.security_headers import SecurityHeaders
from readiness.demo.service.settings import Draining, ServiceSettings

_ROUTES = (
    Route("/", web.front),
    Route("/style.css", web.style),
    Route("/health", watch.ready),
    Route("/health/live", watch.live),
    Route("/health/ready", watch.ready),
    Route("/stats", watch.stats),
    Route("/metrics", watch.metrics),
    Route("/login", web.login_form, methods=["GET"]),
    Route("/login", web.login, methods=["POST"]),
    Route("/dashboard", web.dashboard),
    Route("/api/bags/{qr}", api.bag),
    Route("/api/bags/{qr}/scan", api.scan, methods=["POST"]),
    Route("/api/dashboard-stats", api.dashboard_stats),
    Route("/api/dashboard-stats-cached", api.dashboard_stats_cached),
)


def create_app(settings: ServiceSettings, draining: Draining) -> ASGIApp:
    """The whole service as one ASGI application."""
    monitor = Monitor()
    routes = (*_ROUTES, *drill.ROUTES) if settings.tuning.drill else _ROUTES

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, ServiceParts]]:
        async with open_parts(settings, monitor, draining) as parts:
            yield {"parts": parts}

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            HTTPException: _http_error,
            NoSuchBag: _no_such_bag,
            api.LoginRequired: _login_required,
            psycopg.OperationalError: _database_down,
            CircuitOpen: _circuit_open,
            Exception: _bug,
        },
    )
    # Outside Starlette's own error handling, so that a page about a bug of ours has the headers and is counted too.
    names = {route.endpoint: route.path for route in routes}
    return Monitoring(SecurityHeaders(RateLimiting(app)), monitor, names)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(request, error.status_code, dict(error.headers or {}))


async def _no_such_bag(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "no such bag"}, 404)


async def _login_required(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "log in first"}, 401, headers={"WWW-Authenticate": 'Cookie form-action="/login"'})


async def _database_down(request: Request, error: Exception) -> Response:
    return _error(request, 503, {"Retry-After": "2"})


async def _circuit_open(request: Request, error: Exception) -> Response:
    assert isinstance(error, CircuitOpen)
    return _error(request, 503, {"Retry-After": str(error.retry_after_s)})


async def _bug(request: Request, error: Exception) -> Response:
    return _error(request, 500, {})


def _error(request: Request, status: int, headers: dict[str, str]) -> Response:
    phrase = HTTPStatus(status).phrase
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": phrase.lower()}, status, headers=headers)
    return HTMLResponse(pages.error_page(phrase, f"{status} {phrase}"), status, headers=headers)
