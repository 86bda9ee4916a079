"""Histogram <-> HdrHistogram V2 text, the interchange form that run.json carries.

Source of the format: HdrHistogram `AbstractHistogram.encodeIntoCompressedByteBuffer` (V2): a zlib stream of
header and zig-zag LEB128 counts, in which a negative number is a run of empty buckets; base64 around it.
"""

import base64
import binascii
import struct
import zlib

import numpy as np

from readiness.measurements.histogram import BUCKETS, EMPTY, HIGHEST_US, Histogram

COOKIE = 0x1C849303 | 0x10
COMPRESSED_COOKIE = 0x1C849304 | 0x10
HEADER = struct.Struct(">iiiiqqd")
MAX_BYTES = 8 * BUCKETS
"""No honest payload is longer: at most nine bytes a bucket before compression, far fewer in practice."""


def encode(histogram: Histogram) -> str:
    """The counts as base64 text; minimum, maximum and sum are not part of the format."""
    payload = bytearray()
    expected = 0
    for index, count in zip(histogram.indices.tolist(), histogram.counts.tolist(), strict=True):
        if index > expected:
            _put_zigzag(payload, expected - index)
        _put_zigzag(payload, count)
        expected = index + 1
    header = HEADER.pack(COOKIE, len(payload), 0, 3, 1, HIGHEST_US, 1.0)
    body = zlib.compress(header + payload)
    return base64.b64encode(struct.pack(">ii", COMPRESSED_COOKIE, len(body)) + body).decode("ascii")


def decode(text: str, *, sum_us: int, min_us: int, max_us: int) -> Histogram:
    """The histogram in `text`, with the exact figures that stood beside it.

    Raises ValueError when the text is not a V2 histogram of this module's layout.
    """
    try:
        raw = base64.b64decode(text, validate=True)
        cookie, _ = struct.unpack_from(">ii", raw)
        inflater = zlib.decompressobj()
        data = inflater.decompress(raw[8:], MAX_BYTES)
        inner, length, _, digits, lowest, _, _ = HEADER.unpack_from(data)
    except (binascii.Error, struct.error, zlib.error) as error:
        raise ValueError(f"not an HdrHistogram V2 text: {error}") from error
    if (cookie, inner, digits, lowest) != (COMPRESSED_COOKIE, COOKIE, 3, 1):
        raise ValueError("not an HdrHistogram V2 text with 3 digits from 1 µs")
    if inflater.unconsumed_tail or len(data) != HEADER.size + length:
        raise ValueError("the histogram is cut short or too long")
    indices: list[int] = []
    counts: list[int] = []
    bucket = 0
    for number in _zigzags(data[HEADER.size :]):
        if number < 0:
            bucket -= number
            continue
        if number:
            indices.append(bucket)
            counts.append(number)
        bucket += 1
    if bucket > BUCKETS:
        raise ValueError("the histogram has more buckets than its layout")
    if not counts:
        return EMPTY
    return Histogram(np.array(indices, np.int64), np.array(counts, np.int64), sum(counts), sum_us, min_us, max_us)


def _put_zigzag(out: bytearray, number: int) -> None:
    rest = number << 1 if number >= 0 else (-number << 1) - 1
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)


def _zigzags(data: bytes) -> list[int]:
    numbers: list[int] = []
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            continue
        numbers.append((value >> 1) ^ -(value & 1))
        value = shift = 0
    if shift:
        raise ValueError("the histogram ends inside a number")
    return numbers
