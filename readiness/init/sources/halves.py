"""JSON with half a surrogate pair, which browsers write where they cut a text, and which no UTF-8 can hold."""

from __future__ import annotations

import re

_HALF = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_ANY = re.compile(rb"\\u[dD][89a-fA-F]")


def whole(data: bytes) -> bytes:
    """`data` (JSON) without a byte order mark, and with U+FFFD for each half of a pair."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    return _HALF.sub(rb"\\ufffd", data) if _ANY.search(data) else data
