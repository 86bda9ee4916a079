"""Whether the service told the truth of itself in a drill: its readiness, and its circuit breakers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from readiness.errors import NotMeasured
from readiness.measurements.run import Detail
from readiness.probes import circuit_breaker
from readiness.probes.health import HealthSample
from readiness.probes.sampler import NumberSample, series_of
from readiness.probes.self_reports import SelfReports
from readiness.text.numbers import count, duration, share_words

_SOON_S = 10.0
"""How long after the fault readiness may still say no: Kubernetes asks that often, if nothing else is set."""
_FRESH_S = 10.0
"""So old may be what the service said last when the fault begins."""
_PATIENCE_S = 1.0
"""Who waits longer for readiness takes it for a no: the time-out of Kubernetes, if nothing else is set."""
_LEAST = 0.5
"""Share of its usual right answers below which the service could not serve."""


@dataclass(frozen=True, slots=True)
class DrillTimes:
    """The fault of one drill and the end of the window after it, in seconds of time.monotonic."""

    begin_s: float
    end_s: float
    over_s: float


@dataclass(frozen=True, slots=True)
class Fared:
    """How the requests of a drill fared in its fault, as shares from 0 on."""

    served: float
    """Right answers per second while the fault lasted, of those per second before it; over 1 in a rush."""
    bad: float
    """Of the requests that were due in the fault: those that failed or were slower than the file allows."""
    allowed: float
    """How many of them may be bad."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The answer, from so many answers of the service, and what it rests on."""

    holds: bool
    samples: int
    details: tuple[Detail, ...]


def readiness(reports: SelfReports, times: DrillTimes, fared: Fared) -> Truth:
    """Whether readiness said no where the service could not serve, yes where it could, and yes soon after.

    It could not where it gave fewer than half of its usual right answers: one that is late or refuses what is beyond
    its usual load serves. It could where no more requests were bad than are allowed. In between it served in part, and
    either answer is right. Raises NotMeasured.
    """
    if reports.problem is not None:
        raise NotMeasured(reports.problem)
    ended = [one for one in reports.samples if one.failure != "in_flight"]
    during = [said for one in ended if (said := _in_fault(one, times)) is not None]
    before = [one for one in ended if times.begin_s - _FRESH_S <= one.start_s < times.begin_s and _is_over(one, times)]
    if not before:
        raise NotMeasured(f"{reports.path}: no probe request was answered before the fault")
    if before[-1].failure is not None:
        raise NotMeasured(f"{reports.path}: said {before[-1].said} before the fault already, so it says nothing of it")
    after = [one for one in ended if times.end_s < one.start_s <= times.over_s]
    if not during or not after:
        when = "while the fault lasted" if not during else "after the fault"
        raise NotMeasured(
            f"{reports.path}: no probe request was answered {when}, because the drill's load pays for so few; give it "
            "a longer time or a higher rate"
        )
    if fared.served < _LEAST:
        served, told = "could not serve", during[-1].failure is not None
    elif fared.bad > fared.allowed:
        served, told = "served in part, and may say either", True
    else:
        served, told = "could serve", 2 * sum(one.failure is None for one in during) >= len(during)
    back = after[-1].failure is None and all(
        one.failure is None for one in after if one.start_s >= times.end_s + _SOON_S
    )
    details = (
        Detail("right answers in the fault", f"{share_words(fared.served)} of those before it: it {served}", None),
        Detail("requests that failed or were too slow in the fault", share_words(fared.bad), None),
        Detail(f"{reports.path} in the fault", _said(during), told),
        Detail(f"{reports.path} after the fault", _return(after, times.end_s), back),
    )
    return Truth(told and back, len(before) + len(during) + len(after), details)


def breaker(reports: SelfReports, times: DrillTimes, bad_share: float) -> Truth:
    """Whether a declared circuit breaker opened in the fault, and all of them were closed again at the end.

    Raises NotMeasured also where no request failed: a breaker then had no reason to open.
    """
    places = circuit_breaker.places(reports.breakers)
    if not places:
        raise NotMeasured("probes.circuit_breaker needs statistics (a path) and states (pointers to a state each)")
    words = {word.lower() for word in reports.breakers.closed}
    series = {place: _readable(series_of(reports.readings, place)) for place in places}
    first, last, opened, read = [], [], [], 0
    for place, samples in series.items():
        first += [one for one in samples if times.begin_s - _FRESH_S <= one.at_s < times.begin_s][-1:]
        last += [one for one in samples if times.end_s < one.at_s <= times.over_s][-1:]
        seen = [one for one in samples if times.begin_s <= one.at_s <= times.end_s]
        read += len(seen)
        opened += [f"{place.shown}: {one.value}" for one in seen if not _is_closed(one, words)][:1]
    for when, enough in (
        ("before", len(first) == len(places)),
        ("in", read > 0),
        ("after", len(last) == len(places)),
    ):
        if not enough:
            raise NotMeasured(
                f"{reports.breakers.statistics}: not read {when} the fault, because the drill's load pays for so few "
                "probe requests; give it a longer time or a higher rate"
            )
    if not all(_is_closed(one, words) for one in first):
        raise NotMeasured("a breaker was not closed before the fault")
    if not opened and not bad_share:
        raise NotMeasured("no request failed in the fault, so no breaker had a reason to open")
    closed = all(_is_closed(one, words) for one in last)
    details = (
        Detail("in the fault", ", ".join(opened) or "every breaker stayed closed", bool(opened)),
        Detail("at the end", "every breaker closed" if closed else "a breaker was still not closed", closed),
    )
    return Truth(bool(opened) and closed, read + len(first) + len(last), details)


def _in_fault(sample: HealthSample, times: DrillTimes) -> HealthSample | None:
    """What it says of the fault: its answer, or that none came; None where it says nothing of it."""
    ended_s = sample.start_s + sample.elapsed_ms / 1000
    if ended_s > times.end_s:  # the end of the fault may have answered it
        waited_s = times.end_s - max(sample.start_s, times.begin_s)
        return replace(sample, failure="timeout", said="no answer") if waited_s >= _PATIENCE_S else None
    if sample.start_s >= times.begin_s or (sample.failure is not None and ended_s > times.begin_s):
        return sample
    return None


def _is_over(sample: HealthSample, times: DrillTimes) -> bool:
    """Whether it was answered before the fault."""
    return sample.start_s + sample.elapsed_ms / 1000 <= times.begin_s


def _said(samples: Sequence[HealthSample]) -> str:
    """`200 × 1, 503 × 6`."""
    return ", ".join(f"{said} × {n}" for said, n in Counter(one.said for one in samples).items())


def _return(after: Sequence[HealthSample], end_s: float) -> str:
    bad = [one for one in after if one.failure is not None]
    if not bad:
        return f"ready in all {count(len(after), 'answer')}"
    if bad[-1] is after[-1]:
        return f"not ready to the end: {_said(bad)}"
    back = after[after.index(bad[-1]) + 1]
    return f"ready {duration(back.start_s - end_s)} after it, {_said(bad)} before"


def _readable(samples: Sequence[NumberSample]) -> list[NumberSample]:
    """Those with a state. Raises NotMeasured for a place that has none."""
    for one in samples:
        if one.problem is not None and not one.lost:
            raise NotMeasured(one.problem)
    return [one for one in samples if not one.lost]


def _is_closed(sample: NumberSample, words: set[str]) -> bool:
    return str(sample.value).lower() in words
