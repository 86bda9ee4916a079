"""`environment.stats` and `runner.stats`: Locust's tables, filled from our recorder when somebody reads them.

A file that never mentions them costs nothing. Lengths of answers are not recorded: they are 0.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from locust.stats import EntriesDict, RequestStats, StatsEntry, StatsError

from readiness.load.engine_events import Cell, CellCounts
from readiness.load.recorder import Recorder
from readiness.measurements.histogram import EMPTY, Histogram, highest_us, merge

_MOST_PENDING = 30
"""Batches that are kept as they came; then they are added up."""
_READ_AGAIN_S = 0.05

_Key = tuple[str, str]
"""Name and method, as Locust has them."""


@dataclass(slots=True)
class _Row:
    latencies: Histogram = EMPTY
    failures: int = 0
    seconds: Counter[int] = field(default_factory=Counter)
    failed_seconds: Counter[int] = field(default_factory=Counter)
    """Requests and failures by the second (Unix time) in which they were counted."""

    def add(self, latencies: list[Histogram], moments: list[tuple[float, int, int]]) -> None:
        """`moments` are when, how many requests, and how many failures."""
        self.latencies = merge(self.latencies, *latencies)
        for at_s, requests, failures in moments:
            self.failures += failures
            self.seconds[int(at_s)] += requests
            self.failed_seconds[int(at_s)] += failures


class LedgerStats(RequestStats):
    """What Locust's own class gives, of the requests that the recorder has counted so far."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.kept = False
        """Whether anybody may read them."""
        self._forget()
        super().__init__()

    def keep(self, cells: Mapping[Cell, CellCounts], details: Mapping[str, int]) -> None:
        """Take in a batch that goes to the parent."""
        if self.kept:
            self._read_s = 0.0
            self._pending.append((time.time(), cells))
            self._texts.update(details)
            if len(self._pending) >= _MOST_PENDING:
                _pour(self._rows, list(self._pending))
                self._pending.clear()

    def clear_all(self) -> None:
        """Begin anew, with the next batch."""
        self._forget()

    reset_all = clear_all

    @property
    def entries(self) -> dict[_Key, StatsEntry]:
        """By name and method."""
        return self._view()[0]

    @entries.setter
    def entries(self, _: object) -> None:
        """They are read only."""

    @property
    def total(self) -> StatsEntry:
        """Of all together."""
        return self._view()[1]

    @total.setter
    def total(self, _: object) -> None:
        """It is read only."""

    @property
    def errors(self) -> dict[str, StatsError]:
        """Each text of a failure, with how often it came."""
        return self._view()[2]

    @errors.setter
    def errors(self, _: object) -> None:
        """They are read only."""

    def _forget(self) -> None:
        self._rows: dict[_Key, _Row] = {}
        self._pending: deque[tuple[float, Mapping[Cell, CellCounts]]] = deque()
        self._texts: Counter[str] = Counter()
        self._began_s = time.time()
        self._read_s = 0.0
        self._seen: Any = None

    def _view(self) -> tuple[dict[_Key, StatsEntry], StatsEntry, dict[str, StatsError]]:
        now_s = time.time()
        if self._seen is None or now_s - self._read_s > _READ_AGAIN_S:
            _pour(self._rows, list(self._pending))
            self._pending.clear()
            cells, details = self._recorder.peek() if self.kept else ({}, {})
            waiting: dict[_Key, _Row] = {}
            _pour(waiting, [(now_s, cells)])
            entries = EntriesDict(self)
            both = {key: (self._rows.get(key, _Row()), waiting.get(key, _Row())) for key in (*self._rows, *waiting)}
            for key, rows in both.items():
                entries[key] = _entry(self, key, rows, self._began_s)
            every = tuple(row for rows in both.values() for row in rows)
            total = _entry(self, ("Aggregated", ""), every, self._began_s)
            self._seen = entries, total, _errors(self._texts + Counter(details))
            self._read_s = now_s
        seen: tuple[dict[_Key, StatsEntry], StatsEntry, dict[str, StatsError]] = self._seen
        return seen


class _Entry(StatsEntry):
    """Of what was counted already; nothing is logged into it."""

    def get_current_response_time_percentile(self, percent: float) -> int | None:
        """Of all requests: what came in the last seconds is not kept apart."""
        return int(self.get_response_time_percentile(percent))


def _pour(rows: dict[_Key, _Row], batches: list[tuple[float, Mapping[Cell, CellCounts]]]) -> None:
    latencies: dict[_Key, list[Histogram]] = {}
    moments: dict[_Key, list[tuple[float, int, int]]] = {}
    for at_s, cells in batches:
        for cell, counts in cells.items():
            key = _key(cell.name)
            failures = sum(counts.failed.values())
            latencies.setdefault(key, []).extend((counts.ok, counts.failed_latency))
            moments.setdefault(key, []).append((at_s, counts.ok.total + failures, failures))
    for key, found in latencies.items():
        rows.setdefault(key, _Row()).add(found, moments[key])


def _key(endpoint: str) -> _Key:
    method, space, name = endpoint.partition(" ")
    return (name, method) if space else (endpoint, "")


def _entry(stats: RequestStats, key: _Key, rows: tuple[_Row, ...], began_s: float) -> StatsEntry:
    entry = _Entry(stats, *key)
    whole = merge(*(row.latencies for row in rows))
    entry.start_time = began_s
    entry.num_requests = whole.total
    entry.num_failures = sum(row.failures for row in rows)
    entry.total_response_time = whole.sum_us / 1000  # type: ignore[assignment]  # exact, and not rounded as Locust's
    entry.min_response_time = whole.min_us / 1000 if whole.total else None  # type: ignore[assignment]
    entry.max_response_time = whole.max_us / 1000  # type: ignore[assignment]
    pairs = zip(whole.indices.tolist(), whole.counts.tolist(), strict=True)
    times: dict[Any, int] = {min(highest_us(index), whole.max_us) / 1000: count for index, count in pairs}
    entry.response_times.update(times)
    for row in rows:
        for seconds, into in ((row.seconds, entry.num_reqs_per_sec), (row.failed_seconds, entry.num_fail_per_sec)):
            for second, count in seconds.items():
                into[second] += count
    entry.last_request_timestamp = max(entry.num_reqs_per_sec, default=None)
    return entry


def _errors(texts: Counter[str]) -> dict[str, StatsError]:
    found: dict[str, StatsError] = {}
    for text, count in texts.items():
        endpoint, failure, detail = (*text.split("\t", 2), "", "")[:3]
        name, method = _key(endpoint)
        error = StatsError(method, name, detail or failure, count)
        found[StatsError.create_key(method, name, error.error)] = error
    return found
