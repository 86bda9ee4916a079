"""Batches laid out in time: points of the series over everything, blocks of each endpoint for the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from readiness.load.engine_events import Batch
from readiness.measurements.histogram import EMPTY, Histogram, merge
from readiness.measurements.run import Second, Slice

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


class Series:
    """The time series of the whole load, a point a batch."""

    def __init__(self) -> None:
        self._points: list[_Point] = []

    def add(self, batch: Batch, start_s: float) -> None:
        """Take in the batch that began at `start_s`."""
        point = _Point(
            start_s,
            batch.at_s,
            batch.users,
            merge(*(counts.ok for counts in batch.cells.values())),
            _classes(batch),
        )
        if batch.at_s - start_s < MIN_POINT_S and self._points:
            self._points[-1] = _join_points(self._points[-1], point)
        else:
            self._points.append(point)
        if len(self._points) > MAX_POINTS:
            self._points = pairs(self._points, _join_points)

    def seconds(self) -> tuple[Second, ...]:
        """All points so far."""
        return tuple(_second(point) for point in self._points)


class Blocks:
    """The time blocks of one step's window."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._blocks: list[_Block] = []

    def add(self, batch: Batch, start_s: float, endpoints: int, moment: str = "") -> None:
        """Take in the batch that began at `start_s`; `endpoints` are those of the whole load so far.

        `moment` says of which of its moments, if not of the requests as they ended.
        """
        found = batch.moments.get(moment, {}) if moment else batch.cells
        cells = {
            (cell.scenario, cell.name): (counts.ok, sum(counts.failed.values()))
            for cell, counts in found.items()
            if cell.step == self._step
        }
        if not cells:
            return
        block = _Block(start_s, batch.at_s, cells)
        if self._blocks and batch.at_s - start_s < MIN_POINT_S:
            self._blocks[-1] = _join_blocks(self._blocks[-1], block)
        else:
            self._blocks.append(block)
        if len(self._blocks) > max(min(MAX_SLICES, MAX_SLICE_CELLS // max(endpoints, 1)), 8):
            self._blocks = pairs(self._blocks, _join_blocks)

    def slices(self, scenario: str, name: str) -> tuple[Slice, ...]:
        """The blocks of one endpoint, in order."""
        key = (scenario, name)
        return tuple(
            Slice(block.start_s, block.end_s - block.start_s, *block.cells[key])
            for block in self._blocks
            if key in block.cells
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


def pairs(items: list[T], join: Callable[[T, T], T]) -> list[T]:
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
