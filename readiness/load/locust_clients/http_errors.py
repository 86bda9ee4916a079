"""Failures of our own connections as the exceptions that requests would have raised, and Locust unwraps."""

from __future__ import annotations

import errno
import http.client
import ssl
from typing import Any

import requests
from requests import exceptions
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    IncompleteRead,
    InvalidHeader,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)

from readiness.load.http.failures import CLOSED_IN_HEAD, Failure, Truncated, Unanswered
from readiness.load.http.request import Origin

NO_REQUEST = (exceptions.MissingSchema, exceptions.InvalidSchema, exceptions.InvalidURL)
"""What was asked for is no address; these go on to the scenario."""
_ERRNO = {
    "connect_refused": errno.ECONNREFUSED,
    "local_fds": errno.EMFILE,
    "local_ports": errno.EADDRNOTAVAIL,
    "dns": errno.EHOSTUNREACH,
}


def requests_error(failure: Failure, prepared: requests.PreparedRequest, target: str, origin: Origin) -> Any:
    """What a request that came to `failure` raises; the total deadline is the caller's to tell of."""
    pool: Any = (HTTPSConnectionPool if origin.secure else HTTPConnectionPool)(origin.host, origin.port)
    conn: Any = (HTTPSConnection if origin.secure else HTTPConnection)(origin.host, origin.port)
    kind, inner = failure.failure, _inner(failure)
    if kind in _ERRNO:
        new = _caused(NewConnectionError(conn, f"Failed to establish a new connection: {inner}"), inner)
        return _whole(exceptions.ConnectionError, _caused(MaxRetryError(pool, target, new), new), prepared)
    if kind == "connect_timeout":
        late = ConnectTimeoutError(conn, f"Connection to {origin.host} timed out.")
        late = _caused(late, inner)
        return _whole(exceptions.ConnectTimeout, _caused(MaxRetryError(pool, target, late), late), prepared)
    if kind == "tls":
        tls = _caused(SSLError(inner), inner)
        return _whole(exceptions.SSLError, _caused(MaxRetryError(pool, target, tls), tls), prepared)
    said = failure.detail.lower() if kind in ("protocol", "reset") else ""
    if "content-length" in said:
        return _whole(exceptions.InvalidHeader, _caused(InvalidHeader(failure.detail), inner), prepared)
    if kind == "truncated" or "chunk" in said or CLOSED_IN_HEAD in said:
        broken = _caused(ProtocolError(f"Connection broken: {inner!r}", inner), inner)
        return _whole(exceptions.ChunkedEncodingError, broken, prepared)
    return _whole(exceptions.ConnectionError, _caused(ProtocolError("Connection aborted.", inner), inner), prepared)


def _inner(failure: Failure) -> Exception:
    """The exception deepest inside, which is what Locust reports; its cause is `failure`."""
    kind, inner = failure.failure, Exception(failure.detail)
    if kind in _ERRNO:
        inner = OSError(_ERRNO[kind], failure.detail)
    elif kind == "connect_timeout":
        inner = TimeoutError("timed out")
    elif kind == "tls":
        inner = ssl.SSLError(failure.detail)
    elif isinstance(failure, Unanswered) and failure.ended:
        inner = http.client.RemoteDisconnected("Remote end closed connection without response")
    elif isinstance(failure, Truncated):
        inner = IncompleteRead(failure.received_bytes, failure.missing_bytes)
    elif kind == "reset" and CLOSED_IN_HEAD not in failure.detail:
        inner = ConnectionResetError(errno.ECONNRESET, failure.detail)
    elif kind in ("protocol", "reset"):
        inner = http.client.HTTPException(failure.detail)
    else:
        return failure
    inner.__cause__ = failure
    return inner


def _caused(outer: Any, inner: BaseException) -> Any:
    """As if `outer` had been raised while `inner` was handled."""
    outer.__context__ = inner
    return outer


def _whole(kind: Any, inner: Exception, prepared: requests.PreparedRequest) -> Any:
    return _caused(kind(inner, request=prepared), inner)
