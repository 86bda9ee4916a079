"""Why reading the database failed, in one line without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable

import psycopg
from psycopg import errors

from readiness.database.round_trip import ServerSilent, TooMuch
from readiness.text import clean
from readiness.text.redaction import redact

_PREFIX = re.compile(
    r"^(connection (failed|is bad): |connection to server .*? failed: |FATAL: +|error: )", re.IGNORECASE
)
_FULL = ("too many clients", "too many connections", "remaining connection slots")


def connection_reason(error: Exception, secrets: Iterable[str]) -> str:
    """Why there is no connection: refused, not authenticated, no free connection."""
    text = str(error).partition("\nMultiple connection attempts failed")[0]
    text = clean(redact(text, secrets))
    while (shorter := _PREFIX.sub("", text)) != text:
        text = shorter
    if any(words in text for words in _FULL):
        text = f"too many connections (53300): {text}"
    if isinstance(error, errors.ConnectionTimeout):
        text = "no answer in time"
    if "require_auth" in text or "authentication method requirement" in text:
        text = (
            "the server wants the password in clear, and it was not given; use sslmode=verify-full, or "
            "require_auth=password in the URL where you trust everything on the way"
        )
    return f"cannot connect to the database: {text or type(error).__name__}"


def statement_reason(error: Exception, timeout_s: float, lock_timeout_s: float) -> str:
    """Why a statement has no answer, in the server's words where it has some."""
    if isinstance(error, errors.QueryCanceled):
        return f"cancelled: it took longer than {timeout_s:g} s"
    if isinstance(error, ServerSilent | TooMuch):
        return clean(error)
    if isinstance(error, errors.LockNotAvailable):
        return f"waited longer than {lock_timeout_s:g} s for a lock that another session holds"
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return clean(error.diag.message_primary)
    if isinstance(error, psycopg.OperationalError):
        return f"the connection was lost: {clean(error)}"
    return clean(error) or type(error).__name__
