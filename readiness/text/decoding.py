"""One layer of encoding taken off a text, with the way back from each place in it."""

from __future__ import annotations

import html
import re
import sys
from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache

_LEFT_OUT = b"\1"
"""In a decoded text: here a part is missing."""
_MARK = re.compile(rb"[%\\&]")
_ESCAPE = re.compile(
    rb"%[0-9A-Fa-f]{2}|%u[0-9A-Fa-f]{4}"
    rb"|\\u[dD][89ABab][0-9A-Fa-f]{2}\\u[dD][C-Fc-f][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}"
    rb"|\\u\{[0-9A-Fa-f]{1,6}\}|\\[0-3][0-7]{2}|\\[^\0\1]"
    rb"|&#[xX][0-9A-Fa-f]{1,7};|&#[0-9]{1,7};|&[A-Za-z]{2,8};"
)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_BLOCK_BYTES = 1024
"""Kept after an escape without searching for the next one."""

Span = tuple[int, int]
"""From and to, as a slice."""


def undo(view: bytes, reach: int) -> tuple[bytes, Callable[[Span], Span]] | None:
    """One layer decoded, and the way back for a span of it; None where nothing is encoded.

    Only what stands within `reach` of an escape is sure to be kept: the rest was searched already.
    """
    kept = _near_escapes(view, reach)
    if not kept:
        return None
    near = _LEFT_OUT.join(view[start:end] for start, end in kept)
    near = (_LEFT_OUT if kept[0][0] else b"") + near + (_LEFT_OUT if kept[-1][1] < len(view) else b"")
    decoded = _ESCAPE.sub(_replaced, near)
    if decoded == near:
        return None
    return decoded, _Back(near, kept)


class _Back:
    """The way back, which is made only when something was found."""

    def __init__(self, near: bytes, kept: list[Span]) -> None:
        self._near = near
        self._kept = kept
        self._kept_at: list[int] = []
        at = 1 if kept[0][0] else 0
        for start, end in kept:
            self._kept_at.append(at)
            at += end - start + 1
        self._starts: list[int] = []
        self._parts: list[tuple[int, int, int]] = []

    def __call__(self, span: Span) -> Span:
        if not self._parts:
            self._measure()
        return self._origin(self._place(span[0])[0]), self._origin(self._place(span[1] - 1)[1] - 1) + 1

    def _measure(self) -> None:
        """Where each escape came to stand, how long it is there, and where it began and ended before."""
        shift = 0
        for match in _ESCAPE.finditer(self._near):
            size = len(_decoded(match.group()))
            self._starts.append(match.start() + shift)
            self._parts.append((size, *match.span()))
            shift += size - len(match.group())

    def _place(self, at: int) -> Span:
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return at, at + 1
        size, start, end = self._parts[index]
        if at < self._starts[index] + size:
            return start, end
        origin = end + at - self._starts[index] - size
        return origin, origin + 1

    def _origin(self, at: int) -> int:
        index = max(bisect_right(self._kept_at, at) - 1, 0)
        return self._kept[index][0] + at - self._kept_at[index]


def _near_escapes(view: bytes, reach: int) -> list[Span]:
    kept: list[Span] = []
    match = _MARK.search(view)
    while match:
        start = max(match.start() - reach, 0)
        end = min(match.end() + _BLOCK_BYTES, len(view))
        if kept and start <= kept[-1][1]:
            start = kept.pop()[0]
        match = _MARK.search(view, end)
        kept.append((start, min(end + reach, len(view))))
    return kept


def _replaced(match: re.Match[bytes]) -> bytes:
    return _decoded(match.group())


@lru_cache(maxsize=1 << 16)
def _decoded(escape: bytes) -> bytes:
    if escape[:1] == b"%" and len(escape) == 3:
        return bytes([int(escape[1:], 16)])
    if escape[:3] == b"\\u{":
        number = int(escape[3:-1], 16)
        return _utf8(chr(number)) if number <= sys.maxunicode else escape
    if escape[1:].isdigit() and len(escape) == 4:
        return bytes([int(escape[1:], 8)])
    if escape[:2] == b"&#":
        digits = escape[2:-1].lower()
        number = int(digits[1:], 16) if digits[:1] == b"x" else int(digits)
        return _utf8(chr(number)) if number <= sys.maxunicode else escape
    if escape[:1] == b"&":
        text = html.unescape(escape.decode("ascii"))
        return escape if len(text) > 1 and text.startswith("&") else _utf8(text)
    if len(escape) == 2:
        return _CONTROLS.get(escape[1:], escape[1:])
    if escape[1:2] == b"x":
        return bytes([int(escape[2:4], 16)])
    unit = int(escape[2:6], 16)
    if len(escape) > 6:
        unit = 0x10000 + ((unit - 0xD800) << 10) + int(escape[8:], 16) - 0xDC00
    return _utf8(chr(unit))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
