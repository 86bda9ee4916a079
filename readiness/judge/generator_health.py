"""Could the load generator itself explain a latency? Then that latency proves nothing about the target.

Its lag is read at the same quantile as the check, because that is the share of requests it can have shifted.
Why these limits: docs/decisions/0009-the-load-generator-is-judged-too.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from readiness.measurements.generator_health import Calibration, Instrument, Pause
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Load
from readiness.metrics.catalogue import is_load
from readiness.metrics.metric import Kind, Metric
from readiness.text import clean
from readiness.text.numbers import quantity

FREE_LAG_SHARE = 0.1
"""Lag up to this share of a limit is of no account."""
MAX_HELD_SHARE = 0.05
"""Lag that takes up more than this share of the users' own pace leaves less load than was planned."""
MIN_LAG_MS = 2.0
"""Timers tick in milliseconds: less lag than this cannot be told from a healthy load generator."""
MAX_CPU_SHARE = 0.9
"""Above this, requests queue in the load generator and not in the target."""
MIN_WATCHED_S = 0.5
MAX_CEILING_SHARE = 0.8
"""Above this share of the calibrated ceiling it has no room left, when it was busy (BUSY_SHARE) as well."""
BUSY_SHARE = 0.5
"""The null server may not suit a scenario; a core that was half idle refutes a ceiling that is too low."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why the load generator may be the cause, and what to do about it."""

    reason: str
    remedy: str
    generator: bool = True
    """Whether it is the load generator that is suspected, and not the reading itself."""


def suspicion(load: Load, metric: Metric, value_ms: float, limit_ms: float) -> Suspicion | None:
    """Why a latency under `limit_ms` may be the load generator's own doing; None when it is beyond suspicion."""
    seen = load.instrument
    if not (is_load(metric.name) and metric.unit == "ms"):
        return None
    if seen is None or not _watched(load, seen):  # whoever does not watch the instrument cannot clear it
        return Suspicion("nothing is known of the load generator in this run", "record the run again")
    if seen.watched_s >= MIN_WATCHED_S and seen.cpu_share > MAX_CPU_SHARE:
        return Suspicion(
            f"the load generator was saturated: it used {quantity(100 * seen.cpu_share, '%')} of its core",
            "send less load from this machine (fewer users or more think time)",
        )
    if full := _near_ceiling(load, seen):
        return full
    if held := _held_back(load, seen):
        return held
    free_ms = max(FREE_LAG_SHARE * limit_ms, MIN_LAG_MS)
    for histogram, what in (
        (seen.lag, "the load generator's event loop was late by"),
        (seen.start_lag, "arrivals left"),
    ):
        lag_ms = _like(histogram, metric)
        if lag_ms is not None and lag_ms > free_ms and value_ms + lag_ms > limit_ms:
            late = f"{what} {quantity(lag_ms, 'ms')}{'' if histogram is seen.lag else ' late'}"
            return Suspicion(
                f"{late} {_at(metric)}, too much beside a limit of {quantity(limit_ms, 'ms')}",
                "give the load generator a core of its own, or send less load",
            )
    return None


def _watched(load: Load, seen: Instrument) -> bool:
    """Whether it was watched for most of the measurement window, with what can excuse it: CPU and lag."""
    if load.judged_s < MIN_WATCHED_S:
        return True
    late = seen.lag.total and (load.model == "closed" or seen.start_lag.total)
    return bool(late and seen.cpu_s and seen.watched_s >= 0.5 * load.judged_s)


def lag_ms(load: Load, metric: Metric) -> float:
    """How much of a latency can be the load generator's own, in the terms of the metric (quantile, mean or maximum)."""
    seen = load.instrument
    return max(_like(seen.lag, metric) or 0.0, _like(seen.start_lag, metric) or 0.0) if seen else 0.0


def _held_back(load: Load, seen: Instrument) -> Suspicion | None:
    """Users of a closed load ask less often when the load generator is late to wake them."""
    lag_ms = seen.lag.mean_ms
    intervals_ms = [ms for pace in load.paces if (ms := pace.interval.quantile_ms(0.5))]
    if lag_ms is None or lag_ms <= MIN_LAG_MS or not intervals_ms:
        return None
    held = lag_ms / min(intervals_ms)
    if held <= MAX_HELD_SHARE:
        return None
    return Suspicion(
        f"the load generator held its users back: it was late by {quantity(lag_ms, 'ms')} on average, "
        f"{quantity(100 * held, '%')} of the time between their requests",
        "give the load generator a core of its own, or send less load",
    )


