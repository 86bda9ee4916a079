"""For each check that did not pass: the smallest change that makes it pass, all else as recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from readiness.config.model import Check
from readiness.judge.check import Judged
from readiness.judge.limit_test import confidence_of
from readiness.judge.outcome import Outcome
from readiness.judge.outlook import Need, NeedKind
from readiness.judge.proof import Tally, tally
from readiness.judge.readings import Reading, Spread, read
from readiness.judge.steadiness import unsteady
from readiness.judge.wording import demand, limit_words, value_words
from readiness.measurements.run import Rate, Recording, Run
from readiness.metrics.catalogue import find
from readiness.metrics.metric import Kind, Metric
from readiness.text import clean
from readiness.text.numbers import NOT_BOUNDED, quantity, times

MOST_SAMPLES = 1000.0
"""Beyond this many times the samples, more of them are no remedy."""
_GOOD = "Within the limit, the proof is missing."
BAD = "The value is beyond the limit, but chance may explain it."
_BY_TIME = (
    "By time the value is beyond the limit, by requests it is not: while they waited, users sent less. No longer run "
    "decides between the two"
)
SETTLED = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE})


def needs(run: Run, checks: Sequence[Check], judged: Sequence[Judged], confidence: float | None) -> tuple[Need, ...]:
    """One for each check that did not pass, in the order of the file. `checks` and `judged` belong together."""
    return tuple(
        _need(run, check, item, confidence)
        for check, item in zip(checks, judged, strict=True)
        if item.result.outcome not in SETTLED
    )


def _need(run: Run, check: Check, item: Judged, confidence: float | None) -> Need:
    result, metric = item.result, find(check.metric)

    def need(kind: NeedKind, text: str, **more: float | int | None) -> Need:
        return Need(check.metric, check.scope, kind, text, **more)  # type: ignore[arg-type]

    if metric is None or result.outcome in (Outcome.ERROR, Outcome.SKIPPED):
        return need(NeedKind.MEASUREMENT, f"Measure it. {result.message}")
    if item.remedy:
        return need(NeedKind.EVIDENCE, f"Measure again: {item.remedy}.")
    reading = item.reading or read(run, metric, check.scope)
    if reading.reason is not None:
        return need(NeedKind.MEASUREMENT, result.message)
    if reading.dead_endpoints and metric.kind in (Kind.QUANTILE, Kind.RATE):
        return need(NeedKind.VALUE, f"{', '.join(reading.dead_endpoints[:3])} must answer as the scenario expects.")
    if confidence is None or metric.kind is Kind.EXACT:
        return _exact(run, check, metric, reading, need)
    match reading.evidence:
        case Recording() as record if metric.quantile is not None:
            return _quantile(run, check, metric, reading, item, record, confidence, need)
        case Rate() as rate:
            return _rate(run, check, metric, reading, item, rate, confidence, need)
        case Spread():
            return _mean(check, metric, item, need)
        case _:
            return need(NeedKind.EVIDENCE, "Keep the samples that could prove it.")


Maker = Callable[..., Need]


def _exact(run: Run, check: Check, metric: Metric, reading: Reading, need: Maker) -> Need:
    limit = check.pass_limit
    bad = [
        detail.subject
        for measurement in run.measurements
        if (measurement.metric, measurement.scope) == (check.metric, check.scope)
        for detail in measurement.details
        if detail.ok is False
    ]
    named = ""
    if bad:
        more = f" and {len(bad) - 3:,} more" if len(bad) > 3 else ""
        named = f" To fix: {', '.join(clean(subject, 80) for subject in bad[:3])}{more}."
    if reading.value is None:
        return need(NeedKind.VALUE, f"Every request must be answered: the value has no bound now.{named}")
    faster = _times(reading.value, limit.value) if metric.unit == "ms" else None
    by = f": be {times(reading.value, limit.value)} as fast" if faster else ""
    now = value_words(check.metric, reading.value, metric.unit, limit.value, NOT_BOUNDED)
    return need(
        NeedKind.VALUE,
        f"{_sentence(demand(check.metric, limit.text))}, is {now}{by}.{named}",
        value=limit.value,
        times_faster=faster,
    )


def _quantile(
    run: Run,
    check: Check,
    metric: Metric,
    reading: Reading,
    item: Judged,
    record: Recording,
    confidence: float,
    need: Maker,
) -> Need:
    limit, allowed = check.pass_limit, 1 - (metric.quantile or 1.0)
    stalled = reading.stalled_share(limit.value / 1000)
    if stalled > allowed:
        return need(
            NeedKind.VALUE,
            f"Answer all along: of the {reading.window_s:.1f} s, whoever came in {stalled * reading.window_s:.2f} s "
            f"waited over {quantity(limit.value, 'ms')}, because nothing was answered; "
            f"{allowed * reading.window_s:.2f} s ({quantity(100 * allowed, '%')}) may be.",
        )
    counted = tally(reading, metric, limit)
    if counted is None:
        return need(NeedKind.EVIDENCE, "No request was counted.")
    edge = quantity(limit.value, "ms")
    if item.by_time:
        return need(NeedKind.VALUE, f"{_BY_TIME}: find what takes over {edge}.", value=limit.value)
    at, n, most = confidence_of(reading, confidence), record.requests, math.ceil(counted.most)
    fits = _largest(most, lambda k: counted.proves_fewer(at, hits=k))
    if fits == most:
        fits = None
    if item.result.outcome is Outcome.INCONCLUSIVE and (fits is None or most < allowed * n):
        return _longer(run, check, counted, at, need, _GOOD if most < allowed * n else BAD)
    if fits is None:
        fits = math.floor(allowed * n)  # what the limit itself allows: then it is a matter of evidence again
    must, bad = most - fits, record.failures + record.in_flight
    at_rank = record.ok.quantile_ms((n - fits) / n, infinite=bad) if fits < n else None
    faster = _times(at_rank, limit.value)
    also = f": about {times(at_rank, limit.value)} as fast" if at_rank and faster else ""
    may = f"fail or take longer than {edge}" if bad else f"exceed {edge}"
    text = f"At most {fits:,} of {n:,} requests may {may} ({most:,} did){also}."
    if item.result.outcome is Outcome.INCONCLUSIVE:
        longer = _longer(run, check, counted, at, need, BAD)
        return replace(longer, requests=must, times_faster=faster)
    return need(NeedKind.VALUE, text, value=limit.value, requests=must, times_faster=faster)


def _rate(
    run: Run, check: Check, metric: Metric, reading: Reading, item: Judged, rate: Rate, confidence: float, need: Maker
) -> Need:
    limit = check.pass_limit
    if reading.stalled_share(0.0, unanswered_only=True):
        return need(
            NeedKind.VALUE, f"Answer all along; the rate {demand(check.metric, limit.text)}.", value=limit.value
        )
    counted = tally(reading, metric, limit)
    if counted is None:
        return need(NeedKind.VALUE, f"The rate {demand(check.metric, limit.text)}.", value=limit.value)
    at, misses = confidence_of(reading, confidence), math.ceil(counted.most)
    good = misses < counted.allowed * rate.total
    if item.result.outcome is Outcome.INCONCLUSIVE:
        return _longer(run, check, counted, at, need, _GOOD if good else BAD)
    fits = _largest(misses, lambda k: counted.proves_fewer(at, hits=k))
    if fits is None:
        return _longer(run, check, counted, at, need, "Too few: not even if all were good would it be proven.")
    if metric.better == "higher":
        text = f"Needs {rate.total - fits:,} of {rate.total:,}; had {rate.hits:,}."
    else:
        text = f"At most {fits:,} of {rate.total:,} may count; {rate.hits:,} did."
    return need(NeedKind.VALUE, text, value=limit.value, requests=misses - fits)


def _mean(check: Check, metric: Metric, item: Judged, need: Maker) -> Need:
    """The value at which the far end of the interval meets the limit, when all samples shrink or grow alike."""
    result, limit = item.result, check.pass_limit
    end = result.high if metric.better == "lower" else result.low
    if result.value is None or not end or not result.value:
        return need(NeedKind.EVIDENCE, "Run longer: too few time blocks were measured to prove anything.")
    if limit.holds(end):
        return need(NeedKind.VALUE, "Lose fewer answers: what was never answered is missing from this mean.")
    to = result.value * limit.value / end
    faster = _times(result.value, to) if metric.unit == "ms" and metric.better == "lower" else None
    return need(
        NeedKind.VALUE,
        f"Bring {quantity(result.value, metric.unit)} to {quantity(to, metric.unit)}: then its interval, as wide as in "
        f"this run, is {limit_words(check.metric, limit.text)}.",
        value=to,
        times_faster=faster,
    )


def _longer(run: Run, check: Check, counted: Tally, confidence: float, need: Maker, why: str) -> Need:
    """How long a run would decide; "too close" where none of a sensible length would."""
    drifts = counted.drifts(confidence)
    seen = unsteady(run.load, check.scope) if drifts and run.load is not None else None
    if seen is not None:
        first = "Find what grows, or lengthen" if seen.rises else "Lengthen"
        text = f"{why} The load drifted: {seen.text}. {first} warm_up until the service has settled."
        return need(NeedKind.EVIDENCE, text)
    if drifts:
        why += (
            " Response times drifted through the whole run: lengthen warm_up until they stay the same, or run longer."
        )
    factor = counted.times_needed(confidence, MOST_SAMPLES)
    if factor is None:
        text = f"{why} The value is too close to the limit: no longer run decides; fix the value."
        return need(NeedKind.EVIDENCE, text)
    samples = math.ceil(counted.requests * factor)
    window, window_s = "", None
    if run.load is not None and run.load.judged_s > 0:
        window_s = math.ceil(run.load.judged_s * factor)
        window = f": a measurement window of about {window_s:,} s at this load"
    return need(
        NeedKind.EVIDENCE,
        f"{why} About {samples:,} requests would decide it, now {counted.requests:,}{window}.",
        samples=samples,
        window_s=window_s,
    )


def without_state(text: str) -> str:
    """A need without the sentence about where the value stands, for whoever shows the value and its limit."""
    return text.removeprefix(_GOOD).removeprefix(BAD).lstrip()


def _largest(most: int, fits: Callable[[int], bool]) -> int | None:
    """The largest k in 0 … `most` that fits; None when not even 0 does. `fits` is true up to some k."""
    if not fits(0):
        return None
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _times(value: float | None, limit: float) -> float | None:
    """How many times as fast; None when it is fast enough, or nothing can be said."""
    return value / limit if value is not None and limit > 0 and value > limit else None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
