"""Activity -> measurements: the metrics of the database under load. Pure."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from readiness.measurements.database import Activity, Counters, Sessions
from readiness.measurements.run import Detail, Measurement, Rate

_SOURCE = "database"
HEADROOM = "pool.headroom"
_SAMPLED: dict[str, Callable[[Sessions], float]] = {
    "database.oldest_transaction": lambda sample: sample.oldest_transaction_ms,
    "database.lock_waits": lambda sample: sample.waiting_for_lock,
    "database.idle_in_transaction": lambda sample: sample.idle_in_transaction,
}
_COUNTED: dict[str, Callable[[Counters], int]] = {
    "database.deadlocks": lambda counters: counters.deadlocks,
    "database.temp_files": lambda counters: counters.temp_files,
    "database.sessions_lost": lambda counters: counters.sessions_lost,
}
_SHARES: dict[str, Callable[[Counters], tuple[int, int]]] = {
    "database.rollback_rate": lambda counters: (counters.rollbacks, counters.commits + counters.rollbacks),
    "database.buffer_hit_rate": lambda counters: (counters.blocks_hit, counters.blocks_hit + counters.blocks_read),
}
NEEDS_SETTLED = frozenset({*_COUNTED, *_SHARES})
"""Metrics for which idle sessions must first hand in their counters."""
UNDER_LOAD_METRICS = frozenset({HEADROOM, *_SAMPLED, *NEEDS_SETTLED})
"""Everything that `measurements` can give."""


def measurements(activity: Activity, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """What was measured; what was not only where it is wanted, with the reason."""
    found = [_headroom(activity), *(_sampled(activity, metric) for metric in _SAMPLED)]
    found += [_counted(activity, metric) for metric in _COUNTED]
    found += [_share(activity, metric) for metric in _SHARES]
    return tuple(one for one in found if one.reason is None or one.metric in wanted)


def unavailable(reason: str, wanted: AbstractSet[str]) -> tuple[Measurement, ...]:
    """The wanted ones, each without a value and for the same reason."""
    return tuple(_missing(metric, reason) for metric in sorted(UNDER_LOAD_METRICS & wanted))


def _missing(metric: str, reason: str) -> Measurement:
    return Measurement(metric, None, None, _SOURCE, reason=reason)


def _headroom(activity: Activity) -> Measurement:
    if activity.reason is not None or not activity.sessions:
        return _missing(HEADROOM, activity.reason or "no sample was taken")
    used, limit = max(sample.connected for sample in activity.sessions), activity.limit
    details = (
        Detail("most connections", f"{used:,} of {limit:,}", None, "at the busiest sample, without readiness's own"),
        Detail("most active", f"{max(sample.active for sample in activity.sessions):,}", None),
        Detail("most waiting for a lock", f"{max(sample.waiting_for_lock for sample in activity.sessions):,}", None),
        *(
            Detail(f"application {name}", f"{most:,} connections at most", None)
            for name, most in activity.applications.items()
        ),
    )
    value = 100 * max(limit - used, 0) / max(limit, 1)
    return Measurement(HEADROOM, None, value, _SOURCE, samples=len(activity.sessions), details=details)


def _sampled(activity: Activity, metric: str) -> Measurement:
    if activity.reason is not None or not activity.sessions:
        return _missing(metric, activity.reason or "no sample was taken")
    worst = max(_SAMPLED[metric](sample) for sample in activity.sessions)
    waits: tuple[Detail, ...] = ()
    if metric == "database.lock_waits":
        waits = tuple(Detail(wait, f"seen {times:,} times", None) for wait, times in activity.waits.items())
    return Measurement(metric, None, float(worst), _SOURCE, samples=len(activity.sessions), details=waits)


def _counted(activity: Activity, metric: str) -> Measurement:
    counters = activity.counters
    if counters is None or (metric == "database.sessions_lost" and _older_than_14(activity)):
        return _missing(metric, activity.reason or "PostgreSQL counts it since version 14")
    value = _COUNTED[metric](counters)
    if value == 0 and not activity.settled:
        return _missing(metric, "idle sessions had not handed in their counters, so 0 is no evidence")
    return Measurement(metric, None, float(value), _SOURCE, details=_details(activity, counters))


def _share(activity: Activity, metric: str) -> Measurement:
    counters = activity.counters
    if counters is None:
        return _missing(metric, activity.reason or "the counters were not read")
    hits, total = _SHARES[metric](counters)
    if total == 0 or counters.commits + counters.rollbacks == 0:  # blocks are then those of our own samples
        return _missing(metric, "the database saw no transaction but readiness's own while the load ran")
    rate = Rate(hits, total)
    value = 100 * hits / total
    return Measurement(metric, None, value, _SOURCE, samples=total, evidence=rate, details=_details(activity, counters))


def _details(activity: Activity, counters: Counters) -> tuple[Detail, ...]:
    lines = [
        Detail("transactions", f"{counters.commits:,} committed, {counters.rollbacks:,} rolled back", None),
        Detail("blocks", f"{counters.blocks_hit:,} from shared buffers, {counters.blocks_read:,} read", None),
        Detail("temporary files", f"{counters.temp_files:,} of {counters.temp_bytes:,} bytes", None),
    ]
    lines += [
        Detail(one.text, f"{one.calls:,} calls, {one.total_ms:,.0f} ms in all, {one.mean_ms:,.2f} ms each", None)
        for one in activity.statements
    ]
    if not activity.settled:
        lines.append(Detail("counters", "not settled", None, "the last second of each session may be missing"))
    return tuple(lines)


def _older_than_14(activity: Activity) -> bool:
    return int(activity.server.removeprefix("PostgreSQL ").partition(".")[0] or 0) < 14