def _near_ceiling(load: Load, seen: Instrument) -> Suspicion | None:
    ceiling_per_s = seen.calibration.ceiling_per_s if seen.calibration else None
    if ceiling_per_s is None or not load.judged_s or seen.cpu_share <= BUSY_SHARE:
        return None
    sent_per_s = sum(endpoint.judged.requests for endpoint in load.endpoints) / load.judged_s
    if max(sent_per_s, load.rate_per_s or 0.0) <= MAX_CEILING_SHARE * ceiling_per_s:
        return None
    return Suspicion(
        f"the load generator was near its ceiling: {sent_per_s:,.0f} of the {ceiling_per_s:,.0f} requests per second "
        "that it reached against a server that answers at once",
        "use --processes 2, or another machine",
    )


def pauses_within(load: Load) -> tuple[Pause, ...]:
    """Pauses of the load generator that touch the measurement window."""
    if load.instrument is None:
        return ()
    return tuple(
        pause
        for pause in load.instrument.pauses
        if pause.end_s > load.judged_start_s and pause.start_s < load.judged_end_s
    )


def pause_doubts(load: Load) -> tuple[str, ...]:
    """One sentence for each pause of the measurement window."""
    return tuple(
        f"the load generator paused for {pause.end_s - pause.start_s:.1f} s at {pause.start_s:.1f} s ({_cause(pause)})"
        for pause in pauses_within(load)
    )


def described(instrument: Instrument | None) -> tuple[str, ...]:
    """The load generator's own figures, one sentence each."""
    if instrument is None or not instrument.watched_s:
        return ()
    lines = [
        *_calibrated(instrument.calibration),
        f"CPU {quantity(100 * instrument.cpu_share, '%')} of one core, "
        f"{quantity(100 * instrument.peak_cpu_share, '%')} in the busiest second",
        _spread("event loop late by", instrument.lag),
    ]
    if instrument.start_lag.total:
        lines.append(_spread("arrivals sent off late by", instrument.start_lag))
    lines.append(
        f"garbage collection {quantity(1000 * instrument.gc_s, 'ms')} in {instrument.gc_pauses:,} pauses, "
        f"the longest {quantity(1000 * instrument.gc_longest_s, 'ms')}"
    )
    if instrument.fds:
        limit = f"{instrument.fd_limit:,}" if instrument.fd_limit is not None else "any number"
        lines.append(f"{instrument.fds:,} file descriptors open of {limit}")
    return tuple(lines)


def _calibrated(found: Calibration | None) -> tuple[str, ...]:
    if found is None:
        return ()
    if found.skipped is not None or found.ceiling_per_s is None:
        return (f"not calibrated: {found.skipped or 'nothing was sent'}",)
    p50, p99 = (quantity(found.floor.quantile_ms(q), "ms") for q in (0.5, 0.99))
    return (
        f"calibrated against a server that answers at once: {p50} at P50 and {p99} at P99 for one user; "
        f"about {found.ceiling_per_s:,.0f} requests per second are its ceiling",
    )


def _like(histogram: Histogram, metric: Metric) -> float | None:
    """The lag in the terms of the metric: its quantile, its mean, or its maximum."""
    if not histogram.total:
        return None
    if metric.kind is Kind.MEAN:
        return histogram.mean_ms
    return histogram.max_us / 1000 if metric.quantile is None else histogram.quantile_ms(metric.quantile)


def _at(metric: Metric) -> str:
    if metric.kind is Kind.MEAN:
        return "on average"
    return "at most" if metric.quantile is None else f"at P{100 * metric.quantile:g}"


def _cause(pause: Pause) -> str:
    if pause.place:
        return f"held by {clean(pause.place)}"
    if pause.cpu_s > 0.5 * (pause.end_s - pause.start_s):
        return "scenario code held it"
    return "stopped, suspended or starved of CPU"


def _spread(what: str, histogram: Histogram) -> str:
    p50, p99 = (quantity(histogram.quantile_ms(q), "ms") for q in (0.5, 0.99))
    return f"{what} {p50} at P50, {p99} at P99, {quantity(histogram.max_us / 1000, 'ms')} at most"
