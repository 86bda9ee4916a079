"""Content codings of an answer's body, undone when a scenario asks for it, never beyond a cap."""

from __future__ import annotations

import json
import zlib
from typing import Any

import msgspec

from readiness.load.http.failures import Failure

MAX_CODINGS = 3

_decode_json = msgspec.json.Decoder().decode


def decoded(body: bytes, content_encoding: str, cap_bytes: int) -> bytes:
    """`body` without its gzip or deflate coding; an unknown coding (br, zstd) is left as it is.

    Raises Failure: `too_large` beyond `cap_bytes` (a bomb), `protocol` for damaged data.
    """
    codings = [coding.strip().lower() for coding in content_encoding.split(",") if coding.strip()]
    if len(codings) > MAX_CODINGS:
        raise Failure("protocol", f"{len(codings)} content codings on top of each other")
    for coding in reversed(codings):
        if coding in ("gzip", "x-gzip"):
            body = _inflate(body, 16 + zlib.MAX_WBITS, cap_bytes)
        elif coding == "deflate":
            # the standard means zlib's format, some servers send bare deflate
            zlib_format = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
            body = _inflate(body, zlib.MAX_WBITS if zlib_format else -zlib.MAX_WBITS, cap_bytes)
        elif coding != "identity":
            return body
    return body


def json_of(body: bytes) -> Any:
    """What `json.loads` gives, several times faster. Raises what it raises: JSONDecodeError, UnicodeDecodeError."""
    try:
        return _decode_json(body)
    except (ValueError, RecursionError):  # NaN, UTF-16, or no JSON at all: then with the error that all know
        return json.loads(body)


def _inflate(body: bytes, wbits: int, cap_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while body:
        inflater = zlib.decompressobj(wbits)
        try:
            part = inflater.decompress(body, cap_bytes - size + 1)
        except zlib.error as problem:
            raise Failure("protocol", f"the compressed body is damaged: {problem}") from None
        size += len(part)
        if size > cap_bytes:
            raise Failure("too_large", f"more than {cap_bytes} bytes once decompressed")
        if not inflater.eof:
            raise Failure("truncated", "the compressed body ends early")
        parts.append(part)
        body = inflater.unused_data if wbits > zlib.MAX_WBITS else b""  # gzip may have members, one after another
    return b"".join(parts)
