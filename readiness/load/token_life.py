"""How long a token lasts, as the answer that brought it says (OAuth2, RFC 6749) or a JWT says of itself (RFC 7519)."""

from __future__ import annotations

import base64
import json
import math
import time


def life_s(answer: object, token: str) -> float | None:
    """Seconds from now until the token ends, as the answer or the token tells; None when nothing does."""
    said = _number(answer.get("expires_in")) if isinstance(answer, dict) else None
    return said if said is not None else _life_of_jwt_s(token)


def _life_of_jwt_s(token: str) -> float | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    if not isinstance(claims, dict) or (end := _number(claims.get("exp"))) is None:
        return None
    begin = _number(claims.get("iat"))  # by the service's clock, as its end is
    return end - (begin if begin is not None else time.time())


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None
