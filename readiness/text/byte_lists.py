"""A secret's bytes written as numbers, one after the other: `73 65 63`, `73:65:63`, `0x73, 0x65`, `[115, 101, 99]`.

A hex dump, a key's fingerprint, a Node Buffer in JSON, a []byte of Go look like this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.text.decoding import Span

LEAST = 8
"""Bytes in a row that are taken for the secret; what follows of it is hidden as well."""


@dataclass(frozen=True, slots=True)
class ByteList:
    """One way to write one secret."""

    first: re.Pattern[bytes]
    """Its first LEAST bytes."""
    rest: tuple[re.Pattern[bytes], ...]
    """Each byte after them, with what stands before it."""

    def spans(self, lower: bytes) -> Iterator[Span]:
        """Where the text, in lower case, shows it, to the last byte in a row."""
        for match in self.first.finditer(lower):
            end = match.end()
            for byte in self.rest:
                more = byte.match(lower, end)
                if more is None:
                    break
                end = more.end()
            yield match.start(), end


def byte_lists(secret: bytes) -> tuple[ByteList, ...]:
    """In hexadecimal with something between, and in decimal; `secret` has at least LEAST bytes."""
    hexadecimal = [b"%02x" % byte for byte in secret]
    decimal = [b"%d" % byte for byte in secret]
    return (
        _of(hexadecimal, rb"(?:0x|\\x)?", rb"[^0-9a-z]{1,3}(?:0x)?", rb""),
        _of(decimal, rb"(?<![0-9])", rb"[^0-9a-z]{1,3}", rb"(?![0-9])"),
    )


def _of(numbers: list[bytes], before: bytes, between: bytes, after: bytes) -> ByteList:
    rest = tuple(re.compile(between + number + after) for number in numbers[LEAST:])
    return ByteList(re.compile(before + between.join(numbers[:LEAST]) + after), rest)
