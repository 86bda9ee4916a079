"""What the service knows about its own requests: counts, errors, mean, P95 and P99 per endpoint, since its start.

The outermost layer: it sees every answer, and gives each one `Server-Timing` and `X-Response-Time`.
"""

from __future__ import annotations

import secrets
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from readiness.demo.service.timing import begin, server_timing

_STEPS = (
    1,
    1.1,
    1.2,
    1.3,
    1.5,
    1.6,
    1.8,
    2,
    2.2,
    2.5,
    2.7,
    3,
    3.3,
    3.6,
    3.9,
    4.3,
    4.7,
    5,
    5.6,
    6.2,
    6.8,
    7.5,
    8.2,
    9.1,
)
BOUNDS_MS = tuple(step * 10.0**decade for decade in range(-1, 5) for step in _STEPS)
"""Upper ends of the latency counters, 0.1 ms to 91 s in steps of about a tenth."""
_OTHER = "other"
"""The endpoint of everything that has no route: paths that somebody makes up must not fill our memory."""


class EndpointCounts:
    """Counts of one endpoint; memory does not grow with requests."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.sum_ms = 0.0
        self.counts = [0] * (len(BOUNDS_MS) + 1)

    def add(self, status: int, elapsed_ms: float) -> None:
        """One answered request."""
        self.statuses[f"{status // 100}xx"] += 1
        self.sum_ms += elapsed_ms
        self.counts[bisect_left(BOUNDS_MS, elapsed_ms)] += 1

    def quantile_ms(self, q: float) -> float | None:
        """The upper end of the counter that holds quantile `q`: never too low, at most 12 % too high."""
        total = self.statuses.total()
        if not total:
            return None
        seen = 0
        for bound_ms, count in zip(BOUNDS_MS, self.counts, strict=False):
            seen += count
            if seen >= q * total:
                return round(bound_ms, 2)
        return None  # over the last bound

    def summary(self) -> dict[str, object]:
        """As `/stats` shows it."""
        total, errors = self.statuses.total(), self.statuses["5xx"]
        return {
            "requests": total,
            "errors": errors,
            "error_rate": errors / total if total else None,
            "mean_ms": round(self.sum_ms / total, 3) if total else None,
            "p95_ms": self.quantile_ms(0.95),
            "p99_ms": self.quantile_ms(0.99),
            "statuses": dict(sorted(self.statuses.items())),
        }


class Monitor:
    """All endpoints; `instance` changes with a restart, across which counters cannot be subtracted."""

    def __init__(self) -> None:
        self.instance = secrets.token_hex(8)
        self.endpoints: dict[str, EndpointCounts] = {}

    def add(self, endpoint: str, status: int, elapsed_ms: float) -> None:
        """One answered request."""
        found = self.endpoints.get(endpoint)
        if found is None:
            found = self.endpoints[endpoint] = EndpointCounts()
        found.add(status, elapsed_ms)

    def requests(self) -> dict[str, object]:
        """Answers so far; errors are 5xx."""
        statuses = sum((endpoint.statuses for endpoint in self.endpoints.values()), Counter[str]())
        return {
            "total": statuses.total(),
            "errors": statuses["5xx"],
            "mean_ms": self._mean_ms(statuses.total()),
            **dict(sorted(statuses.items())),
        }

    def summary(self) -> dict[str, object]:
        """Every endpoint's summary by its name, such as `GET /api/bags/{qr}`."""
        return {name: endpoint.summary() for name, endpoint in sorted(self.endpoints.items())}

    def _mean_ms(self, total: int) -> float | None:
        return round(sum(endpoint.sum_ms for endpoint in self.endpoints.values()) / total, 3) if total else None


class Monitoring:
    """ASGI middleware; `names` gives the path of a route by its handler."""

    def __init__(self, app: ASGIApp, monitor: Monitor, names: Mapping[Callable[..., object], str]) -> None:
        self._app = app
        self._monitor = monitor
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, time it, and count it when it is over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        parts = begin()
        status = 500  # of an application that ends without an answer

        async def send_timed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                elapsed_s = time.perf_counter() - started_s
                message["headers"] += (
                    (b"server-timing", server_timing(parts, elapsed_s).encode()),
                    (b"x-response-time", f"{elapsed_s * 1000:.2f}ms".encode()),
                )
            await send(message)

        try:
            await self._app(scope, receive, send_timed)
        finally:
            self._monitor.add(self._name(scope), status, (time.perf_counter() - started_s) * 1000)

    def _name(self, scope: Scope) -> str:
        path = self._names.get(scope.get("endpoint", _OTHER))
        return f"{scope['method']} {path}" if path and scope["method"] in ("GET", "HEAD", "POST") else _OTHER
