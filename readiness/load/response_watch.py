"""What the answers to the load say beside their latency, where the plan asks for it.

Runs for every answer inside the engine, so it must cost next to nothing: bytes are searched, never parsed as a whole;
without a cache header to read, about READ_PER_S answers a second and endpoint are read, each standing for the
others of its stride, and besides the slow ones and those with a new status, which are few.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from readiness.load.ticket import Ticket
from readiness.load.watch_plan import RETRY_AFTER_HEADER, WatchPlan
from readiness.measurements.histogram import Histogram
from readiness.measurements.response_facts import Head, ResponseFacts, TimeParts
from readiness.text import clean, server_timing

READ_PER_S = 50
MAX_ENDPOINTS = 200
"""Endpoints that are watched; a scenario that puts ids into its names is watched in part."""
MAX_PARTS = 12
MAX_HEADS = 4
MAX_WATCHED = 100
"""Answers of an endpoint that are read for a cookie; after these only for a status that was not seen yet."""
_MAX_FIELDS = 100
SLOW_SHARE = 0.95
_RETRY_AFTER = RETRY_AFTER_HEADER.lower()
_TOO_MANY = 429


@dataclass(slots=True)
class _Endpoint:
    hit_s: list[float] = field(default_factory=list)
    miss_s: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    """Of the answers that were read for their stride."""
    stride: int = 1
    left: int = 1
    """Answers until the next one that is read for its stride."""
    count: int = 0
    """Answers that those that were read for their stride stand for."""
    slow_s: float = float("inf")
    statuses: set[int] = field(default_factory=set)
    timing: _Sum = field(default_factory=lambda: _Sum())
    slow: _Sum = field(default_factory=lambda: _Sum())
    watched: int = 0
    kept: set[tuple[int, bool]] = field(default_factory=set)
    heads: list[Head] = field(default_factory=list)


@dataclass(slots=True)
class _Sum:
    samples: int = 0
    total_ms: float = 0.0
    parts_ms: dict[str, float] = field(default_factory=dict)

    def add(self, latency_ms: float, parts: list[tuple[str, float]], weight: int) -> None:
        self.samples += weight
        self.total_ms += latency_ms * weight
        for name, spent_ms in parts:
            if name in self.parts_ms or len(self.parts_ms) < MAX_PARTS:
                self.parts_ms[name] = self.parts_ms.get(name, 0.0) + spent_ms * weight

    def take(self) -> TimeParts:
        taken = TimeParts(self.samples, self.total_ms, self.parts_ms)
        self.samples, self.total_ms, self.parts_ms = 0, 0.0, {}
        return taken


class Watch:
    """Sees every answer of the measurement window, or of the load; `take` gives what came since the last take."""

    def __init__(self, plan: WatchPlan) -> None:
        self._cache = b"" if plan.cache_header is None else b"\n" + plan.cache_header.lower().encode() + b":"
        self._cache_kind = (plan.cache_header or "").lower()
        self._hits = frozenset(value.lower().encode() for value in plan.hits)
        self._timing = plan.server_timing
        self._heads = plan.heads
        self.everywhere = plan.everywhere
        self._endpoints: dict[tuple[str, str], _Endpoint] = {}

    def pack(self) -> None:
        """Nothing here grows with the requests of a second."""

    def see(self, call: Ticket, end_s: float, failure: str | None) -> None:
        """`call` ended; without an answer there is nothing to see."""
        endpoint = self._endpoints.get(call.identity)
        if endpoint is None:
            if len(self._endpoints) >= MAX_ENDPOINTS:
                return
            endpoint = self._endpoints[call.identity] = _Endpoint()
        endpoint.left -= 1
        latency_s, status = end_s - call.start_s, call.status_code
        if endpoint.left > 0 and latency_s <= endpoint.slow_s and status in endpoint.statuses and not self._cache:
            return
        if status:
            self._read(endpoint, status, latency_s, call.raw_head)

    def _read(self, endpoint: _Endpoint, status: int, latency_s: float, raw_head: bytes) -> None:
        end = raw_head.find(b"\r\n\r\n")
        head = raw_head if end < 0 else raw_head[:end]
        folded = head.lower()
        endpoint.statuses.add(status)
        if self._cache_kind:
            hit = self._is_hit(folded, status)
            if hit is not None:
                (endpoint.hit_s if hit else endpoint.miss_s).append(latency_s)
        weight = endpoint.stride if endpoint.left <= 0 else 0
        if weight:
            endpoint.count += weight
            endpoint.latencies_s.append(latency_s)
            if len(endpoint.latencies_s) % READ_PER_S == 0:
                endpoint.stride *= 2  # more come than were expected
            endpoint.left = endpoint.stride
        if self._timing and (weight or latency_s > endpoint.slow_s):
            self._time(endpoint, folded, latency_s, weight)
        if self._heads and (endpoint.watched < MAX_WATCHED or (status, False) not in endpoint.kept):
            endpoint.watched += 1
            kind = (status, b"\nset-cookie:" in folded)
            if kind not in endpoint.kept and len(endpoint.kept) < MAX_HEADS:
                endpoint.kept.add(kind)
                endpoint.heads.append(Head(status, _fields(head)))

    def take(self) -> tuple[ResponseFacts, ...]:
        """Everything since the last take, by endpoint."""
        found = []
        for (scenario, name), one in self._endpoints.items():
            if not (one.hit_s or one.miss_s or one.latencies_s or one.heads or one.slow.samples):
                one.stride = one.left = 1  # fewer came than the stride of busier times
                continue
            found.append(
                ResponseFacts(
                    scenario,
                    name,
                    _histogram(one.hit_s),
                    _histogram(one.miss_s),
                    one.timing.take(),
                    one.slow.take(),
                    tuple(one.heads),
                )
            )
            if len(one.latencies_s) >= READ_PER_S // 2:
                one.slow_s = float(np.quantile(one.latencies_s, SLOW_SHARE))
            one.stride = max(1, round(one.count / READ_PER_S))
            one.left, one.count = min(one.left, one.stride), 0
            one.hit_s, one.miss_s, one.latencies_s, one.heads = [], [], [], []
        return tuple(found)

    def _is_hit(self, head: bytes, status: int) -> bool | None:
        """Whether a cache answered; None when the answer says nothing about it."""
        if self._cache_kind == "age":  # RFC 9111 §5.1: its presence means that the origin did not make this answer
            return field_value(head, b"\nage:").isdigit() if status == 200 else None
        if self._cache_kind == _RETRY_AFTER:  # RFC 9110 §10.2.3: it is asked of refusals, not of what was answered
            return bool(field_value(head, self._cache)) if status == _TOO_MANY or status >= 500 else None
        if self._cache not in head:
            return None
        value = field_value(head, self._cache)
        if self._cache_kind == "cache-status":  # RFC 9211: one member for each cache, the nearest to the origin first
            return any(b"hit" in [part.strip() for part in member.split(b";")[1:]] for member in value.split(b","))
        return value in self._hits

    def _time(self, endpoint: _Endpoint, head: bytes, latency_s: float, weight: int) -> None:
        if b"\nserver-timing:" not in head:
            return
        parts = server_timing.parts_ms(field_value(head, b"\nserver-timing:")[:2000].decode("latin-1"))
        latency_ms = latency_s * 1000
        if weight:
            endpoint.timing.add(latency_ms, parts, weight)
        if latency_s > endpoint.slow_s:
            endpoint.slow.add(latency_ms, parts, 1)


def field_value(head: bytes, name: bytes) -> bytes:
    """The field's value in lower case, repeated fields joined with a comma; `name` is line feed, field and colon."""
    values = []
    at = head.find(name)
    while at >= 0:
        end = head.find(b"\r", at)
        values.append(head[at + len(name) : end if end >= 0 else len(head)].strip())
        at = head.find(name, at + 1)
    return b",".join(values)


def _fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """Names and values as sent, cleaned; of a cookie only its name and attributes, of a redirect no query."""
    found = []
    for line in head.split(b"\r\n")[1 : _MAX_FIELDS + 1]:
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        field_name, text = clean(name.decode("latin-1"), 100), clean(value.decode("latin-1"), 4000)
        if field_name.lower() == "set-cookie":
            pair, semicolon, attributes = text.partition(";")
            text = f"{pair.partition('=')[0]}=…{semicolon}{attributes}"
        elif field_name.lower() in ("location", "content-location", "refresh"):
            place, query, _ = text.partition("?")  # where codes, tokens and sessions stand
            text = f"{place}?…" if query else place
        found.append((field_name, text))
    return tuple(found)


def _histogram(latencies_s: list[float]) -> Histogram:
    return Histogram.of_us(np.maximum(np.rint(np.array(latencies_s) * 1e6), 0).astype(np.int64))
