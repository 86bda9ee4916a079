"""HTTP/1.1 by hand: a request from bytes, a reply to bytes. Nothing is normalised, so that anything can be sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SECURITY_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "geolocation=(), camera=(), microphone=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
    ("RateLimit-Policy", '"default";q=1000000;w=60'),
)
_GOOD = "".join(f"{name}: {value}\r\n" for name, value in SECURITY_HEADERS).encode()
_REASONS = {200: "OK", 302: "Found", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass(slots=True)
class Request:
    """A fully received request."""

    method: str
    path: str
    """Without the query."""
    headers: dict[str, str]
    """Lower-case names; the last of equals wins."""
    body: bytes


def parse(buffer: bytearray) -> Request | None:
    """Take one whole request off the front of `buffer`; None while it is incomplete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    stop = end + 4 + int(headers.get("content-length", "0"))
    if len(buffer) < stop:
        return None
    body = bytes(buffer[end + 4 : stop])
    del buffer[:stop]
    method, _, rest = first.partition(" ")
    return Request(method, rest.partition(" ")[0].partition("?")[0], headers, body)


def head(
    code: int,
    length: int | None,
    content_type: str = "application/json",
    headers: Iterable[tuple[str, str]] = (),
    reason: str | None = None,
) -> bytes:
    """Status line and headers, the good security headers among them; chunked when `length` is None."""
    text = reason if reason is not None else _REASONS.get(code, "Status")
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    own = "".join(f"{name}: {value}\r\n" for name, value in headers)
    top = f"HTTP/1.1 {code} {text}\r\nContent-Type: {content_type}\r\n{framing}\r\n{own}"
    return top.encode("utf-8", "surrogateescape") + _GOOD + b"\r\n"


def reply(
    code: int,
    body: bytes,
    content_type: str = "application/json",
    headers: Iterable[tuple[str, str]] = (),
    reason: str | None = None,
) -> bytes:
    """A whole response."""
    return head(code, len(body), content_type, headers, reason) + body
