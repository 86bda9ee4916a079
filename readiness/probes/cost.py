"""What the looks cost: every request of a probe is counted where it is sent, with the work that it was.

Counted in the judged window, where the load is: idle looks before it disturb nobody that is measured.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from readiness.measurements.probing import Cost, Probing
from readiness.measurements.run import Load
from readiness.numbers import count, duration, share_words
from readiness.probes.library import httpx

BUDGET = 0.01
"""Looks should add no more than this share to the load."""
LONGEST_MS = 1e7
TOTAL = "total"
_PART = re.compile(r'([!#$%&\'*+.^_`|~0-9A-Za-z-]{1,40})\s*;[^,]*?\bdur\s*=\s*"?([0-9]{1,9}(?:\.[0-9]{1,9})?)')


@dataclass(slots=True)
class Sent:
    """One request of a probe."""

    at_s: float
    waited_ms: float = 0.0
    service_ms: float | None = None
    received_bytes: int = 0


class Meter:
    """Sees every request of the clients that carry its hooks, from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sent: list[Sent] = []

    def hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """For a client of httpx."""
        return {"request": [self._begin], "response": [self._end]}

    def taken(self) -> tuple[Sent, ...]:
        """Everything so far."""
        with self._lock:
            return tuple(self._sent)

    async def _begin(self, request: httpx.Request) -> None:
        one = Sent(time.monotonic())
        request.extensions = {**request.extensions, "sent": one}
        with self._lock:
            self._sent.append(one)

    async def _end(self, response: httpx.Response) -> None:
        one = response.request.extensions.get("sent")
        if not isinstance(one, Sent):
            return
        one.waited_ms = 1000 * (time.monotonic() - one.at_s)
        length = response.headers.get("Content-Length", "")
        head = sum(len(name) + len(value) + 4 for name, value in response.headers.raw)
        one.received_bytes = head + (int(length) if length.isascii() and length.isdigit() and len(length) < 8 else 0)
        one.service_ms = service_ms(response.headers.get("Server-Timing", "")[:2000])


def service_ms(timing: str) -> float | None:
    """All time in a `Server-Timing`: its `total`, else the sum of its parts; None where it has none."""
    parts = {name.lower(): float(spent) for name, spent in _PART.findall(timing) if float(spent) <= LONGEST_MS}
    return _whole(parts)


def _whole(parts_ms: Mapping[str, float]) -> float | None:
    if not parts_ms:
        return None
    return parts_ms[TOTAL] if TOTAL in parts_ms else sum(parts_ms.values())


def of_looks(sent: Iterable[Sent], begin_s: float | None, end_s: float | None) -> tuple[Cost, int]:
    """Of the requests that were sent in the judged window, and the bytes that came for them."""
    if begin_s is None or end_s is None:
        return Cost(0, 0.0), 0
    inside = [one for one in sent if begin_s <= one.at_s <= end_s]
    told = [one.service_ms for one in inside if one.service_ms is not None]
    cost = Cost(len(inside), sum(one.waited_ms for one in inside), sum(told) if told else None)
    return cost, sum(one.received_bytes for one in inside)


def of_load(load: Load) -> Cost:
    """Of the judged requests of the load; what `Server-Timing` said of some stands for all of an endpoint."""
    records = [endpoint.judged for endpoint in load.endpoints]
    waited_ms = sum(record.ok.sum_us + record.failed_latency.sum_us for record in records) / 1000
    told = []
    answered = {(one.scenario, one.name): one.judged.ok.total + one.judged.failures for one in load.endpoints}
    for seen in load.seen:
        whole_ms, requests = _whole(seen.timing.parts_ms), answered.get((seen.scenario, seen.name), 0)
        if whole_ms is not None and seen.timing.samples:
            told.append(whole_ms * requests / seen.timing.samples)
    return Cost(sum(record.requests for record in records), waited_ms, sum(told) if told else None)


def words(probing: Probing) -> str:
    """One sentence on what the looks added, and one on why they were not fewer, where they were too many."""
    looks, load = probing.looks, probing.load
    sentence = f"Probes sent {count(looks.requests, 'request')} in the judged window"
    if probing.request_share is None:
        return f"{sentence}."
    sentence += f", {share_words(probing.request_share)} of the load's {load.requests:,}"
    if probing.work_share is not None:
        sentence += (
            f"; by Server-Timing they took {looks.service_ms:,.0f} ms of the service's time beside "
            f"{load.service_ms:,.0f} ms, {share_words(probing.work_share)}, in a window of {duration(probing.window_s)}"
        )
    elif probing.wait_share is not None:
        sentence += (
            f"; their answers took {looks.waited_ms:,.0f} ms beside {load.waited_ms:,.0f} ms, "
            f"{share_words(probing.wait_share)}"
        )
    sentence += f"; {probing.received_bytes / 1024:,.0f} KiB came back."
    if probing.every_ms is None or probing.request_share <= BUDGET:
        return sentence
    pace = f"every {probing.every_ms:,.0f} ms"
    if probing.declared:
        return f"{sentence} The file sets the pace of the health looks ({pace})."
    if probing.needed_looks is not None:
        budget = (
            "" if probing.planned_requests is None else f", and this plan yields about {probing.planned_requests:,}"
        )
        return (
            f"{sentence} The declared health checks need {probing.needed_looks:,} looks at each endpoint ({pace}): "
            f"they stay under {share_words(BUDGET)} from {_at_least(probing):,} requests on{budget}."
        )
    return sentence


def _at_least(probing: Probing) -> int:
    """Requests of the load from which on the looks are within the budget."""
    return round(probing.looks.requests / BUDGET)
