"""Histograms and time blocks <-> JSON values.

A histogram is HdrHistogram V2 text beside its exact figures. Time blocks are many and small, so those of one
endpoint are columns: one entry a block, and all their buckets in one compressed text.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from readiness.measurements import hdr
from readiness.measurements.codec import Codec, Pair
from readiness.measurements.histogram import BUCKETS, EMPTY, Counts, Histogram, highest_us, lowest_us, merge, spans_us
from readiness.measurements.run import Recording, Slice
from readiness.measurements.strict import MAX_INTEGER, Malformed

_MOST_BLOCKS = 1000
"""Time blocks of one recording; the load generator joins them beyond 120."""
MOST_BUCKETS = 1 << 25
"""Buckets of all time blocks of a file together: half a gigabyte, more than a load generator would keep."""
LEAST_BUCKETS, BUCKETS_OF_A_BLOCK, BUCKETS_OF_A_BYTE = 256, 4, 2
"""Buckets that a compressed text may hold: some, a few for each block, and two (32 bytes) for each of its bytes.
Those of real runs take four to eight times less room compressed; zeros without an end take a thousand times less."""
FIGURES = ("total", "sum_us", "min_us", "max_us")
Sums = npt.NDArray[np.float64]
_ROUNDING = 1e-9
_PLAIN = Codec()
_COLUMNS = {
    "start_s": tuple[float, ...],
    "duration_s": tuple[float, ...],
    "failed": tuple[int, ...],
    **dict.fromkeys((*FIGURES, "sizes"), tuple[int, ...]),
}


def write_histogram(histogram: Histogram) -> dict[str, Any]:
    """`{"hdr": …, "total", "sum_us", "min_us", "max_us"}`; an empty one is `{"total": 0}`."""
    if not histogram.total:
        return {"total": 0}
    return {"hdr": hdr.encode(histogram), **{name: int(getattr(histogram, name)) for name in FIGURES}}


def read_histogram(value: Any) -> Histogram:
    """The histogram, its figures checked against its counts. Raises Malformed."""
    if not isinstance(value, dict):
        raise Malformed("must be an object with hdr, total, sum_us, min_us and max_us")
    if value == {"total": 0}:
        return EMPTY
    if value.keys() != {"hdr", *FIGURES}:
        raise Malformed("must have exactly the keys hdr, total, sum_us, min_us and max_us")
    figures = [_PLAIN.pair(int).read(value[name]) for name in FIGURES]
    try:
        histogram = hdr.decode(
            _PLAIN.pair(str).read(value["hdr"]), sum_us=figures[1], min_us=figures[2], max_us=figures[3]
        )
    except (ValueError, OverflowError) as error:
        raise Malformed(str(error)) from error
    if not histogram.total:
        raise Malformed('the histogram is empty; an empty one is {"total": 0}')
    if histogram.total != figures[0]:
        raise Malformed(f"total is {figures[0]:,}, but the buckets count {histogram.total:,}")
    least, most = _sums(histogram.indices, histogram.counts, [0])
    _check(histogram, least[0], most[0])
    return histogram


def _sums(indices: Counts, counts: Counts, starts: Sequence[int]) -> tuple[Sums, Sums]:
    """The least and the most that the latencies of each histogram add up to by its buckets; all lie in a row."""
    low, high = (counts * edge.astype(np.float64) for edge in spans_us(indices))
    high[indices == BUCKETS - 1] = np.inf
    return np.add.reduceat(low, starts), np.add.reduceat(high, starts)


def _check(histogram: Histogram, least_us: float, most_us: float) -> None:
    """Raises Malformed when the exact figures cannot belong to the counts, which add up to so much."""
    total, low, high = histogram.total, histogram.min_us, histogram.max_us
    first, last = int(histogram.indices[0]), int(histogram.indices[-1])
    # The last bucket also counts everything beyond the histogram's range.
    if low < lowest_us(first) or (first < BUCKETS - 1 and low > highest_us(first)) or high < lowest_us(last):
        raise Malformed("min_us or max_us does not lie in the first or last bucket")
    if last < BUCKETS - 1 and high > highest_us(last):
        raise Malformed("max_us does not lie in the last bucket")
    if not total * low <= histogram.sum_us <= total * high:
        raise Malformed("sum_us does not fit total, min_us and max_us")
    if not (1 - _ROUNDING) * least_us <= histogram.sum_us <= (1 + _ROUNDING) * most_us:
        raise Malformed("sum_us does not fit the buckets")


def write_slices(slices: tuple[Slice, ...]) -> dict[str, Any]:
    """Columns, and `buckets`: base64 of zlib of little-endian int64, all bucket indices and then all counts."""
    histograms = [part.ok for part in slices]
    raw = np.concatenate([h.indices for h in histograms] + [h.counts for h in histograms] or [EMPTY.counts])
    return {
        "start_s": [part.start_s for part in slices],
        "duration_s": [part.duration_s for part in slices],
        "failed": [part.failed for part in slices],
        **{name: [int(getattr(h, name)) for h in histograms] for name in FIGURES},
        "sizes": [int(h.indices.size) for h in histograms],
        "buckets": base64.b64encode(zlib.compress(raw.astype("<i8").tobytes(), 6)).decode("ascii"),
    }


def read_slices(value: Any) -> tuple[Slice, ...]:
    """The time blocks, their figures checked against their counts. Raises Malformed."""
    if not isinstance(value, dict) or value.keys() != {*_COLUMNS, "buckets"}:
        raise Malformed(f"must be an object with {', '.join(_COLUMNS)} and buckets")
    columns: dict[str, tuple[Any, ...]] = {}
    for name, hint in _COLUMNS.items():
        try:
            columns[name] = _PLAIN.pair(hint).read(value[name])
        except Malformed as error:
            error.steps.append(f".{name}")
            raise
    for name in ("start_s", "duration_s"):
        if min(columns[name], default=0) < 0:
            raise Malformed(f"{name} has a negative time")
    if len({len(column) for column in columns.values()}) != 1:
        raise Malformed("its columns must be equally long")
    sizes = columns["sizes"]
    if len(sizes) > _MOST_BLOCKS:
        raise Malformed(f"has {len(sizes):,} blocks; a run has at most {_MOST_BLOCKS:,}")
    if any(size > BUCKETS for size in sizes):
        raise Malformed(f"sizes has a block with more than {BUCKETS:,} buckets")
    indices, counts = _buckets(value["buckets"], sum(sizes), len(sizes))
    ends = np.cumsum(np.array(sizes, np.int64)) if sizes else EMPTY.counts
    _check_buckets(indices, counts, ends)
    filled = [end - size for end, size in zip(ends.tolist(), sizes, strict=True) if size]
    sums = zip(*_sums(indices, counts, filled), strict=True) if filled else iter(())
    summed = np.concatenate([[0], np.cumsum(counts)])
    slices: list[Slice] = []
    start = 0
    for row, end in enumerate(ends.tolist()):
        figures = [columns[name][row] for name in FIGURES]
        counted = int(summed[end] - summed[start])
        try:
            if figures[0] != counted:
                raise Malformed(f"total is {figures[0]:,}, but the buckets count {counted:,}")
            if not counted and any(figures):
                raise Malformed("has a sum, minimum or maximum without any bucket")
            histogram = Histogram(indices[start:end], counts[start:end], *figures) if counted else EMPTY
            if counted:
                _check(histogram, *next(sums))
        except Malformed as error:
            error.steps.append(f"[{row}]")
            raise
        slices.append(Slice(columns["start_s"][row], columns["duration_s"][row], histogram, columns["failed"][row]))
        start = end
    return tuple(slices)


def uneven_slices(recording: Recording) -> str | None:
    """What is wrong with time blocks that do not add up to the whole, bucket by bucket; none at all are right."""
    slices = recording.slices
    if not slices:
        return None
    summed, failed, whole = merge(*(part.ok for part in slices)), sum(part.failed for part in slices), recording.ok
    if (summed.total, failed) != (whole.total, recording.failures):
        return (
            f"its slices count {summed.total:,} ok and {failed:,} failed, "
            f"the whole {whole.total:,} and {recording.failures:,}"
        )
    same = all(getattr(summed, name) == getattr(whole, name) for name in FIGURES)
    if not (same and np.array_equal(summed.indices, whole.indices) and np.array_equal(summed.counts, whole.counts)):
        return "the latencies of its slices are not those of the whole"
    return None


def missing_slices(recording: Recording) -> str | None:
    """Says that time blocks are missing: without them nobody knows how even the answers came, nor any bound."""
    missing = not recording.slices and recording.ok.total + recording.failures > 0
    return "slices are missing; without them no bound can be computed" if missing else None


def within_budget(facts: object) -> None:
    """Raises Malformed when the time blocks of a whole document claim more buckets than any run has; linear."""
    claimed, rest = 0, [facts]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            sizes = part.get("sizes")
            if isinstance(sizes, list) and "buckets" in part:
                claimed += sum(size for size in sizes if type(size) is int and size > 0)
            rest.extend(item for item in part.values() if isinstance(item, dict | list))
        elif isinstance(part, list) and part and isinstance(part[0], dict | list):
            rest.extend(part)
    if claimed > MOST_BUCKETS:
        raise Malformed(f"its time blocks have {claimed:,} buckets; a run has at most {MOST_BUCKETS:,}")


def _buckets(text: object, size: int, blocks: int) -> tuple[Counts, Counts]:
    written = _PLAIN.pair(str).read(text)
    try:
        packed = base64.b64decode(written, validate=True)
        if size > LEAST_BUCKETS + BUCKETS_OF_A_BLOCK * blocks + BUCKETS_OF_A_BYTE * len(packed):
            raise Malformed(f"{len(packed):,} bytes do not hold {size:,} buckets of any run")
        raw = zlib.decompressobj().decompress(packed, 16 * size + 1)
    except Malformed:
        raise
    except (ValueError, zlib.error) as error:
        raise Malformed("buckets is not a compressed text of buckets") from error
    if len(raw) != 16 * size:
        raise Malformed("buckets does not hold as many numbers as sizes says")
    both = np.frombuffer(raw, "<i8").astype(np.int64)
    return both[:size], both[size:]


def _check_buckets(indices: Counts, counts: Counts, ends: Counts) -> None:
    """Raises Malformed unless every block's buckets exist, rise and have a positive count."""
    if not counts.size:
        return
    if int(counts.min()) <= 0 or int(counts.max()) > MAX_INTEGER // counts.size:
        raise Malformed("buckets has a count that is not positive or too large")
    falls = np.flatnonzero(indices[1:] <= indices[:-1]) + 1
    if int(indices.min()) < 0 or int(indices.max()) >= BUCKETS or not np.isin(falls, ends).all():
        raise Malformed("buckets has bucket numbers that do not exist or do not rise")


HISTOGRAM = Pair(write_histogram, read_histogram)
SLICES = Pair(write_slices, read_slices)
