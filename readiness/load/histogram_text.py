"""A histogram as the events of the engine carry it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

import numpy as np

from readiness.measurements.histogram import EMPTY, Histogram


def pack(histogram: Histogram) -> list[object]:
    """As JSON values: bucket numbers and counts in base64, then sum, least and most in µs."""
    return [
        b64encode(histogram.indices.astype("<u4").tobytes()).decode(),
        b64encode(histogram.counts.astype("<u4").tobytes()).decode(),
        histogram.sum_us,
        histogram.min_us,
        histogram.max_us,
    ]


def unpack(packed: list[Any]) -> Histogram:
    """Back from `pack`. Raises ValueError or TypeError."""
    indices, counts, sum_us, min_us, max_us = packed
    if not counts:
        return EMPTY
    many = np.frombuffer(b64decode(counts), "<u4").astype(np.int64)
    places = np.frombuffer(b64decode(indices), "<u4").astype(np.int64)
    return Histogram(places, many, int(many.sum()), sum_us, min_us, max_us)
