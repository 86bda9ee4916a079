"""A request of geventhttpclient's as bytes, written by geventhttpclient itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from geventhttpclient.client import HTTPClient

from readiness.load.http.request import Origin


@lru_cache
def _writer(host: str, port: int) -> HTTPClient:
    """One for all sessions: what it writes depends on the request alone, and it never connects."""
    return HTTPClient(host, port)


def fast_wire(request: Any, origin: Origin) -> tuple[bytes, bytes] | None:
    """Head and body. None where only geventhttpclient knows what to do: files, streams, `Expect`, another place.

    Raises what it raises for a request that cannot be written.
    """
    body = request.payload
    if not body:
        body = b""
    elif isinstance(body, str):
        body = body.encode("utf-8")
    elif type(body) is not bytes:
        return None
    if "transfer-encoding" in request.headers or "expect" in request.headers or not _is_of(request.url_split, origin):
        return None
    head = _writer(origin.host, origin.port)._build_request(
        request.method.upper(), request.url_split.quoted_uri, body=body, headers=request.headers, chunked=False
    )
    return head.encode("latin-1"), body


def _is_of(url: Any, origin: Origin) -> bool:
    try:
        place = (url.scheme, url.host, url.port)
    except ValueError:
        return False
    return place == ("https" if origin.secure else "http", origin.host, origin.port) and "@" not in url.netloc
