"""Failures of our own connections as the exceptions that geventhttpclient raises, with their cause inside."""

from __future__ import annotations

import errno
import socket
import ssl

from geventhttpclient.response import HTTPConnectionClosed

from readiness.load.http.failures import CLOSED_IN_HEAD, Failure, Unanswered
from readiness.load.locust_clients.checked import unacceptable

_ERRNO = {
    "connect_refused": errno.ECONNREFUSED,
    "local_fds": errno.EMFILE,
    "local_ports": errno.EADDRNOTAVAIL,
    "reset": errno.ECONNRESET,
}


def fast_error(failure: Failure) -> Exception:
    """What sending raises, as FastHttpUser's client knows it; what it retries and wraps is its own business."""
    error = _alike(failure)
    error.__cause__ = failure
    return error


def _alike(failure: Failure) -> Exception:
    kind, detail = failure.failure, failure.detail
    if isinstance(failure, Unanswered):
        return HTTPConnectionClosed("connection closed.")
    if kind in _ERRNO and CLOSED_IN_HEAD not in detail:
        return OSError(_ERRNO[kind], detail)
    if kind in ("connect_timeout", "timeout"):
        return TimeoutError("timed out")
    if kind == "dns":
        return socket.gaierror(socket.EAI_NONAME, detail)
    if kind == "tls":
        return ssl.SSLError(detail)
    return unacceptable(kind, detail)
