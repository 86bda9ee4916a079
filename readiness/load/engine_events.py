"""The engine's events: one line of JSON each, on a pipe of their own, numbered without gaps.

Hello, then WindowBegan, Batch …, WindowEnded, and Done with the totals that the batches must add up to; or Fatal. Notes
may come in between.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

import numpy as np

from readiness.load.request_rows import RequestRows, read_rows
from readiness.load.shape_course import Shape, unpacked
from readiness.load.shape_course import packed as packed_shape
from readiness.measurements.codec import Codec, Pair
from readiness.measurements.connections import Connections
from readiness.measurements.generator_health import Calibration, Instrument
from readiness.measurements.histogram import EMPTY, Histogram
from readiness.measurements.lost_time import LostTime
from readiness.measurements.pace import Pace
from readiness.measurements.response_facts import ResponseFacts
from readiness.measurements.strict import number, whole


class Cell(NamedTuple):
    """Where a request is counted."""

    scenario: str
    name: str
    step: int
    """Of the plan, in whose hold it was due; OUTSIDE for ramps, warm-ups and the drain."""


ArrivalCounts = dict[int, tuple[int, int, int]]
"""Arrivals of an open load so far, by step: intended, dropped without ever being sent, and those of the dropped ones
that every user's wait for an answer kept from being sent."""
NO_ARRIVALS = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class CellCounts:
    """What a batch adds to a cell."""

    ok: Histogram
    failed: Mapping[str, int]
    failed_latency: Histogram
    service: Histogram = EMPTY
    """Of an open load: successes from when they were really sent."""


class StallSeen(NamedTuple):
    """A gap without an answer, seconds since the load started."""

    start_s: float
    end_s: float
    in_flight: int
    users: int
    scopes: tuple[str, ...]
    answered: bool
    endpoint: bool


@dataclass(frozen=True, slots=True)
class Hello:
    """The engine read its plan and loaded the scenarios."""

    locust: str
    users: Mapping[str, int]
    """Planned users by scenario (closed load), or the free users of each (open load)."""
    calibration: Calibration | None = None
    compiled: bool = False
    """What runs for every request is machine code, see compiled.py."""
    sessions: bool = False
    """Whether a user class does something once for each user, such as a log-in."""
    shape: Shape | None = None
    """The load as the files say it, of the first reading."""


@dataclass(frozen=True, slots=True)
class WindowBegan:
    """The measurement window began."""

    at_s: float


@dataclass(frozen=True, slots=True)
class WindowEnded:
    """The measurement window ended."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that ended since the batch before; `begun`, `ended` and `arrivals` are totals so far."""

    seq: int
    at_s: float
    users: int
    begun: int
    ended: int
    arrivals: ArrivalCounts
    in_flight: int
    cells: Mapping[Cell, CellCounts]
    stalls: tuple[StallSeen, ...] = ()
    details: Mapping[str, int] = field(default_factory=dict)
    """Failure texts with their counts."""
    instrument: Instrument | None = None
    """How the engine itself fared since the batch before."""
    paces: tuple[Pace, ...] = ()
    seen: tuple[ResponseFacts, ...] = ()
    """What the judged answers since the batch before said beside their latency."""
    moments: Mapping[str, Mapping[Cell, CellCounts]] = field(default_factory=dict)
    """The judged requests of `cells` by moment (readiness.metrics.moments), where the plan asks for it."""
    writes: tuple[tuple[int, ...], ...] = ()
    """Marks of readiness.measurements.writes: the users that wrote or were acknowledged since the batch before."""


@dataclass(frozen=True, slots=True)
class Done:
    """The end marker: totals over all batches, and the calls that were still in flight."""

    batches: int
    begun: int
    ended: int
    arrivals: ArrivalCounts
    in_flight: Mapping[Cell, int]
    judged_until_s: float
    stopped_s: float
    """When the load was told to end; the drain comes after it."""
    script_errors: Mapping[str, int]
    writes: tuple[int, int] = (0, 0)
    """Keys of writes that were given out, and acknowledgements."""
    idle: tuple[str, ...] = ()
    """User classes (`shop: Visitor`) whose turn never came."""
    connections: Connections = field(default_factory=Connections)
    moments_in_flight: Mapping[str, Mapping[Cell, int]] = field(default_factory=dict)
    """Of the judged calls in `in_flight`, those that count for a moment."""
    unanswered: LostTime = field(default_factory=LostTime)
    """Of a closed load."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the reader of the report; it changes nothing."""

    text: str


