"""SOURCE -> Draft: a file, standard input or an address, read by the reader that recognises its first bytes."""

from __future__ import annotations

import gzip
import importlib
import io
import stat
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from readiness.errors import ConfigError
from readiness.init.draft import Draft
from readiness.init.sources import HEAD_BYTES
from readiness.text import clean
from readiness.text.foreign_files import kind_of, why
from readiness.text.other_tools import hint

READERS = ("har", "postman", "openapi", "access_log", "curl", "http_file")
"""Asked in this order (sources/__init__.py)."""
STREAMED = "access_log"
KNOWN = "OpenAPI, HAR, Postman, .http, a cURL command or an access log"
_MARK = b"\xef\xbb\xbf"
"""Of UTF-8, which editors of Windows put before everything."""
_GZIP = b"\x1f\x8b"


def read(source: str, readers: Sequence[str] = READERS) -> Draft:
    """The draft of SOURCE: the name of a file, `-`, or the text of a cURL command. Raises ConfigError."""
    if source.lstrip().startswith("curl "):
        return _read(io.BytesIO(source.encode()), "the command", readers)
    if source == "-":
        return _read(_standard_input(), "standard input", readers)
    path = Path(source)
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
                raise ConfigError(f"{source}: is {kind_of(mode)}; give a file")
            return _read(file, source, readers)
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {why(error)}") from None
    except ValueError:
        raise ConfigError(f"{clean(source, 100)}: is not the name of a file") from None


def read_bytes(data: bytes, source: str) -> Draft:
    """The draft of what an address answered."""
    return _read(io.BytesIO(data), source, READERS)


def _read(stream: BinaryIO, source: str, readers: Sequence[str]) -> Draft:
    buffered = io.BufferedReader(_Raw(stream), HEAD_BYTES)
    head = buffered.peek(HEAD_BYTES)[:HEAD_BYTES]
    if not head.strip():
        raise ConfigError(f"{source}: is empty")
    plain = _unpacked(head).removeprefix(_MARK)
    for name in readers:
        reader: Any = importlib.import_module(f"readiness.init.sources.{name}")
        if not reader.recognises(plain):
            continue
        if name == STREAMED:
            return _checked(reader.read(buffered, source))
        data = buffered.read(reader.MOST_BYTES + 1)
        if head.startswith(_GZIP):
            data = _all_unpacked(data, reader.MOST_BYTES, source)
        if len(data) > reader.MOST_BYTES:
            raise ConfigError(f"{source}: is larger than {reader.MOST_BYTES >> 20} MiB, which is the most that is read")
        return _checked(reader.read(data, source))
    raise ConfigError(f"{source}: is none of what init reads: {KNOWN}{hint(source, plain)}")


def _checked(draft: object) -> Draft:
    assert isinstance(draft, Draft)
    return draft


class _Raw(io.RawIOBase):
    """Whatever gives bytes, as something to put a buffer on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise ConfigError("standard input: is closed")
    return sys.stdin.buffer


def _unpacked(head: bytes) -> bytes:
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, HEAD_BYTES)
    except zlib.error:
        return head


def _all_unpacked(data: bytes, most_bytes: int, source: str) -> bytes:
    try:
        with gzip.open(io.BytesIO(data)) as file:
            return file.read(most_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ConfigError(f"{source}: is not whole gzip: {clean(error, 100)}") from None
