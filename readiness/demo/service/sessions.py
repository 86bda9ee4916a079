"""Who is asking: a signed token (JWT) in a cookie, so that a request needs no look-up to be recognised."""

from __future__ import annotations

import functools
import time
from typing import NamedTuple

import jwt
from starlette.requests import HTTPConnection
from starlette.responses import Response

COOKIE = "session"
KNOWN = "bag_tracker.session"
LIFETIME_S = 12 * 3600
"""A shift."""
ALGORITHM = "HS256"


class Session(NamedTuple):
    """A logged-in user."""

    user_id: int
    user_name: str


def start_session(response: Response, session: Session, secret: str, *, tls: bool) -> None:
    """Set the session cookie on `response`.

    Secure only under TLS: browsers and clients never send a Secure cookie back over plain http, and a log-in that
    seems to work but leaves the user anonymous is worse than an honest plain-http cookie on loopback.
    """
    now = int(time.time())
    claims = {"sub": str(session.user_id), "name": session.user_name, "iat": now, "exp": now + LIFETIME_S}
    token = jwt.encode(claims, secret, ALGORITHM)
    response.set_cookie(COOKIE, token, max_age=LIFETIME_S, path="/", secure=tls, httponly=True, samesite="lax")


def read_session(request: HTTPConnection, secret: str) -> Session | None:
    """The session that the request's cookie proves; None for none, an expired or a forged one."""
    scope = request.scope
    if KNOWN not in scope:  # the rate limit asks first, then the handler
        token = request.cookies.get(COOKIE)
        proven = _proven(token, secret) if token else None
        scope[KNOWN] = proven[0] if proven is not None and time.time() < proven[1] else None
    known: Session | None = scope[KNOWN]
    return known


@functools.lru_cache(maxsize=4096)  # a token is valid or not for good; only its end depends on the time
def _proven(token: str, secret: str) -> tuple[Session, float] | None:
    """The session and its end in seconds since the epoch; None for a forged or an expired token."""
    try:
        claims = jwt.decode(token, secret, [ALGORITHM], options={"require": ["exp", "sub", "name"]})
        return Session(int(claims["sub"]), str(claims["name"])), float(claims["exp"])
    except (jwt.InvalidTokenError, ValueError):
        return None
