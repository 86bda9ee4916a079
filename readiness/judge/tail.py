"""Who carries the slow requests, and what the verdict would be if those endpoints had been faster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from readiness.config.model import Check, Operator
from readiness.judge.check import Judged
from readiness.judge.needs import SETTLED
from readiness.judge.outlook import Tail, TailPart
from readiness.judge.readings import over, recording_of
from readiness.measurements.run import Endpoint, Load, Recording
from readiness.metrics.catalogue import find
from readiness.numbers import quantity

MOST_PARTS = 50
LEAST_SHARE = 0.05
"""An endpoint with a smaller part of the slow requests is not where to begin."""
CARRIES = 1.25
"""An endpoint carries the tail when its share of it is so many times its share of all requests."""


def tail(load: Load, checks: Sequence[Check], judged: Sequence[Judged]) -> Tail | None:
    """The slow requests of the judged window by endpoint; None when none were sent.

    Slow is what counts against the first percentile check on all requests that did not pass, else against the first
    one declared, else what is slower than P95.
    """
    records = by_name(load.endpoints)
    whole = recording_of(load.endpoints)
    if not whole.requests:
        return None
    over_ms, inclusive, what = _line(checks, judged, whole)
    if over_ms is None:
        return None
    slow = {name: over(record, over_ms, inclusive=inclusive)[1] for name, record in records.items()}
    total = sum(slow.values())
    if not total:
        return None
    parts = sorted(
        (TailPart(name, records[name].requests, n, n / total) for name, n in slow.items() if n),
        key=lambda part: (-part.slow, part.name),
    )
    found = Tail(over_ms, what, whole.requests, total, tuple(parts[:MOST_PARTS]), "")
    return replace(found, text=_text(found))


def lead(tail: Tail) -> TailPart:
    """Where to begin: the endpoint with the most of the slow requests for its share of all, unless that is very few."""
    return max(
        (part for part in tail.parts if part.share >= LEAST_SHARE),
        key=lambda part: (_lift(part, tail) >= CARRIES, part.share if _lift(part, tail) >= CARRIES else 0.0, part.slow),
        default=tail.parts[0],
    )


def _lift(part: TailPart, tail: Tail) -> float:
    """How many times its share of all requests its share of the slow ones is."""
    return part.share / (part.requests / tail.requests)


def _text(tail: Tail) -> str:
    first = lead(tail)
    slow, of_all = (quantity(100 * share, "%") for share in (first.share, first.requests / tail.requests))
    if _lift(first, tail) >= CARRIES:
        return f"{first.name} carries {slow} of the requests {tail.what}, and is {of_all} of all requests."
    return (
        f"No endpoint carries the requests {tail.what} alone: {first.name} has {slow} of them and {of_all} of all "
        "requests, so what they share is slow."
    )


def by_name(endpoints: Iterable[Endpoint]) -> dict[str, Recording]:
    """The judged requests of each endpoint, over all scenarios that call it; own faults are left out."""
    grouped: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        grouped.setdefault(endpoint.name, []).append(endpoint)
    return {name: record for name, group in grouped.items() if (record := recording_of(group)).requests}


def _line(checks: Sequence[Check], judged: Sequence[Judged], whole: Recording) -> tuple[float | None, bool, str]:
    on_all = [
        (check, item)
        for check, item in zip(checks, judged, strict=True)
        if check.scope is None and check.metric.startswith("latency.") and _is_quantile(check.metric)
    ]
    missed = [pair for pair in on_all if pair[1].result.outcome not in SETTLED]
    for check, _ in missed or on_all:
        inclusive = check.pass_limit.operator is Operator.LESS
        words = f"{'at or ' if inclusive else ''}over {quantity(check.pass_limit.value, 'ms')}"
        return check.pass_limit.value, inclusive, words
    p95_ms = whole.ok.quantile_ms(0.95)
    return p95_ms, False, "slower than P95" if p95_ms is None else f"slower than P95 ({quantity(p95_ms, 'ms')})"


def _is_quantile(name: str) -> bool:
    metric = find(name)
    return metric is not None and metric.quantile is not None
