"""A fixed-error histogram of latencies: exact counts, at most 0.1 % error in value, memory flat in samples.

The layout is HdrHistogram's with 3 significant digits and a lowest value of 1 µs: up to 2,047 µs every microsecond
has a bucket of its own, above that each doubling has 1,024 equal buckets. Merging adds counts, so it is exact,
associative and commutative. Source of the layout: http://hdrhistogram.org, `AbstractHistogram.countsArrayIndex`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

HALF_BITS = 10
"""log2 of the buckets in one doubling: 1,024 buckets, so a bucket is at most 1/1024 of its value wide."""
HIGHEST_US = 3_600_000_000
"""One hour. Longer latencies are counted here; their true maximum is kept beside the counts."""

Counts = npt.NDArray[np.int64]


def bucket_of(values_us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Bucket index of each latency in whole microseconds, clipped to [0, one hour]."""
    clipped = np.clip(values_us, 0, HIGHEST_US)
    _, exponent = np.frexp(clipped.astype(np.float64))  # bit length: values are below 2**53, so this is exact
    shift = np.maximum(exponent - (HALF_BITS + 1), 0).astype(np.int64)
    buckets: npt.NDArray[np.int64] = (shift << HALF_BITS) + (clipped >> shift)
    return buckets


def bucket_at(value_us: int) -> int:
    """`bucket_of` for one latency, without the cost of an array."""
    clipped = min(max(value_us, 0), HIGHEST_US)
    shift = max(clipped.bit_length() - (HALF_BITS + 1), 0)
    return (shift << HALF_BITS) + (clipped >> shift)


def lowest_us(bucket: int) -> int:
    """Smallest latency in microseconds that `bucket` counts."""
    shift = max((bucket >> HALF_BITS) - 1, 0)
    return (bucket - (shift << HALF_BITS)) << shift


def spans_us(indices: Counts) -> tuple[Counts, Counts]:
    """`lowest_us` and `highest_us` of many buckets at once."""
    shift = np.maximum((indices >> HALF_BITS) - 1, 0)
    low = (indices - (shift << HALF_BITS)) << shift
    return low, low + (np.int64(1) << shift) - 1


def highest_us(bucket: int) -> int:
    """Largest latency in whole microseconds that `bucket` counts."""
    return lowest_us(bucket + 1) - 1


