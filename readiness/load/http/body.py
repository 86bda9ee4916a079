"""Content codings of an answer's body, undone to see that it is whole, never beyond a cap."""

from __future__ import annotations

import json
import zlib
from typing import Any

import msgspec

from readiness.load.http.failures import Failure

MAX_CODINGS = 3
MAX_MEMBERS = 1000
"""Of a gzip body; each one costs a decompressor of its own."""
_PIECE_BYTES = 16_384
"""What follows a member of a gzip body is copied once for each member, so it must not be long."""

_decode_json = msgspec.json.Decoder().decode


class Inflater:
    """Undoes gzip or deflate, piece by piece. The output of all pieces is at most `cap_bytes`."""

    def __init__(self, coding: str, cap_bytes: int, *, lenient: bool = False) -> None:
        """`coding` is `gzip` or `deflate`; `lenient` ignores bytes after a gzip body that are none, as browsers do."""
        self._gzip = coding != "deflate"
        self._left_bytes = cap_bytes
        self._cap_bytes = cap_bytes
        self._lenient = lenient
        self._members = 1
        self.ignored = False
        """Whether bytes followed that are no gzip."""
        self._begin = b""
        """Of deflate: its first bytes, until there are two."""
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS) if self._gzip else None

    @property
    def whole(self) -> bool:
        """Whether the compressed data came to its end."""
        return self.ignored or (self._inflater is not None and self._inflater.eof)

    def feed(self, data: bytes) -> bytes:
        """The output of the next piece. Raises Failure: `too_large` (a bomb), `protocol` for damaged data."""
        if self._inflater is None:
            data = self._begin = self._begin + data
            if len(data) < 2:
                return b""
            # the standard means zlib's format, some servers send bare deflate
            zlib_format = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS if zlib_format else -zlib.MAX_WBITS)
        return b"".join(
            part
            for start in range(0, len(data), _PIECE_BYTES)
            for part in self._parts(data[start : start + _PIECE_BYTES])
        )

    def _parts(self, piece: bytes) -> list[bytes]:
        parts = []
        while piece and not self.ignored:
            if self.whole:
                if not self._gzip:
                    break
                self._next_member()
            assert self._inflater is not None
            try:
                part = self._inflater.decompress(piece, self._left_bytes + 1)
            except zlib.error as problem:
                if self._lenient and self._members > 1:
                    self.ignored = True
                    break
                raise Failure("protocol", f"the compressed body is damaged: {problem}") from None
            self._left_bytes -= len(part)
            if self._left_bytes < 0:
                raise Failure("too_large", f"more than {self._cap_bytes} bytes once decompressed")
            parts.append(part)
            piece = self._inflater.unused_data
        return parts

    def _next_member(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise Failure("protocol", f"a gzip body of more than {MAX_MEMBERS} members")
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)


def decoded(body: bytes, content_encoding: str, cap_bytes: int, *, lenient: bool = False) -> bytes:
    """`body` without its gzip or deflate coding; an unknown coding (br, zstd) is left as it is.

    Raises Failure: `too_large` beyond `cap_bytes` (a bomb), `truncated`, and `protocol` for damaged data.
    """
    codings = [coding.strip().lower() for coding in content_encoding.split(",") if coding.strip()]
    if len(codings) > MAX_CODINGS:
        raise Failure("protocol", f"{len(codings)} content codings on top of each other")
    for coding in reversed(codings):
        if coding in ("gzip", "x-gzip", "deflate"):
            if not body:
                continue
            inflater = Inflater(coding, cap_bytes, lenient=lenient)
            body = inflater.feed(body)
            if not inflater.whole:
                raise Failure("truncated", "the compressed body ends early")
        elif coding != "identity":
            return body
    return body


def json_of(body: bytes) -> Any:
    """What `json.loads` gives, several times faster. Raises what it raises: JSONDecodeError, UnicodeDecodeError."""
    try:
        return _decode_json(body)
    except (ValueError, RecursionError):  # NaN, UTF-16, or no JSON at all: then with the error that all know
        return json.loads(body)
