"""Which limit a request falls under and whose it is: the ASGI layer that asks rate_limit.py before the application."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from readiness.demo.service.parts import ServiceParts
from readiness.demo.service.rate_limit import API, AUTH, DEFAULT
from readiness.demo.service.sessions import read_session

EXEMPT = frozenset({"/health", "/health/live", "/health/ready", "/stats", "/metrics"})
"""Whoever watches the service must not be locked out by its load."""


class RateLimiting:
    """429 with Retry-After over the limit; `RateLimit-*` headers on every limited answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, and pass it on if it may."""
        if scope["type"] != "http" or scope["path"] in EXEMPT:
            await self._app(scope, receive, send)
            return
        parts: ServiceParts = scope["state"]["parts"]
        policy = _policy(scope)
        decision = parts.limiter.count(policy, _client(scope, parts, policy))
        headers = decision.headers()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += headers
            await send(message)

        if decision.allowed:
            await self._app(scope, receive, send_with_headers)
        else:
            answer = JSONResponse({"error": "too many requests"}, 429)
            await answer(scope, receive, send_with_headers)


def _policy(scope: Scope) -> str:
    if scope["path"] == "/login" and scope["method"] == "POST":
        return AUTH
    return API if scope["path"].startswith("/api/") else DEFAULT


def _client(scope: Scope, parts: ServiceParts, policy: str) -> str:
    """The account, else the address. Log-ins count for the address: whoever guesses passwords has no account."""
    session = None if policy == AUTH else read_session(HTTPConnection(scope), parts.settings.secret)
    if session is not None:
        return f"user-{session.user_id}"
    return str(scope["client"][0]) if scope.get("client") else "unknown"
