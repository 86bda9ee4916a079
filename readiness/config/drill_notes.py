"""What the drills of a file cannot prove, told by `readiness lint` and before a run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from readiness.config.drills import Drill
from readiness.config.model import Check, Config, LoadSection
from readiness.metrics.catalogue import find
from readiness.metrics.drills import DRILL_PREFIX, FAILS_FAST
from readiness.metrics.metric import Kind
from readiness.stats.share import samples_needed

USUAL_RATE_PER_S = 20.0
"""Without a rate of the file: 200 requests in ten seconds prove a share of 5 %, and a service that takes seconds for
each answer still has users left to ask."""


def peak_per_s(drill: Drill, load: LoadSection) -> float:
    """The most arrivals per second of the drill."""
    return (drill.rate_per_s or load.rate_per_s or USUAL_RATE_PER_S) * drill.times


def drill_notes(checks: Iterable[Check], config: Config) -> Iterator[tuple[Check, str, str]]:
    """(check, key, sentence) for each limit that the requests of a drill cannot prove even if all of them are good."""
    for check in checks:
        metric, drill = find(check.metric), config.drills.get(check.scope or "")
        if metric is None or drill is None or config.confidence is None or not check.metric.startswith(DRILL_PREFIX):
            continue
        if metric.name == FAILS_FAST or metric.kind is Kind.EXACT:
            continue
        allowed = 1 - metric.quantile if metric.quantile else check.pass_limit.value / 100
        rate_per_s = peak_per_s(drill, config.load)
        planned = math.floor(rate_per_s * drill.for_s)
        needed = samples_needed(allowed, config.confidence) if 0 < allowed < 1 else 0
        if planned < needed:
            yield (
                check,
                "pass",
                f"needs at least {needed:,} requests to be proven at {100 * config.confidence:g} % confidence, and "
                f"this drill sends {planned:,}: raise its rate to {math.ceil(needed / drill.for_s)} /s",
            )
