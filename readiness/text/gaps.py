"""A text without what layout and wrapping put between its characters, with the way back.

A folded header, a wrapped line of base64 or YAML, `xxd`, a long string that Python prints in parts: all of them break a
word without changing it.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from readiness.text.decoding import Span

_PLAIN = bytes(range(33)) + b"\"'\x7f"
"""Control characters, blanks and quotes."""
_WIDE = (
    rb"\xc2[\xa0\xad]|\xcd\x8f|\xe1\xa0\x8e|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xe2\x81[\x9f-\xaf]|\xe3\x80\x80"
    rb"|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf|\xf3\xa0[\x80-\x81][\x80-\xbf]"
)
"""Blanks and invisible characters of Unicode."""
_WIDE_GAP = re.compile(_WIDE)
_GAP = re.compile(rb"(?:[\0- \"'\x7f]|%b)+" % _WIDE)


def without(text: bytes) -> bytes:
    """`text` (UTF-8) without gaps."""
    return _WIDE_GAP.sub(b"", text.translate(None, _PLAIN))


def origins(text: bytes, spans: list[Span]) -> list[Span]:
    """Where spans of `without(text)` stand in `text`, gaps inside included."""
    starts, removed, total = [], [0], 0
    for match in _GAP.finditer(text):
        starts.append(match.start() - total)  # where in the short text the gap is missing
        total += match.end() - match.start()
        removed.append(total)

    def origin(at: int) -> int:
        return at + removed[bisect_right(starts, at)]

    return [(origin(start), origin(end - 1) + 1) for start, end in spans]
