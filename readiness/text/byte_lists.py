"""A secret's bytes written as numbers, one after the other: `73 65 63`, `0x73, 0x65`, `[115, 101, 99]`, `163 145`.

A hex dump, a key's fingerprint, a Node Buffer in JSON, a []byte of Go, `od` look like this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.text.decoding import Span
from readiness.text.finder import Finder

LEAST = 8
"""Bytes in a row that are taken for the secret; what follows of it is hidden as well."""
_HEX = re.compile(rb"[0-9a-f]{2}(?:[^0-9a-z]{1,3}(?:0x)?[0-9a-f]{2}){%d,}" % (LEAST - 1))
_DECIMAL = re.compile(rb"[0-9]{1,3}(?:[^0-9a-z]{1,3}[0-9]{1,3}){%d,}(?![0-9])" % (LEAST - 1))
_OCTAL = re.compile(rb"[0-7]{3}(?:[^0-9a-z]{1,3}[0-7]{3}){%d,}(?![0-9])" % (LEAST - 1))
_IN_HEX = re.compile(rb"(?<=[^0-9a-z])[0-9a-f]{2}|\A[0-9a-f]{2}|(?<=[^0-9a-z]0x)[0-9a-f]{2}")
_IN_DECIMAL = re.compile(rb"[0-9]+")
_BEFORE_FIRST = (b"0x", b"\\x")


def listed(lower: bytes, secrets: Finder[None]) -> Iterator[Span]:
    """Where the text, in lower case, shows LEAST bytes or more of one of `secrets` as numbers."""
    match = _HEX.search(lower)
    while match:
        for start, end in _spans(_numbers(match, _IN_HEX, 16), secrets):
            yield start - 2 * (lower[max(start - 2, 0) : start] in _BEFORE_FIRST), end
        match = _HEX.search(lower, match.end() - 1)  # its last digit may be the first of another list
    for pattern, base in ((_DECIMAL, 10), (_OCTAL, 8)):
        for match in pattern.finditer(lower):
            numbers = _numbers(match, _IN_DECIMAL, base)
            first = 0
            for index in range(len(numbers) + 1):
                if index == len(numbers) or numbers[index][0] > 255:  # what is no byte ends a list
                    yield from _spans(numbers[first:index], secrets)
                    first = index + 1


_Number = tuple[int, int, int]
"""What it is, and from where to where it stands."""


def _numbers(run: re.Match[bytes], number: re.Pattern[bytes], base: int) -> list[_Number]:
    at = run.start()
    return [(int(one.group(), base), at + one.start(), at + one.end()) for one in number.finditer(run.group())]


def _spans(numbers: list[_Number], secrets: Finder[None]) -> Iterator[Span]:
    for _, start, end, _ in secrets.places(bytes(number for number, _, _ in numbers)):
        if end - start >= LEAST:
            yield numbers[start][1], numbers[end - 1][2]