@dataclass(frozen=True, slots=True)
class Fatal:
    """The engine cannot go on; `usage` when the user's files are wrong."""

    message: str
    usage: bool


Event = Hello | WindowBegan | WindowEnded | Batch | RequestRows | Done | Note | Fatal


def dumps(event: Event) -> bytes:
    """One line."""
    kind = type(event).__name__
    return json.dumps([kind, _WAYS[kind].write(event)], allow_nan=False).encode() + b"\n"


def loads(line: bytes) -> Event:
    """The event of one line; raises ValueError when it is not one."""
    try:
        kind, fields = json.loads(line)
        event: Event = _WAYS[kind].read(fields)
        return event
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, RecursionError) as error:
        raise ValueError(f"not an event of the load generator: {error!r}") from error


def packed_calibration(value: Calibration) -> object:
    """As JSON values."""
    return _CODEC.pair(Calibration).write(value)


def calibration(packed: object) -> Calibration:
    """Back from `packed_calibration`. Raises ValueError."""
    found: Calibration = _CODEC.pair(Calibration).read(packed)
    return found


def _by_cell(item: Pair) -> Pair:
    """A mapping by cell, as pairs: JSON has keys of text alone."""
    return Pair(
        lambda value: [[list(cell), item.write(part)] for cell, part in value.items()],
        lambda packed: {Cell(*cell): item.read(part) for cell, part in packed},
    )


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("must be text")
    return value


def _table(read: Callable[[Any], Any]) -> Pair:
    return Pair(dict, lambda packed: {_text(key): read(value) for key, value in packed.items()})


def _pack(histogram: Histogram) -> list[object]:
    """As JSON values: bucket numbers and counts in base64, then sum, least and most in µs."""
    return [
        b64encode(histogram.indices.astype("<u4").tobytes()).decode(),
        b64encode(histogram.counts.astype("<u4").tobytes()).decode(),
        histogram.sum_us,
        histogram.min_us,
        histogram.max_us,
    ]


def _unpack(packed: list[Any]) -> Histogram:
    """Back from `_pack`. Raises ValueError or TypeError."""
    indices, counts, sum_us, min_us, max_us = packed
    if not counts:
        return EMPTY
    many = np.frombuffer(b64decode(counts), "<u4").astype(np.int64)
    places = np.frombuffer(b64decode(indices), "<u4").astype(np.int64)
    return Histogram(places, many, int(many.sum()), sum_us, min_us, max_us)


_ARRIVALS = Pair(dict, lambda packed: {int(step): tuple(map(whole, counts)) for step, counts in packed.items()})
_CODEC = Codec(
    special={
        # Words are kept as they are: what is shown of them is cleaned later.
        str: Pair(_text, _text),
        Mapping[str, int]: _table(whole),
        Mapping[str, float]: _table(number),
        Histogram: Pair(_pack, _unpack),
        Shape: Pair(packed_shape, unpacked),
        StallSeen: Pair(list, lambda packed: StallSeen(*packed)._replace(scopes=tuple(packed[4]))),
        ArrivalCounts: _ARRIVALS,
        Mapping[Cell, int]: _by_cell(Pair(whole, whole)),
        RequestRows: Pair(lambda rows: {name: getattr(rows, name) for name in rows.__slots__}, read_rows),
    }
)
_COUNTS = _CODEC.pair(CellCounts)
_CODEC.special = {**_CODEC.special, Mapping[Cell, CellCounts]: _by_cell(_COUNTS)}
_WAYS: Mapping[str, Pair] = {kind.__name__: _CODEC.pair(kind) for kind in get_args(Event)}
