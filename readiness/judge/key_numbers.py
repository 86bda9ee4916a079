"""The four numbers that every reader asks for first, of all requests of the measurement window together."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.measurements.histogram import merge
from readiness.measurements.run import Load


@dataclass(frozen=True, slots=True)
class KeyNumbers:
    """Latencies in ms from the intended start of a request to its last byte; None is not bounded."""

    p95_ms: float | None
    """Failed and unfinished requests count as slower than any other, as in the check `latency.p95`."""
    p99_ms: float | None
    successful_p95_ms: float | None
    """Of the successful requests alone; None when there were none."""
    successful_p99_ms: float | None
    throughput_per_s: float | None
    """Successful requests; None without a measurement window."""
    window_s: float


def key_numbers(load: Load) -> KeyNumbers | None:
    """The numbers of a load; None when it measured no request."""
    whole = merge(*(endpoint.judged.ok for endpoint in load.endpoints))
    lost = sum(endpoint.judged.failures + endpoint.judged.in_flight for endpoint in load.endpoints)
    if not whole.total and not lost:
        return None
    p95, p99 = (whole.quantile_ms(q, infinite=lost) for q in (0.95, 0.99))
    alone = [whole.quantile_ms(q) if whole.total else None for q in (0.95, 0.99)]
    rate = whole.total / load.judged_s if load.judged_s > 0 else None
    return KeyNumbers(p95, p99, alone[0], alone[1], rate, load.judged_s)
