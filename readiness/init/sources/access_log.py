"""An access log becomes tasks in the proportions of what people asked for, and the rate of the busiest minute.

Read once and line by line, plain or gzip, from a file or a pipe; memory does not grow with the log.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from readiness.errors import ConfigError
from readiness.init.draft import Draft
from readiness.init.sources.log_draft import draft_of
from readiness.init.sources.log_lines import LONGEST_LINE, readers
from readiness.init.sources.log_tally import LogTally
from readiness.text import clean

MOST_BYTES = 1 << 62
"""A log is never whole in memory; MOST_LINES is what bounds it."""
MOST_LINES = 50_000_000
_PIECE_BYTES = 1 << 20
_HEAD_LINES = 50
_GZIP = b"\x1f\x8b"
_PACKED = ((b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"PK\x03\x04", "zip"))


def recognises(head: bytes) -> bool:
    """Whether a source that begins like this is an access log: half of its first lines can be read."""
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _PIECE_BYTES)
        except zlib.error:
            return False
    lines = [line for line in head[:_PIECE_BYTES].split(b"\n")[:_HEAD_LINES] if line.strip()]
    reading = readers()
    good = sum(any(read(line.decode("utf-8", "replace").strip()) for read in reading) for line in lines)
    return good > 0 and good * 2 >= len(lines) - 1


def read(stream: BinaryIO, source: str) -> Draft:
    """The draft of the log in `stream`. Raises ConfigError when none of its lines is one of a log, with the reason."""
    tally = LogTally()
    try:
        for line in _lines(stream, source):
            tally.add(line)
            if tally.lines >= MOST_LINES:
                tally.notes.append(f"only the first {MOST_LINES:,} lines were read")
                break
    except (zlib.error, OSError) as problem:
        tally.notes.append(f"line {tally.lines + 1}: the file cannot be read further: {clean(problem)}")
    if not tally.read:
        place = f"line {tally.first_broken}" if tally.lines else "the file is empty"
        raise ConfigError(
            f"{source}: {place}: this is no access log: neither common nor combined format of nginx and Apache, nor "
            f"JSON lines with a time, a status, a method and a path (none of {tally.lines:,} lines could be read)"
        )
    return draft_of(tally, source)


def _lines(stream: BinaryIO, source: str) -> Iterator[bytes | None]:
    """Each line without its end; none in place of one that is too long."""
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))
    head = buffered.peek(8)[:8]
    for magic, name in _PACKED:
        if head.startswith(magic):
            raise ConfigError(f"{source}: is packed with {name}: unpack it first; only gzip is unpacked here")
    rest = b""
    too_long = False
    for piece in _unpacked(buffered) if head.startswith(_GZIP) else iter(lambda: buffered.read(_PIECE_BYTES), b""):
        first, *lines = piece.split(b"\n")
        rest = b"" if too_long else rest + first
        if len(rest) > LONGEST_LINE:
            too_long, rest = True, b""
        if not lines:
            continue
        yield None if too_long else rest
        too_long = False
        *whole, rest = lines
        for line in whole:
            yield line if len(line) <= LONGEST_LINE else None
        if len(rest) > LONGEST_LINE:
            too_long, rest = True, b""
    if too_long or rest:
        yield None if too_long else rest


def _unpacked(stream: BinaryIO) -> Iterator[bytes]:
    """What gzip packed, in pieces, all members, and what is there of one that was cut off."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    packed = b""
    while packed or (packed := stream.read(_PIECE_BYTES)):
        if piece := unpack.decompress(packed, _PIECE_BYTES):
            yield piece
        packed = unpack.unconsumed_tail
        if unpack.eof:
            packed = unpack.unused_data.lstrip(b"\0") or stream.read(_PIECE_BYTES)
            if not packed:
                return
            unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    raise zlib.error("the packed file ends in the middle")
