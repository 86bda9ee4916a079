"""A prepared request of requests' as bytes: the same lines in the same order as urllib3 writes them."""

from __future__ import annotations

import re
from typing import Any

from requests import PreparedRequest
from urllib3.connection import _get_default_user_agent
from urllib3.util import SKIP_HEADER

from readiness.load.http.request import Origin

_METHOD = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NAME = re.compile(rb"[^:\s][^:\r\n]*")
_BAD_VALUE = re.compile(rb"[\r\n\x00]")
_BAD_TARGET = re.compile("[\x00-\x20\x7f]")


def wire_of(prepared: PreparedRequest, target: str, origin: Origin) -> bytes | None:
    """`target` is path and query. None where only urllib3 knows what to do: streams, odd headers and methods."""
    body: Any = prepared.body
    if isinstance(body, str):
        body = body.encode()
    elif body is not None and type(body) is not bytes:
        return None
    fields = _fields(prepared.headers.items())
    method = str(prepared.method)
    if fields is None or not _METHOD.fullmatch(method) or _BAD_TARGET.search(target) or not target.isascii():
        return None
    names = {name.lower() for name, _ in fields}
    lines = [f"{method} {target} HTTP/1.1".encode()]
    if b"transfer-encoding" in names:
        return None
    if b"host" not in names:
        host = f"[{origin.host}]" if ":" in origin.host else origin.host
        if not host.isascii():
            return None
        default = 443 if origin.secure else 80
        lines.append(f"Host: {host}".encode() if origin.port == default else f"Host: {host}:{origin.port}".encode())
    if b"accept-encoding" not in names:
        lines.append(b"Accept-Encoding: identity")
    if b"content-length" not in names and (body or method in ("POST", "PUT", "PATCH")):
        lines.append(b"Content-Length: %d" % len(body or b""))
    if b"user-agent" not in names:
        lines.append(b"User-Agent: " + _get_default_user_agent().encode())
    lines += [name + b": " + value for name, value in fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def _fields(items: Any) -> list[tuple[bytes, bytes]] | None:
    found = []
    for name, value in items:
        try:
            if type(name) is str:
                name = name.encode("ascii")
            if type(value) is str:
                if value == SKIP_HEADER:
                    return None
                value = value.encode("latin-1")
        except UnicodeEncodeError:
            return None
        if type(name) is not bytes or type(value) is not bytes:
            return None
        if not _NAME.fullmatch(name) or _BAD_VALUE.search(value):
            return None
        found.append((name, value))
    return found
