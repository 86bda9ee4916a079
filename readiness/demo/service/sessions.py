"""Who is asking: a signed token (JWT) in a cookie, so that a request needs no look-up to be recognised."""

from __future__ import annotations

import functools
import time
from typing import NamedTuple

import jwt
from starlette.requests import HTTPConnection
from starlette.responses import Response

_COOKIE = "session"
_KNOWN = "bag_tracker.session"
_LIFETIME_S = 12 * 3600
"""A shift."""
ALGORITHM = "HS256"


class UserSession(NamedTuple):
    """A logged-in user."""

    user_id: int
    user_name: str


def start_session(response: Response, session: UserSession, secret: str, *, tls: bool) -> None:
    """Set the session cookie on `response`.

    Secure only under TLS: browsers and clients never send a Secure cookie back over plain http, and a log-in that
    seems to work but leaves the user anonymous is worse than an honest plain-http cookie on loopback.
    """
    now = int(time.time())
    claims = {"sub": str(session.user_id), "name": session.user_name, "iat": now, "exp": now + _LIFETIME_S}
    token = jwt.encode(claims, secret, ALGORITHM)
    response.set_cookie(_COOKIE, token, max_age=_LIFETIME_S, path="/", secure=tls, httponly=True, samesite="lax")


def read_session(request: HTTPConnection, secret: str) -> UserSession | None:
    """The session that the request's cookie proves; None for none, an expired or a forged one."""
    scope = request.scope
    if _KNOWN not in scope:  # the rate limit asks first, then the handler
        token = request.cookies.get(_COOKIE)
        proven = _proven(token, secret) if token else None
        scope[_KNOWN] = proven[0] if proven is not None and time.time() < proven[1] else None
    known: UserSession | None = scope[_KNOWN]
    return known


@functools.lru_cache(maxsize=4096)  # a token is valid or not for good; only its end depends on the time
def _proven(token: str, secret: str) -> tuple[UserSession, float] | None:
    """The session and its end in seconds since the epoch; None for a forged or an expired token."""
    try:
        claims = jwt.decode(token, secret, [ALGORITHM], options={"require": ["exp", "sub", "name"]})
        return UserSession(int(claims["sub"]), str(claims["name"])), float(claims["exp"])
    except (jwt.InvalidTokenError, ValueError):
        return None
