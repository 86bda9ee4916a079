"""The engine's events -> Load: batches are added up, checked against each other and against the end marker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from readiness.load.plan import EnginePlan
from readiness.load.recorder import STALL_S
from readiness.load.wire import Batch, Cell, Done, Hello, Judged, Judging
from readiness.measurements.histogram import EMPTY, Histogram, merge
from readiness.measurements.instrument import Instrument, Pause, together
from readiness.measurements.run import (
    Endpoint,
    Ledger,
    Load,
    Rate,
    Recording,
    Second,
    Slice,
    Stall,
)
from readiness.measurements.seen import Seen
from readiness.measurements.seen import together as together_seen
from readiness.measurements.writes import WriteBook

T = TypeVar("T")

MIN_POINT_S = 0.25
"""A batch over less time than this (at the ends of phases) joins the one before: its rate would be noise."""
MAX_POINTS = 1200
"""Points of the time series; longer runs get coarser points."""
MAX_SLICES = 120
MAX_SLICE_CELLS = 12_000
"""Time blocks times endpoints: with many endpoints the blocks get coarser, so that memory stays flat."""


@dataclass(slots=True)
class _Point:
    start_s: float
    end_s: float
    users: int
    ok: Histogram
    failed: Counter[str]


@dataclass(slots=True)
class _Block:
    start_s: float
    end_s: float
    cells: dict[tuple[str, str], tuple[Histogram, int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Totals:
    ok: Histogram = EMPTY
    failed: Counter[str] = field(default_factory=Counter)
    failed_latency: Histogram = EMPTY


class Assembly:
    """Adds up what the engine sends; `load()` may be asked for at any time, also after a lost engine."""

    def __init__(self, plan: EnginePlan) -> None:
        self._plan = plan
        self._totals: dict[Cell, _Totals] = {}
        self._points: list[_Point] = []
        self._blocks: list[_Block] = []
        self._stalls: list[Stall] = []
        self._instrument: Instrument | None = None
        self._seen: dict[tuple[str, str], Seen] = {}
        self._lookups: list[tuple[int, int]] = []
        self._last: Batch | None = None
        self._done: Done | None = None
        self._hello: Hello | None = None
        self._judging_s: float | None = None
        self._judged_s: float | None = None
        self._batches = 0
        self.problems: list[str] = []
        self.failure_texts: Counter[str] = Counter()
        self.writes = WriteBook(plan.run_id)

    @property
    def last(self) -> Batch | None:
        """The newest batch, for the live view."""
        return self._last

    def add(self, event: object) -> None:
        """Take one event in."""
        match event:
            case Hello():
                self._hello = event
            case Judging(at_s):
                self._judging_s = at_s
            case Judged(at_s):
                self._judged_s = at_s
            case Batch():
                self._add_batch(event)
            case Done():
                self._done = event
                self._check(event)

    def totals_by_endpoint(self) -> list[tuple[str, str, Histogram, int]]:
        """(scenario, name, successful latencies, failures) of the judged window, or of all before it began."""
        judged = self._judging_s is not None
        return [
            (cell.scenario, cell.name, totals.ok, sum(totals.failed.values()))
            for cell, totals in sorted(self._totals.items())
            if cell.judged == judged
        ]

    def load(self) -> Load | None:
        """Everything so far; None before the first batch."""
        last = self._last
        if last is None:
            return None
        plan = self._plan
        in_flight = self._done.in_flight if self._done else {}
        started = {cell.scenario for cell in (*self._totals, *in_flight)}
        judged_start = self._judging_s if self._judging_s is not None else last.at_s
        judged_end = self._judged_s if self._judged_s is not None else last.at_s
        if self._done is not None and self._judging_s is not None:
            judged_end = self._done.judged_until_s
        return Load(
            model="closed" if plan.rate_per_s is None else "open",
            users=plan.users,
            rate_per_s=plan.rate_per_s,
            judged_start_s=judged_start,
            judged_end_s=max(judged_end, judged_start),
            planned_s=plan.duration_s,
            ledger=self._ledger(last),
            endpoints=self._endpoints(in_flight),
            series=tuple(_second(point) for point in self._points),
            dropped_judged=last.dropped[1],
            idle_scenarios=tuple(sorted(set(self._hello.users if self._hello else ()) - started)),
            stalls=_of_the_target(self._stalls, self._instrument.pauses if self._instrument else ()),
            header_rate=self._header_rate(),
            seen=tuple(seen for _, seen in sorted(self._seen.items())),
            script_errors=_counted(self._done.script_errors if self._done else {}),
            instrument=self._instrument,
        )

    def _add_batch(self, batch: Batch) -> None:
        if batch.seq != self._batches:
            self.problems.append(f"batch {self._batches} of the load engine is missing: got {batch.seq}")
        self._batches += 1
        start_s = self._last.at_s if self._last else 0.0
        self._last = batch
        block = _Block(start_s, batch.at_s)
        self._add_seen(batch.seen)
        for cell, counts in batch.cells.items():
            totals = self._totals.setdefault(cell, _Totals())
            totals.ok = merge(totals.ok, counts.ok)
            totals.failed.update(counts.failed)
            totals.failed_latency = merge(totals.failed_latency, counts.failed_latency)
            if cell.judged:
                block.cells[cell.scenario, cell.name] = (counts.ok, sum(counts.failed.values()))
        self._stalls.extend(Stall(*stall) for stall in batch.stalls)
        self.failure_texts.update(batch.details)
        self.writes.add(batch.writes)
        sliver = batch.at_s - start_s < MIN_POINT_S
        if batch.instrument is not None:
            self._instrument = together([self._instrument or Instrument(), batch.instrument])
        if self._judging_s is not None:
            if sliver and self._blocks:
                self._blocks[-1] = _join_blocks(self._blocks[-1], block)
            else:
                self._blocks.append(block)
            cells = max(len(self._totals), 1)
            if len(self._blocks) > max(min(MAX_SLICES, MAX_SLICE_CELLS // cells), 8):
                self._blocks = _pairs(self._blocks, _join_blocks)
        point = _Point(
            start_s,
            batch.at_s,
            batch.users,
            merge(*(counts.ok for counts in batch.cells.values())),
            _classes(batch),
        )
        if sliver and self._points:
            self._points[-1] = _join_points(self._points[-1], point)
        else:
            self._points.append(point)
        if len(self._points) > MAX_POINTS:
            self._points = _pairs(self._points, _join_points)

    def _add_seen(self, found: tuple[Seen, ...]) -> None:
        """What the answers of one batch said; hits and look-ups are kept by batch, as time blocks of their rate."""
        for seen in found:
            key = (seen.scenario, seen.name)
            self._seen[key] = together_seen(self._seen[key], seen) if key in self._seen else seen
        hits = sum(seen.hit.total for seen in found)
        lookups = hits + sum(seen.miss.total for seen in found)
        if lookups:
            self._lookups.append((hits, lookups))
        if len(self._lookups) > MAX_SLICES:
            self._lookups = _pairs(self._lookups, lambda a, b: (a[0] + b[0], a[1] + b[1]))

    def _header_rate(self) -> Rate | None:
        if self._plan.watch.cache_header is None:
            return None
        return Rate(sum(hit for hit, _ in self._lookups), sum(all_ for _, all_ in self._lookups), tuple(self._lookups))

    def _check(self, done: Done) -> None:
        self.writes.complete = done.batches == self._batches and done.writes[0] == self.writes.sent
        ended = sum(totals.ok.total + sum(totals.failed.values()) for totals in self._totals.values())
        if done.batches != self._batches:
            self.problems.append(f"the load engine sent {done.batches} batches, {self._batches} arrived")
        if ended != done.ended or done.begun != done.ended + sum(done.in_flight.values()):
            self.problems.append(
                f"the load engine's ledger does not add up: {done.begun} begun, {done.ended} ended, "
                f"{sum(done.in_flight.values())} in flight, {ended} recorded"
            )

    def _ledger(self, last: Batch) -> Ledger:
        failed: Counter[str] = Counter()
        for totals in self._totals.values():
            failed.update(totals.failed)
        ok = sum(totals.ok.total for totals in self._totals.values())
        # Whatever began and was not seen to end counts as in flight: also what a lost batch would have told.
        return Ledger(
            planned=last.begun + last.dropped[0],
            ok=ok,
            failed=dict(sorted(failed.items())),
            in_flight=max(last.begun - ok - failed.total(), 0),
            dropped=last.dropped[0],
        )

    def _endpoints(self, waiting: Mapping[Cell, int]) -> tuple[Endpoint, ...]:
        names = sorted({(cell.scenario, cell.name) for cell in (*self._totals, *waiting)})
        return tuple(
            Endpoint(
                scenario,
                name,
                judged=self._recording(Cell(scenario, name, True), waiting),
                warm_up=self._recording(Cell(scenario, name, False), waiting),
            )
            for scenario, name in names
        )

    def _recording(self, cell: Cell, in_flight: Mapping[Cell, int]) -> Recording:
        totals = self._totals.get(cell, _Totals())
        slices: tuple[Slice, ...] = ()
        if cell.judged:
            key = (cell.scenario, cell.name)
            slices = tuple(
                Slice(block.start_s, block.end_s - block.start_s, *block.cells[key])
                for block in self._blocks
                if key in block.cells
            )
        return Recording(
            totals.ok, dict(sorted(totals.failed.items())), totals.failed_latency, in_flight.get(cell, 0), slices
        )


def _second(point: _Point) -> Second:
    p50, p95, p99 = (point.ok.quantile_ms(q) for q in (0.5, 0.95, 0.99))
    classes = dict(sorted(point.failed.items()))
    duration_s, failed = point.end_s - point.start_s, point.failed.total()
    return Second(point.start_s, duration_s, point.users, point.ok.total, failed, p50, p95, p99, classes)


def _classes(batch: Batch) -> Counter[str]:
    failed: Counter[str] = Counter()
    for counts in batch.cells.values():
        failed.update(counts.failed)
    return failed


def _of_the_target(stalls: Iterable[Stall], pauses: Iterable[Pause]) -> tuple[Stall, ...]:
    """Stalls that are not a pause of the generator: while we stood still, nobody's answer was seen."""
    return tuple(
        stall
        for stall in stalls
        if stall.end_s - stall.start_s - sum(_overlap(stall, pause) for pause in pauses) >= STALL_S
    )


def _overlap(stall: Stall, pause: Pause) -> float:
    return max(min(stall.end_s, pause.end_s) - max(stall.start_s, pause.start_s), 0.0)


def _pairs(items: list[T], join: Callable[[T, T], T]) -> list[T]:
    """Neighbours joined two by two; an odd last one stays alone."""
    joined = [join(left, right) for left, right in zip(items[::2], items[1::2], strict=False)]
    return joined + items[len(joined) * 2 :]


def _join_points(left: _Point, right: _Point) -> _Point:
    return _Point(left.start_s, right.end_s, right.users, merge(left.ok, right.ok), left.failed + right.failed)


def _join_blocks(left: _Block, right: _Block) -> _Block:
    cells = dict(left.cells)
    for key, (ok, failed) in right.cells.items():
        before_ok, before_failed = cells.get(key, (EMPTY, 0))
        cells[key] = (merge(before_ok, ok), before_failed + failed)
    return _Block(left.start_s, right.end_s, cells)


def _counted(texts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(f"{text} ({count}×)" for text, count in texts.items())
