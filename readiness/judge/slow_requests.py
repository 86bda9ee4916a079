"""Slow requests: which endpoints have them, and which part of the service their time goes into. Pure.

Only successful requests are slow: failed ones have causes of their own (`failed_requests`). An endpoint carries the
slow requests when its share of them is larger than its share of all. Where the service names the parts of its time
(`Server-Timing`), the slow answers are split by them; what the client waited beyond their sum is network and queue,
which no server can see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from readiness.config.model import Check, Limit, Operator
from readiness.judge.check import Judged
from readiness.judge.needs import SETTLED
from readiness.judge.outlook import RootCause, Tail, TailPart
from readiness.judge.readings import in_scope, total_of
from readiness.measurements.response_facts import TimeParts, merge_facts
from readiness.measurements.run import Endpoint, Load, Recording
from readiness.metrics.catalogue import find, is_latency
from readiness.text.numbers import count, quantity, share_words

_MOST_PARTS = 50
_MOST_CAUSES = 3
LEAST_SHARE = 0.05
"""An endpoint with a smaller part of the slow requests is not where to begin."""
CARRIES = 1.25
"""An endpoint carries the slow requests when its share of them is so many times its share of all requests."""
LEAST_SLOW = 5
"""Fewer slow answers with Server-Timing say nothing; all answers that were read speak for them."""
_TOTAL = "total"
"""A part of this name is the whole of the server's time (so many frameworks call it) and no part beside the others."""
REST = "network and queue"


def tail(load: Load, checks: Sequence[Check], judged: Sequence[Judged]) -> Tail | None:
    """The slow requests of the measurement window by endpoint.

    Slow is what is over the limit of the first percentile check that did not pass (for all requests, else for a
    scope), else over the first one declared for all requests; slower than P95 where that is nothing. None where no
    request succeeded, or where latency checks missed their limit only because requests failed.
    """
    check = _decisive(checks, judged)
    missed = [item.result for item in judged if is_latency(item.result.name) and _missed(item)]
    if missed and all(result.because_failed for result in missed):
        return None
    scope = check.scope if check else None
    records = by_name(endpoint for endpoint in load.endpoints if in_scope(endpoint, scope))
    whole = total_of(endpoint for endpoint in load.endpoints if in_scope(endpoint, scope)).ok
    limits = [check.pass_limit] if check else []
    p95_ms = whole.quantile_ms(0.95)
    if p95_ms is not None:
        limits.append(Limit(Operator.AT_MOST, p95_ms, ""))
        limits.append(Limit(Operator.LESS, p95_ms, ""))  # where nothing is slower than P95, many are as slow
    for limit in limits:
        inclusive = limit.operator is Operator.LESS
        slow = {name: record.ok.count_over_ms(limit.value, inclusive=inclusive)[1] for name, record in records.items()}
        total = sum(slow.values())
        if total:
            words = f"{'at or ' if inclusive else ''}over {quantity(limit.value, 'ms')}"
            what = words if limit.text else f"{words} (P95)"
            parts = sorted(
                (TailPart(name, records[name].ok.total, n, n / total) for name, n in slow.items() if n),
                key=lambda part: (-part.slow, part.name),
            )
            found = Tail(limit.value, what, whole.total, total, tuple(parts[:_MOST_PARTS]), "")
            return replace(found, text=_text(found))
    return None


def leading(tail: Tail) -> tuple[TailPart, ...]:
    """The endpoints that carry the slow requests, where to begin first; those with the most where none carries them."""
    carriers = tuple(part for part in tail.parts if part.share >= LEAST_SHARE and _carries(part, tail))
    return (carriers or tail.parts)[:_MOST_CAUSES]


def root_causes(load: Load, tail: Tail | None) -> tuple[RootCause, ...]:
    """The same endpoints, with what their time went into."""
    return tuple(_cause(load, part, tail) for part in leading(tail)) if tail else ()


def by_name(endpoints: Iterable[Endpoint]) -> dict[str, Recording]:
    """The judged requests of each endpoint, over all scenarios that call it; own faults are left out."""
    grouped: dict[str, list[Endpoint]] = {}
    for endpoint in endpoints:
        grouped.setdefault(endpoint.name, []).append(endpoint)
    return {name: record for name, group in grouped.items() if (record := total_of(group)).requests}


