"""What the samples of a probe say beyond their number, and when probes were a load of their own. Pure."""

from __future__ import annotations

from readiness.config.model import Check
from readiness.judge.readings import Reading
from readiness.judge.verdict import Outcome
from readiness.measurements.probing import MOST_SHARE, Probing
from readiness.measurements.run import Run
from readiness.metrics.drills import RECOVERY
from readiness.metrics.metric import Kind, Metric
from readiness.stats import share
from readiness.text.numbers import share_words

RIVAL = 0.5
"""Share of the load, in requests or in time, from which on what was measured is not the load alone."""
LEAST_TIME = 0.02
"""Of the window: a share in time means nothing where both are next to nothing."""
_SETTLED = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})


def added(run: Run, check: Check, metric: Metric, reading: Reading, outcome: Outcome, confidence: float | None) -> str:
    """Sentences to follow the message of a check on health: what came instead of a good answer, and what is missing."""
    if check.metric == RECOVERY:
        return "".join(f" It is {line}." for line in _of_drill(run, check))
    if not check.metric.startswith("health.") or outcome in _SETTLED:
        return ""
    lines = [
        line.observed
        for measurement in run.measurements
        if measurement.metric.startswith("health.") and check.metric in (measurement.metric, "health.success_rate")
        for line in measurement.details
        if line.ok is False and line.subject.endswith("in the window")
    ]
    told = "".join(f" {line}." for line in dict.fromkeys(lines[:3]))
    return told + (_missing(check, metric, reading, confidence) if outcome is Outcome.INCONCLUSIVE else "")


def _of_drill(run: Run, check: Check) -> tuple[str, ...]:
    """What kind of outage it is, where the drill could tell."""
    found = (one for one in run.measurements if (one.metric, one.scope) == (RECOVERY, check.scope))
    return tuple(line.note for one in found for line in one.details if line.note)


def _missing(check: Check, metric: Metric, reading: Reading, confidence: float | None) -> str:
    """That a larger load pays for more samples; empty where there were enough to prove it, had all been good."""
    allowed = 1 - (metric.quantile or check.pass_limit.value / 100)
    if confidence is None or metric.kind is Kind.EXACT or not 0 < allowed < 1 or not reading.samples:
        return ""
    if reading.samples >= share.samples_needed(allowed, confidence):
        return ""
    most = share_words(MOST_SHARE)
    return (
        f" Probes send at most {most} of the load's requests and take at most as much of its time: load more or longer."
    )


def rival_doubts(probing: Probing | None) -> tuple[str, ...]:
    """Probes that were half as much as the load, or more, changed what they measured."""
    if probing is None:
        return ()
    probes, load = probing.looks, probing.load
    more = "send more load, or probe fewer or quicker endpoints"
    if (probing.request_share or 0.0) >= RIVAL:
        return (f"probes sent {probes.requests:,} requests beside {load.requests:,} of the load: {more}",)
    if (probing.wait_share or 0.0) >= RIVAL and probes.waited_ms > 1000 * LEAST_TIME * probing.window_s:
        times = f"{probes.waited_ms:,.0f} ms beside {load.waited_ms:,.0f} ms"
        return (f"the answers to probes took {times} of the load: {more}",)
    return ()
