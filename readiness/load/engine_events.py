"""The engine's events: one line of JSON each, on a pipe of their own, numbered without gaps.

Hello, then WindowBegan, Batch …, WindowEnded, and Done with the totals that the batches must add up to; or Fatal. Notes
may come in between.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field
from dataclasses import fields as fields_of
from typing import Any, NamedTuple

from readiness.load.histogram_text import pack, unpack
from readiness.load.request_rows import RequestRows, read_rows
from readiness.load.shape_course import Shape, unpacked
from readiness.load.shape_course import packed as packed_shape
from readiness.measurements.connections import AddressSeen, Connections
from readiness.measurements.generator_health import Calibration, Instrument, Pause
from readiness.measurements.histogram import EMPTY, Histogram
from readiness.measurements.pace import Pace
from readiness.measurements.response_facts import Head, ResponseFacts, TimeParts
from readiness.measurements.traced import TracedRequest


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
    fields = {name: _plain(getattr(event, name)) for name in event.__slots__}
    return json.dumps([type(event).__name__, fields], allow_nan=False).encode() + b"\n"


def loads(line: bytes) -> Event:
    """The event of one line; raises ValueError when it is not one."""
    try:
        kind, fields = json.loads(line)
        event: Event = _READERS[kind](fields)
        return event
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"not an event of the load generator: {error!r}") from error


def _plain(value: object) -> object:
    match value:
        case CellCounts():
            return [pack(value.ok), dict(value.failed), pack(value.failed_latency), pack(value.service)]
        case Histogram():
            return pack(value)
        case ResponseFacts():
            return [
                value.scenario,
                value.name,
                *map(_plain, (value.hit, value.miss, value.timing, value.slow, value.heads)),
                list(map(astuple, value.traces)),
            ]
        case TimeParts():
            return [value.samples, value.total_ms, dict(value.parts_ms)]
        case Head():
            return [value.status, [list(pair) for pair in value.headers]]
        case Shape():
            return packed_shape(value)
        case Calibration():
            return packed_calibration(value)
        case Pace():
            whole = (value.scenario, value.users, value.watched, value.iterations, value.unpaused)
            return [*whole, pack(value.interval)]
        case Connections():
            addresses = [[one.address, one.opened, dict(one.failed)] for one in value.addresses]
            return [value.resent_unread, value.resent_unclear, value.unasked, addresses, dict(value.sent_by_locust)]
        case Pause():
            return [value.start_s, value.end_s, value.cpu_s, value.place]
        case Instrument():
            return {entry.name: _plain(getattr(value, entry.name)) for entry in fields_of(value)}
        case Mapping():
            if any(isinstance(key, Cell) for key in value):
                return [[list(key), _plain(item)] for key, item in value.items()]
            return {key: _plain(item) for key, item in value.items()}
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _cell(key: list[Any]) -> Cell:
    scenario, name, step = key
    return Cell(scenario, name, step)


def _pace(packed: list[Any]) -> Pace:
    scenario, users, watched, iterations, unpaused, interval = packed
    return Pace(scenario, users, watched, iterations, unpaused, unpack(interval))


def _arrivals(packed: dict[str, list[int]]) -> ArrivalCounts:
    return {int(step): (intended, dropped, unanswered) for step, (intended, dropped, unanswered) in packed.items()}


def _stall(packed: list[Any]) -> StallSeen:
    start_s, end_s, in_flight, users, scopes, answered, endpoint = packed
    return StallSeen(start_s, end_s, in_flight, users, tuple(scopes), answered, endpoint)


def packed_calibration(value: Calibration) -> dict[str, object]:
    """As JSON values."""
    return {entry.name: _plain(getattr(value, entry.name)) for entry in fields_of(value)}


def calibration(packed: dict[str, Any]) -> Calibration:
    """Back from `packed_calibration`."""
    return Calibration(**packed | {"floor": unpack(packed["floor"])})


def _hello(fields: dict[str, Any]) -> Hello:
    if fields["calibration"] is not None:
        fields["calibration"] = calibration(fields["calibration"])
    return Hello(**fields | {"shape": unpacked(fields["shape"])})


def _batch(fields: dict[str, Any]) -> Batch:
    fields["cells"] = _cells(fields["cells"])
    fields["moments"] = {moment: _cells(cells) for moment, cells in fields["moments"].items()}
    fields["writes"] = tuple(tuple(marks) for marks in fields["writes"])
    fields["stalls"] = tuple(_stall(stall) for stall in fields["stalls"])
    fields["arrivals"] = _arrivals(fields["arrivals"])
    fields["paces"] = tuple(_pace(pace) for pace in fields["paces"])
    fields["seen"] = tuple(_seen(seen) for seen in fields["seen"])
    if fields["instrument"] is not None:
        fields["instrument"] = _instrument(fields["instrument"])
    return Batch(**fields)


def _cells(packed: list[Any]) -> dict[Cell, CellCounts]:
    return {
        _cell(key): CellCounts(unpack(ok), failed, unpack(failed_latency), unpack(service))
        for key, (ok, failed, failed_latency, service) in packed or ()
    }


def _counted(packed: list[Any]) -> dict[Cell, int]:
    return {_cell(key): count for key, count in packed or ()}


def _seen(packed: list[Any]) -> ResponseFacts:
    scenario, name, hit, miss, timing, slow, heads, traces = packed
    return ResponseFacts(
        scenario,
        name,
        unpack(hit),
        unpack(miss),
        TimeParts(*timing),
        TimeParts(*slow),
        tuple(Head(status, tuple((key, value) for key, value in headers)) for status, headers in heads),
        tuple(TracedRequest(*one) for one in traces),
    )


def _instrument(fields: dict[str, Any]) -> Instrument:
    for name in ("lag", "start_lag"):
        fields[name] = unpack(fields[name])
    fields["pauses"] = tuple(Pause(*pause) for pause in fields["pauses"])
    if fields["calibration"] is not None:
        fields["calibration"] = calibration(fields["calibration"])
    return Instrument(**fields)


def _done(fields: dict[str, Any]) -> Done:
    # An empty mapping has no cell to tell its kind by, so it arrives as {} and not as [].
    fields["in_flight"] = _counted(fields["in_flight"])
    fields["moments_in_flight"] = {moment: _counted(cells) for moment, cells in fields["moments_in_flight"].items()}
    fields["arrivals"] = _arrivals(fields["arrivals"])
    keys, acknowledged = fields["writes"]
    fields["writes"] = (keys, acknowledged)
    fields["idle"] = tuple(fields["idle"])
    unread, unclear, unasked, addresses, by_locust = fields["connections"]
    seen = tuple(AddressSeen(*one) for one in addresses)
    fields["connections"] = Connections(unread, unclear, unasked, seen, by_locust)
    return Done(**fields)


_READERS: Mapping[str, Callable[[dict[str, Any]], Event]] = {
    "Hello": _hello,
    "WindowBegan": lambda fields: WindowBegan(**fields),
    "WindowEnded": lambda fields: WindowEnded(**fields),
    "Batch": _batch,
    "RequestRows": read_rows,
    "Done": _done,
    "Note": lambda fields: Note(**fields),
    "Fatal": lambda fields: Fatal(**fields),
}