MANY = 1000
"""From here on counting every bucket is faster than sorting the samples."""
BUCKETS = int(bucket_of(np.array([HIGHEST_US]))[0]) + 1


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by bucket, sparse: `indices` ascending, `counts` positive, both of one length.

    `min_us`, `max_us` and `sum_us` are exact, not bucketed; they are 0 in an empty histogram, whose `total` is 0.
    """

    indices: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    counts: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    total: int = 0
    sum_us: int = 0
    min_us: int = 0
    max_us: int = 0

    @staticmethod
    def of_us(values_us: npt.NDArray[np.int64]) -> Histogram:
        """The histogram of latencies in whole microseconds."""
        if values_us.size == 0:
            return EMPTY
        indices, counts = _counted(bucket_of(values_us))
        return Histogram(
            indices.astype(np.int64),
            counts.astype(np.int64),
            int(values_us.size),
            int(values_us.sum()),
            int(values_us.min()),
            int(values_us.max()),
        )

    @property
    def mean_ms(self) -> float | None:
        """Exact arithmetic mean in ms; None without samples."""
        return self.sum_us / self.total / 1000 if self.total else None

    def buckets_us(self) -> Iterator[tuple[int, int]]:
        """The largest latency of each bucket and how many there are, ascending."""
        pairs = zip(self.indices, self.counts, strict=True)
        return ((min(highest_us(int(bucket)), self.max_us), int(n)) for bucket, n in pairs)

    def quantile_ms(self, q: float, *, infinite: int = 0) -> float | None:
        """Nearest-rank quantile in ms, 0 < q ≤ 1: the smallest value with at least q·n values at or below it.

        Equals numpy's `method="inverted_cdf"` up to the bucket's width, and is never below the true value.
        `infinite` more samples are counted as slower than every other (failed requests); a rank that falls among
        them, or an empty histogram, gives None: the quantile is not bounded.
        """
        n = self.total + infinite
        rank = max(math.ceil(round(q * n, 9)), 1)
        if rank > self.total:
            return None
        bucket = int(self.indices[int(np.searchsorted(np.cumsum(self.counts), rank))])
        return min(max(highest_us(bucket), self.min_us), self.max_us) / 1000

    def count_over_ms(self, limit_ms: float, *, inclusive: bool) -> tuple[int, int]:
        """How many samples exceed the limit: (at least, at most); `inclusive` counts samples equal to it too.

        The two differ only by the bucket that holds the limit itself (0.1 % of its value wide).
        """
        limit_us = round(limit_ms * 1000, 6)  # 1073741.823 * 1000 is not a whole number otherwise
        if self.total == 0:
            return 0, 0

        def exceeds(value_us: float) -> bool:
            return value_us >= limit_us if inclusive else value_us > limit_us

        if not exceeds(self.max_us):
            return 0, 0
        if exceeds(self.min_us):
            return self.total, self.total
        edge = bucket_at(math.floor(limit_us))
        first, after = self.indices.searchsorted((edge, edge + 1))
        within, above = int(self.counts[first:after].sum()), int(self.counts[after:].sum())
        if exceeds(lowest_us(edge)):
            return above + within, above + within
        return (above, above + within) if exceeds(highest_us(edge)) else (above, above)


def _counted(buckets: Counts) -> tuple[Counts, Counts]:
    """The buckets that occur, ascending, and how often."""
    if buckets.size < MANY:
        return np.unique(buckets, return_counts=True)
    every = np.bincount(buckets)  # one pass over the samples instead of a sort
    found = np.flatnonzero(every)
    return found, every[found]


def _added(buckets: Counts, counts: Counts) -> tuple[Counts, Counts]:
    """The buckets that occur, ascending, each once, and their counts added up."""
    if buckets.size < MANY:
        order = buckets.argsort(kind="stable")
        ascending = buckets[order]
        first = np.flatnonzero(np.diff(ascending, prepend=-1))
        return ascending[first], np.add.reduceat(counts[order], first)
    every = np.bincount(buckets, counts)  # in floats, which are exact below 2**53
    found = np.flatnonzero(every)
    return found, every[found].astype(np.int64)


EMPTY = Histogram()


def slowest(whole: Histogram, n: int) -> Histogram:
    """The `n` slowest of its samples, as far as the buckets tell; all of them when `n` is at least as many."""
    if n >= whole.total:
        return whole
    if n <= 0:
        return EMPTY
    faster = np.clip(np.cumsum(whole.counts) - (whole.total - n), 0, whole.counts)
    kept = faster > 0
    indices, counts = whole.indices[kept], faster[kept]
    highest = [min(highest_us(int(bucket)), whole.max_us) for bucket in indices]
    sum_us = sum(value * int(count) for value, count in zip(highest, counts, strict=True))
    return Histogram(indices, counts, n, sum_us, max(lowest_us(int(indices[0])), whole.min_us), whole.max_us)


def merge(*parts: Histogram) -> Histogram:
    """The histogram of all samples of `parts`: exact, whatever the order or grouping."""
    filled = [part for part in parts if part.total]
    if len(filled) < 2:
        return filled[0] if filled else EMPTY
    indices, counts = _added(
        np.concatenate([part.indices for part in filled]), np.concatenate([part.counts for part in filled])
    )
    return Histogram(
        indices,
        counts,
        sum(part.total for part in filled),
        sum(part.sum_us for part in filled),
        min(part.min_us for part in filled),
        max(part.max_us for part in filled),
    )


def scaled(histogram: Histogram, factor: float) -> Histogram:
    """The histogram as if every latency had been `factor` (above 0) times as long; within 0.1 % of each value."""
    if not histogram.total:
        return EMPTY
    low, high = spans_us(histogram.indices)
    moved = bucket_of(np.rint((low + high) / 2 * factor).astype(np.int64))
    indices, counts = _added(moved, histogram.counts)
    return Histogram(
        indices,
        counts,
        histogram.total,
        round(histogram.sum_us * factor),
        round(histogram.min_us * factor),
        round(histogram.max_us * factor),
    )
