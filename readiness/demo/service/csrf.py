"""Forms come from our own pages: a nonce in a cookie, and in the form a signature over it that only we can make.

Other writes are JSON and rest on the session cookie's SameSite=Lax: browsers do not send it with a foreign POST.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from starlette.requests import HTTPConnection
from starlette.responses import Response

_COOKIE = "csrf"
FIELD = "csrf_token"
_LIFETIME_S = 3600


def new_nonce() -> str:
    """What the cookie holds."""
    return secrets.token_urlsafe(16)


def token_for(nonce: str, secret: str) -> str:
    """What the form's hidden field holds."""
    return hmac.new(secret.encode(), f"csrf {nonce}".encode(), hashlib.sha256).hexdigest()


def set_nonce(response: Response, nonce: str, *, tls: bool) -> None:
    """Set the cookie on `response`."""
    response.set_cookie(_COOKIE, nonce, max_age=_LIFETIME_S, path="/", secure=tls, httponly=True, samesite="strict")


def is_ours(request: HTTPConnection, token: str, secret: str) -> bool:
    """Whether the form's token belongs to the request's cookie."""
    nonce = request.cookies.get(_COOKIE, "")
    return bool(nonce) and hmac.compare_digest(token_for(nonce, secret).encode(), token.encode())
