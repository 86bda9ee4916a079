"""Endpoints, their moments and the ledger as rows of text; successful and failed latencies never mix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from readiness.judge.verdict import EndpointResult, Verdict
from readiness.measurements.run import Ledger
from readiness.text import clean, numbers

MOST_ENDPOINT_ROWS = 200
"""Endpoints shown by name; report.json has all of them."""


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One endpoint's successful requests in ms."""

    scenario: str
    name: str
    requests: str
    failures: str
    failed_share: str
    latencies: tuple[str, ...]
    """In the order of LATENCIES."""


LATENCIES = ("Mean", "P50", "P90", "P95", "P99", "Max")
FAILED_LATENCIES = ("P50", "P95", "Max")


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One endpoint's requests that failed or did not finish."""

    scenario: str
    name: str
    classes: str
    in_flight: str
    latencies: tuple[str, ...]
    """In the order of FAILED_LATENCIES, of the failed requests alone."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One line of the ledger: the whole load, and the measurement window."""

    label: str
    whole: str
    judged: str


def slowest(endpoints: Sequence[EndpointResult], most: int) -> tuple[EndpointResult, ...]:
    """All endpoints in their own order, or, of too many, those with failures and the longest P99."""
    return tuple(endpoints) if len(endpoints) <= most else worst_first(endpoints)[:most]


def worst_first(endpoints: Sequence[EndpointResult]) -> tuple[EndpointResult, ...]:
    """Those with most failures, then those with the longest P99."""
    return tuple(sorted(endpoints, key=lambda e: (-e.failures, -(e.latency_ms.p99 or 0.0))))


def rows(endpoints: Sequence[EndpointResult]) -> tuple[EndpointRow, ...]:
    """Successful requests by endpoint."""
    return tuple(_row(endpoint) for endpoint in slowest(endpoints, MOST_ENDPOINT_ROWS))


def failures(endpoints: Sequence[EndpointResult]) -> tuple[FailureRow, ...]:
    """Failed and unfinished requests, of the endpoints that had any."""
    return tuple(_failure(endpoint) for endpoint in slowest([e for e in endpoints if e.failures], MOST_ENDPOINT_ROWS))


def _row(endpoint: EndpointResult) -> EndpointRow:
    at = endpoint.latency_ms
    return EndpointRow(
        clean(endpoint.scenario),
        clean(endpoint.name),
        f"{endpoint.requests:,}",
        f"{endpoint.failures:,}",
        numbers.share(endpoint.failures, endpoint.requests),
        tuple(numbers.number(value, "ms") or "–" for value in (at.mean, at.p50, at.p90, at.p95, at.p99, at.max)),
    )


def _failure(endpoint: EndpointResult) -> FailureRow:
    at = endpoint.failed_latency_ms
    return FailureRow(
        clean(endpoint.scenario),
        clean(endpoint.name),
        clean(endpoint.why) or classes(endpoint.failed) or "–",
        f"{endpoint.in_flight:,}",
        tuple(numbers.number(value, "ms") or "–" for value in (at.p50, at.p95, at.max)),
    )


def classes(failed: Mapping[str, int]) -> str:
    """`4 × http_5xx, 2 × timeout`, most frequent first."""
    ordered = sorted(failed.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{n:,} × {clean(name)}" for name, n in ordered if n)


def ledger(verdict: Verdict) -> tuple[LedgerRow, ...]:
    """Where every request went, the failed ones by class; empty without a load."""
    whole, judged = verdict.ledger, verdict.judged
    if whole is None and judged is None:
        return ()
    names = sorted({*(whole.failed if whole else ()), *(judged.failed if judged else ())})
    table = [
        _ledger_row("Planned", whole, judged, lambda side: side.planned),
        _ledger_row("Answered as expected", whole, judged, lambda side: side.ok),
        _ledger_row("Failed", whole, judged, lambda side: sum(side.failed.values())),
    ]
    for name in names:
        cells = (f"{side.failed.get(name, 0):,}" if side else "–" for side in (whole, judged))
        table.append(LedgerRow(f"of these {clean(name)}", *cells))
    table += [
        _ledger_row("Still running at the end", whole, judged, lambda side: side.in_flight),
        _ledger_row("Dropped: no free user", whole, judged, lambda side: side.dropped),
    ]
    return tuple(table)


def _ledger_row(label: str, whole: Ledger | None, judged: Ledger | None, of: Callable[[Ledger], int]) -> LedgerRow:
    return LedgerRow(label, *(f"{of(side):,}" if side else "–" for side in (whole, judged)))


@dataclass(frozen=True, slots=True)
class MomentRow:
    """One moment of one endpoint's successful requests."""

    scenario: str
    name: str
    what: str
    figures: tuple[str, ...]
    """P50, P95, P99 and the largest, in ms."""


def moment_rows(endpoints: Sequence[EndpointResult]) -> tuple[MomentRow, ...]:
    """Endpoint by endpoint; empty where no check asked for any."""
    return tuple(
        MomentRow(
            clean(one.scenario),
            clean(one.name),
            what,
            tuple(numbers.number(value, "ms") or "–" for value in (at.p50, at.p95, at.p99, at.max)),
        )
        for one in slowest(endpoints, MOST_ENDPOINT_ROWS)
        for what, at in (
            ("First byte", one.first_byte_ms),
            ("First event", one.first_event_ms),
            ("Longest gap between events", one.longest_gap_ms),
        )
        if at is not None
    )