def split(parts: TimeParts) -> dict[str, float]:
    """Mean ms by part, the longest first, and what is beyond the service's own account; empty without samples."""
    if not parts.samples or not parts.parts_ms:
        return {}
    named = {name: spent_ms for name, spent_ms in parts.parts_ms.items() if name != _TOTAL}
    server_ms = max(parts.parts_ms.get(_TOTAL, 0.0), sum(named.values()))
    if server_ms > sum(named.values()):
        named["app"] = named.get("app", 0.0) + server_ms - sum(named.values())
    named[REST] = max(parts.total_ms - server_ms, 0.0)
    means = {name: spent_ms / parts.samples for name, spent_ms in named.items()}
    return dict(sorted(means.items(), key=lambda item: -item[1]))


def _decisive(checks: Sequence[Check], judged: Sequence[Judged]) -> Check | None:
    """The percentile check whose limit says what is slow."""
    found = [pair for pair in zip(checks, judged, strict=True) if _is_quantile(pair[0].metric)]
    missed = [check for check, item in found if _missed(item) and not item.result.because_failed]
    for check in (*sorted(missed, key=lambda check: check.scope is not None), *(check for check, _ in found)):
        if check in missed or check.scope is None:
            return check
    return None


def _missed(item: Judged) -> bool:
    return item.result.outcome not in SETTLED and (item.result.value is not None or item.result.failures is not None)


def is_missed(item: Judged) -> bool:
    """Whether the value itself is what keeps the check from passing, or may be: not the length of the run."""
    return _missed(item) and (item.credit.point < 1 or item.by_time or bool(item.remedy))


def _is_quantile(name: str) -> bool:
    metric = find(name)
    return metric is not None and metric.quantile is not None and is_latency(name)


def _carries(part: TailPart, tail: Tail) -> bool:
    return part.share >= CARRIES * part.requests / tail.requests


def _text(tail: Tail) -> str:
    first = leading(tail)[0]
    if first.requests == tail.requests:
        return f"All requests are of {first.name}: {count(first.slow, 'of them is', 'of them are')} {tail.what}."
    said = _shares(first, tail)
    return f"{said}." if _carries(first, tail) else f"No endpoint alone is slow, so what they share is: {said}."


def _shares(part: TailPart, tail: Tail) -> str:
    of_all, of_slow = share_words(part.requests / tail.requests), share_words(part.share)
    joint = "but" if _carries(part, tail) else "and"
    return f"{part.name} is {of_all} of traffic {joint} {of_slow} of the requests {tail.what}"


def _cause(load: Load, part: TailPart, tail: Tail) -> RootCause:
    endpoints = [endpoint for endpoint in load.endpoints if endpoint.name == part.name]
    p95_ms = total_of(endpoints).ok.quantile_ms(0.95) or 0.0
    of_all = part.requests / tail.requests
    parts_ms = split(timing_of(load, part.name))
    first = part == leading(tail)[0]
    said = f"{tail.text.removesuffix('.') if first else _shares(part, tail)} (P95 {quantity(p95_ms, 'ms')})"
    whole = sum(parts_ms.values()) or 1.0
    shares = ", ".join(f"{name} {share_words(ms / whole)}" for name, ms in list(parts_ms.items())[:4])
    time = (
        f"its slow answers spend their time in: {shares}"
        if shares
        else "no breakdown: Server-Timing missing or not read"
    )
    scenarios = ", ".join(sorted({endpoint.scenario for endpoint in endpoints}))
    return RootCause(scenarios, part.name, part.share, of_all, p95_ms, parts_ms, f"{said}; {time}")


def timing_of(load: Load, name: str) -> TimeParts:
    """Of the endpoint's slow answers, or where there are too few, of all that were read."""
    seen = [one for one in load.seen if one.name == name]
    if not seen:
        return TimeParts()
    whole = reduce(merge_facts, seen)
    return whole.slow if whole.slow.samples >= LEAST_SLOW else whole.timing
