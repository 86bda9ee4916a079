"""What the drills and the restore of a file cannot prove, told by `readiness lint` and before a run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from readiness.config.drills import Drill
from readiness.config.model import Check, Config, LoadSection
from readiness.metrics.catalogue import find, is_latency, is_restore
from readiness.metrics.drills import DRILL_ERRORS, DRILL_PREFIX, FAILS_FAST, RECOVERY
from readiness.metrics.metric import Kind
from readiness.metrics.restore import ROWS_CHANGED
from readiness.stats.share import samples_needed

USUAL_RATE_PER_S = 20.0
"""Without a rate of the file: 200 requests in ten seconds prove a share of 5 %, and a service that takes seconds for
each answer still has users left to ask."""
_USUAL_ERRORS = 0.05
"""Share of failed requests that is allowed where the file has no limit of its own."""


def usual_per_s(drill: Drill, load: LoadSection) -> float:
    """Arrivals per second of the drill before its fault and after it."""
    return drill.rate_per_s or load.rate_per_s or USUAL_RATE_PER_S


def peak_per_s(drill: Drill, load: LoadSection) -> float:
    """The most arrivals per second of the drill."""
    return usual_per_s(drill, load) * drill.times


def limits_of_all(checks: Iterable[Check]) -> tuple[float, tuple[tuple[float, float], ...]]:
    """What the file allows of all requests while the service is well, by the warning limit where there is one.

    The share (0 to 1) that may fail, and (limit in ms, share that may take longer or fail) of each percentile. Where
    several limit the same, all of them hold.
    """
    errors: list[float] = []
    slower: list[tuple[float, float]] = []
    for check in checks:
        if check.scope is not None or check.not_applicable is not None:
            continue
        widest = check.warn_limit or check.pass_limit
        metric = find(check.metric)
        if check.metric == "http.error_rate":
            errors.append(widest.value / 100)
        elif check.metric == "http.success_rate":
            errors.append(1 - widest.value / 100)
        elif is_latency(check.metric) and metric is not None and metric.quantile:
            slower.append((widest.value, 1 - metric.quantile))
    return min(errors, default=_USUAL_ERRORS), tuple(slower)


def drill_notes(checks: Iterable[Check], config: Config) -> Iterator[tuple[Check, str, str]]:
    """(check, key, sentence) for each limit that the requests of a drill cannot prove even if all of them are good."""
    every = tuple(checks)
    for check in every:
        drill = config.drills.get(check.scope or "")
        if drill is None or config.confidence is None or not check.metric.startswith(DRILL_PREFIX):
            continue
        if said := _lack(check, drill, every, config, config.confidence):
            yield check, "pass", said


def restore_notes(config: Config) -> Iterator[tuple[Check, str, str]]:
    """(check, key, sentence) where nothing compares what the rows of the restored database hold."""
    asked = [check for check in config.checks if is_restore(check.metric)]
    if config.restore is not None and asked and all(check.metric != ROWS_CHANGED for check in asked):
        yield (
            asked[0],
            "",
            (
                f"no check of {ROWS_CHANGED} stands beside it: a row that comes back old, or with another value, would "
                f'pass unseen; add `{ROWS_CHANGED}: {{ pass: "== 0", on_fail: block }}`'
            ),
        )


def _lack(check: Check, drill: Drill, checks: tuple[Check, ...], config: Config, confidence: float) -> str:
    """What is missing, and what to do; empty when nothing is."""
    metric, sure = find(check.metric), f"to be proven at {100 * confidence:g} % confidence, and this drill sends"
    if metric is not None and metric.name == RECOVERY:
        errors, slower = limits_of_all(checks)
        needed = _needed(min([errors, *(share for _, share in slower)]), confidence)
        per_s = usual_per_s(drill, config.load)
        if (sent := math.floor(per_s * drill.after_s)) >= needed:
            return ""
        return (
            f"needs at least {needed:,} requests after the fault {sure} {sent:,}: "
            f"raise its rate to {math.ceil(needed / drill.after_s)} /s, or its `after` to {math.ceil(needed / per_s)}s"
        )
    if metric is None or metric.kind is Kind.EXACT:
        return ""
    sent = math.floor(peak_per_s(drill, config.load) * drill.for_s)
    needed = _needed(1 - metric.quantile if metric.quantile else check.pass_limit.value / 100, confidence)
    what, share = "requests", 1.0
    if metric.name == FAILS_FAST:
        what, share = "refusals", _most_errors(checks, check.scope)
    if sent * share >= needed:
        return ""
    may_fail = f", of which {100 * share:g} % may fail" if share < 1 else ""
    return (
        f"needs at least {needed:,} {what} {sure} {sent:,}{may_fail}: "
        f"raise its rate to {math.ceil(needed / share / drill.for_s / drill.times)} /s"
    )


def _needed(allowed: float, confidence: float) -> int:
    """Requests without a bad one that prove that fewer than `allowed` (0 to 1) are bad; 0 where none can."""
    return samples_needed(allowed, confidence) if 0 < allowed < 1 else 0


def _most_errors(checks: Iterable[Check], drill: str | None) -> float:
    """The share of the requests of the fault that may fail by the drill's own limit."""
    limits = (one.warn_limit or one.pass_limit for one in checks if (one.metric, one.scope) == (DRILL_ERRORS, drill))
    return min((one.value / 100 for one in limits if one.value > 0), default=1.0)
