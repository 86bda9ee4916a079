"""Who carries the slow requests, and what the verdict would be if those endpoints had been faster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from readiness.config.model import Check, Operator
from readiness.judge.check import Judged
from readiness.judge.needs import SETTLED
from readiness.judge.outlook import Tail, TailPart
from readiness.judge.readings import over, recording_of
from readiness.measurements.run import Endpoint, Load, Recording
from readiness.metrics.catalogue import find
from readiness.numbers import quantity

MOST_PARTS = 50


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
    first = parts[0]
    text = (
        f"{first.name} carries {quantity(100 * first.share, '%')} of the requests {what}, and is "
        f"{quantity(100 * first.requests / whole.requests, '%')} of all requests."
    )
    return Tail(over_ms, what, whole.requests, total, tuple(parts[:MOST_PARTS]), text)


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
