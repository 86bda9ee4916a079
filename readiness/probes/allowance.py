"""What all probes together may send beside the load. One object for a run; who sends meanwhile takes turns here.

Three rules, asked before every request of a probe:

- at most one request of an endpoint is in flight,
- the requests of all probes are at most MOST_SHARE of the load's, and so is the time that was waited for their answers,
  both counted in the measurement window as it goes,
- an endpoint is busy with probes for at most BUSY of that time: slow answers slow the pace.

The first FREE requests of a probe to an endpoint, which it needs to say anything at all, are outside the second rule:
FREE before the measurement window, and FREE in it. Nothing else is sent before the window.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from threading import Lock

from readiness.measurements.probing import MOST_SHARE
from readiness.probes.overhead import Sent
from readiness.probes.window import Window

BUSY = 0.2
FREE = 3
_POLL_S = 0.02


@dataclass(slots=True)
class _Endpoint:
    """What one path has cost in the measurement window so far."""

    requests: int = 0
    waited_ms: float = 0.0
    in_flight: Sent | None = None

    @property
    def usual_ms(self) -> float:
        """What the next request is expected to take."""
        return self.waited_ms / self.requests if self.requests else 0.0


class Allowance:
    """Asked by the probes from several threads, told by whoever drives the load what the load has done."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._lock = Lock()
        self._endpoints: dict[str, _Endpoint] = {}
        self._free: Counter[tuple[str, str, bool]] = Counter()
        self._sent: list[Sent] = []
        self._load_requests = 0
        self._load_ms = 0.0

    def load_did(self, requests: int, waited_ms: float) -> None:
        """The load's requests in the measurement window so far, and the sum of their latencies."""
        with self._lock:
            self._load_requests, self._load_ms = requests, waited_ms

    @asynccontextmanager
    async def turn(
        self, probe: str, path: str, give_up: Callable[[], bool], *, extra: bool = False
    ) -> AsyncIterator[Sent | None]:
        """Waits until one request to `path` may be sent; None when `give_up` said so before.

        An `extra` request is one that the probe can do without: it takes none of the free ones.
        """
        while (sent := self._take(probe, path, extra=extra)) is None:
            if give_up():
                yield None
                return
            await asyncio.sleep(_POLL_S)
        try:
            yield sent
        finally:
            self._give_back(path, sent)

    def taken(self) -> tuple[Sent, ...]:
        """Every request so far."""
        with self._lock:
            return tuple(self._sent)

    def _take(self, probe: str, path: str, *, extra: bool) -> Sent | None:
        now_s, begin_s = time.monotonic(), self._window.begin_s
        key = (probe, path, begin_s is not None)
        with self._lock:
            endpoint = self._endpoints.setdefault(path, _Endpoint())
            if endpoint.in_flight is not None or (self._window.judging and self._is_busy(endpoint, now_s)):
                return None
            if self._free[key] < FREE and not extra:
                self._free[key] += 1
            elif begin_s is None or not self._pays(endpoint, now_s):
                return None
            endpoint.in_flight = Sent(now_s)
            self._sent.append(endpoint.in_flight)
            return endpoint.in_flight

    def _give_back(self, path: str, sent: Sent) -> None:
        begin_s = self._window.begin_s
        with self._lock:
            endpoint = self._endpoints[path]
            endpoint.in_flight = None
            if not sent.waited_ms:  # no answer: it was waited for all the same
                sent.waited_ms = 1000 * (time.monotonic() - sent.at_s)
            if begin_s is not None and sent.at_s >= begin_s:
                endpoint.requests += sent.requests
                endpoint.waited_ms += sent.waited_ms

    def _is_busy(self, endpoint: _Endpoint, now_s: float) -> bool:
        return endpoint.waited_ms > BUSY * 1000 * (now_s - (self._window.begin_s or now_s))

    def _pays(self, endpoint: _Endpoint, now_s: float) -> bool:
        """Whether the load so far pays for one request more, with all that is in flight."""
        begin_s = self._window.begin_s or now_s
        requests, waited_ms = 1, endpoint.usual_ms
        for one in self._endpoints.values():
            requests += one.requests
            waited_ms += one.waited_ms
            if one.in_flight is not None and one.in_flight.at_s >= begin_s:
                requests += 1
                waited_ms += max(1000 * (now_s - one.in_flight.at_s), one.usual_ms)
        return requests <= MOST_SHARE * self._load_requests and waited_ms <= MOST_SHARE * self._load_ms
