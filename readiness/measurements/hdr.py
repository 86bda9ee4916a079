"""Histogram <-> HdrHistogram V2 text, the interchange form that run.json carries.

Source of the format: HdrHistogram `AbstractHistogram.encodeIntoCompressedByteBuffer` (V2): a zlib stream of
header and zig-zag LEB128 counts, in which a negative number is a run of empty buckets; base64 around it.
"""

import base64
import binascii
import struct
import zlib

import numpy as np
import numpy.typing as npt

from readiness.measurements.histogram import BUCKETS, EMPTY, HIGHEST_US, Counts, Histogram

_COOKIE = 0x1C849303 | 0x10
COMPRESSED_COOKIE = 0x1C849304 | 0x10
_HEADER = struct.Struct(">iiiiqqd")
_MOST = 2**62
MOST_SHIFTS = 8
"""Nine bytes carry 63 bits."""
_MAX_BYTES = 9 * BUCKETS + _HEADER.size
"""No payload is longer: at most nine bytes a bucket before compression, far fewer in practice."""
LEAST_BYTES, BYTES_OF_A_BYTE = 4096, 64
"""Bytes that a compressed one may stand for: some, and so many for each. Zeros without an end stand for a thousand."""


def encode(histogram: Histogram) -> str:
    """The counts as base64 text; minimum, maximum and sum are not part of the format."""
    payload = bytearray()
    expected = 0
    for index, count in zip(histogram.indices.tolist(), histogram.counts.tolist(), strict=True):
        if index > expected:
            _put_zigzag(payload, expected - index)
        _put_zigzag(payload, count)
        expected = index + 1
    header = _HEADER.pack(_COOKIE, len(payload), 0, 3, 1, HIGHEST_US, 1.0)
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
        data = inflater.decompress(raw[8:], min(_MAX_BYTES, LEAST_BYTES + BYTES_OF_A_BYTE * len(raw)))
        inner, length, _, digits, lowest, _, _ = _HEADER.unpack_from(data)
    except (binascii.Error, struct.error, zlib.error) as error:
        raise ValueError(f"not an HdrHistogram V2 text: {error}") from error
    if (cookie, inner, digits, lowest) != (COMPRESSED_COOKIE, _COOKIE, 3, 1):
        raise ValueError("not an HdrHistogram V2 text with 3 digits from 1 µs")
    if inflater.unconsumed_tail or len(data) != _HEADER.size + length:
        raise ValueError("the histogram is cut short or too long")
    numbers = _zigzags(np.frombuffer(data, np.uint8, offset=_HEADER.size))
    if not numbers.size:
        return EMPTY
    if int(numbers.min()) < -BUCKETS or int(numbers.max()) > _MOST // numbers.size:
        raise ValueError("the histogram has a count that is too large")
    ends = np.cumsum(np.where(numbers < 0, -numbers, 1))  # a negative number is a run of empty buckets
    if int(ends[-1]) > BUCKETS:
        raise ValueError("the histogram has more buckets than its layout")
    filled = numbers > 0
    if not filled.any():
        return EMPTY
    counts = numbers[filled]
    return Histogram(ends[filled] - 1, counts, int(counts.sum()), sum_us, min_us, max_us)


def _put_zigzag(out: bytearray, number: int) -> None:
    rest = number << 1 if number >= 0 else (-number << 1) - 1
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)


def _zigzags(data: npt.NDArray[np.uint8]) -> Counts:
    """The numbers in zig-zag LEB128: seven bits a byte, the last byte of each without its high bit."""
    if not data.size:
        return EMPTY.counts
    last = np.flatnonzero(data < 0x80)
    if not last.size or int(last[-1]) != data.size - 1:
        raise ValueError("the histogram ends inside a number")
    first = np.concatenate([[0], last[:-1] + 1])
    if int((last - first).max()) > MOST_SHIFTS:
        raise ValueError("the histogram has a number that is too large")
    shifts = 7 * (np.arange(data.size) - np.repeat(first, last - first + 1))
    bits = (data & 0x7F).astype(np.int64) << shifts
    values = np.add.reduceat(bits, first)
    numbers: Counts = (values >> 1) ^ -(values & 1)
    return numbers
