"""Numbers of a drill that are counts of its windows: what was served, lost, or told to come back. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from readiness.errors import NotMeasured
from readiness.measurements.histogram import slowest
from readiness.measurements.run import Detail, Rate, Recording, Second, Step

_CUT_OFF = ("reset", "truncated", "protocol")
"""Failures of requests that the service had taken: their connection ended before the answer."""
_REFUSED = ("http_5xx", "rate_limited")
_STRANGERS = ("http_3xx", "http_4xx", "assertion")
"""How a service answers somebody whose session it does not know: a redirect to the log-in, 401 or 403, or a page with
200 that is not the one that the scenario asked for."""
_OWN_DROPS = 0.01
"""Share of the arrivals that we may drop by ourselves."""


@dataclass(frozen=True, slots=True)
class DrillCount:
    """A value with what it was counted from."""

    value: float
    samples: int
    evidence: Rate | None = None
    details: tuple[Detail, ...] = ()


def goodput(before: Recording, during: Recording, before_s: float, during_s: float) -> DrillCount:
    """Right answers per second, to requests that were due during the fault."""
    was = Detail("right answers before it", f"{before.ok.total / before_s:,.1f} /s", None)
    return DrillCount(during.ok.total / during_s, during.requests, details=(was,))


def requests_lost(windows: Iterable[Recording], silent: Iterable[str]) -> DrillCount:
    """Requests of the whole drill that got no HTTP answer."""
    names, parts = tuple(silent), tuple(windows)
    by_class = {name: sum(part.failed.get(name, 0) for part in parts) for name in names}
    by_class["in flight"] = sum(part.in_flight for part in parts)
    details = tuple(Detail(name, f"{lost:,}", False) for name, lost in by_class.items() if lost)
    return DrillCount(float(sum(by_class.values())), sum(part.requests for part in parts), details=details)


def cut_off(windows: Iterable[Recording]) -> DrillCount:
    """Requests of the whole drill that the service had taken, and did not answer."""
    parts = tuple(windows)
    by_class = {name: sum(part.failed.get(name, 0) for part in parts) for name in _CUT_OFF}
    details = tuple(Detail(name, f"{lost:,}", False) for name, lost in by_class.items() if lost)
    return DrillCount(float(sum(by_class.values())), sum(part.requests for part in parts), details=details)


def sessions_kept(before: Recording, after: Recording, *, sessions: bool) -> DrillCount:
    """Share of the answers after the fault that took the session for a known one. Raises NotMeasured."""
    if not sessions:
        raise NotMeasured("no scenario begins a session: none has on_start, so nobody could lose one")
    if strangers := _of(before, _STRANGERS):
        raise NotMeasured(
            f"{strangers:,} requests were answered with 3xx, 4xx or another page before the fault already"
        )
    lost = _of(after, _STRANGERS)
    total = after.ok.total + lost
    if not total:
        raise NotMeasured("no request after the fault was answered as a session that is known, or is not")
    return DrillCount(100 * (total - lost) / total, total, Rate(total - lost, total))


def told_to_wait(points: Iterable[Second], told: int, refused: int) -> DrillCount:
    """Share of the refusals (429 and 5xx) during the fault that said Retry-After. Raises NotMeasured."""
    if not refused:
        unread = sum(point.classes.get(name, 0) for point in points for name in _REFUSED)
        raise NotMeasured(
            f"the headers of {unread:,} refusals were not seen: they went through another client than self.client"
            if unread
            else "no request was refused with 429 or 5xx during the fault"
        )
    return DrillCount(100 * told / refused, refused, Rate(told, refused))


def refusals(during: Recording, silent: int) -> Recording:
    """The failed requests as times until their callers were told; the `silent` ones never were.

    Their latencies are kept together with those of the others, so the quickest `silent` of all are taken out: no time
    becomes shorter by that.
    """
    told = slowest(during.failed_latency, max(during.failed_latency.total - silent + during.in_flight, 0))
    return Recording(told, in_flight=silent)


def refuse_own_limits(window: Step) -> None:
    """Raises NotMeasured when it was this machine that could not send so much."""
    ours = window.dropped - window.unanswered
    if ours > _OWN_DROPS * window.intended:
        raise NotMeasured(
            f"the load generator did not send {ours:,} of {window.intended:,} requests in time, so it was no load of "
            "this height; give it more --processes, or fewer times"
        )


def _of(record: Recording, names: Iterable[str]) -> int:
    return sum(record.failed.get(name, 0) for name in names)
