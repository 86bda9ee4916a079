"""`environment.stats` and `runner.stats`: Locust's tables, filled from our recorder when somebody reads them.

What a file writes into them itself (`log_request`, `log_error`, `stats.get(…).log`) goes to the ledger, where they come
from. A file that never mentions them, nor uses a package that hooks into Locust, costs nothing. Lengths of answers come
from Locust's `request` event, which is built for this only where a file mentions them or what shows them; else they
are 0.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from locust.event import EventHook
from locust.stats import EntriesDict, RequestStats, StatsEntry, StatsError

from readiness.load.engine_events import Cell, CellCounts
from readiness.load.life.endings import own_place
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

    def __init__(self, recorder: Recorder, tell: Callable[..., object], doubt: Callable[[str], object]) -> None:
        self._recorder = recorder
        self._tell = tell
        """Takes a request as Locust's `request` event has it."""
        self._doubt = doubt
        self.kept = False
        """Whether anybody may read them."""
        self._forget()
        super().__init__()

    def log_request(self, method: str, name: str, response_time: float, content_length: int) -> None:
        """A file tells of a request that no client sent."""
        self._tell(request_type=method, name=name, response_time=response_time)
        self._lengths[name, method] += content_length or 0

    def log_error(self, method: str, name: str, error: object) -> None:
        """A file says that something failed, and the ledger cannot know which of its requests that was."""
        place = own_place(sys._getframe().f_back)
        self._doubt(
            f"the locustfile: it says with log_error{place} that {method} {name} failed, and no "
            "request of the ledger did: fire events.request with an exception, or call failure() of the answer"
        )

    def hear_lengths(self, request: EventHook) -> None:
        """Add up the lengths of answers from now on, at the cost of an event for each request."""
        request.add_listener(self._add_length)

    def _add_length(self, request_type: str, name: str, response_length: int, **_: object) -> None:
        self._lengths[name, request_type] += response_length or 0

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
        self._lengths: Counter[_Key] = Counter()
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
            entries: EntriesDict = _Entries(self)  # type: ignore[no-untyped-call]
            both = {key: (self._rows.get(key, _Row()), waiting.get(key, _Row())) for key in (*self._rows, *waiting)}
            for key, rows in both.items():
                entries[key] = _entry(self, key, rows, self._began_s)
                entries[key].total_content_length = self._lengths[key]
            every = tuple(row for rows in both.values() for row in rows)
            total = _entry(self, ("Aggregated", ""), every, self._began_s)
            total.total_content_length = self._lengths.total()
            self._seen = entries, total, _errors(self._texts + Counter(details))
            self._read_s = now_s
        seen: tuple[dict[_Key, StatsEntry], StatsEntry, dict[str, StatsError]] = self._seen
        return seen


class _Entry(StatsEntry):
    """Of what was counted already; what a file logs into it goes to the ledger."""

    def log(self, response_time: Any, content_length: Any) -> None:
        """See LedgerStats.log_request."""
        self.stats.log_request(self.method, self.name, response_time, content_length)

    def log_error(self, error: Any) -> None:
        """See LedgerStats.log_error."""
        self.stats.log_error(self.method, self.name, error)

    def get_current_response_time_percentile(self, percent: float) -> int | None:
        """Of all requests: what came in the last seconds is not kept apart."""
        return int(self.get_response_time_percentile(percent))


class _Entries(EntriesDict):
    """A name that is asked for and not there yet is another such entry."""

    def __missing__(self, key: _Key) -> StatsEntry:
        entry = self[key] = _Entry(self.request_stats, *key)
        return entry


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
