"""A service that stands still as a whole: how often, for how long, and what its process did meanwhile. Pure.

No part of a service has a share in a time in which nobody is answered: the statement, the pool and the endpoint that
happen to be seen then are as quick as ever before and after. So a standstill is a cause of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from readiness.judge.outlook import Diagnosis, DiagnosisKind
from readiness.judge.readings import charged
from readiness.judge.time_inside import SlowTime, caused
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.run import Load, Stall

_EVEN = 0.2
"""Distances that differ by this part of their mean are equal."""
_RAN, _WAITED = 0.6, 0.2
"""From this share of the standstills on it computed; up to that one it waited."""


def whole_standstills(load: Load) -> tuple[Stall, ...]:
    """Those of the whole service in the measurement window that its latency is charged with."""
    return tuple(stall for stall in charged(load, None) if not stall.endpoint)


def standing_still(load: Load, seen: ProcessActivity | None, slow: SlowTime) -> list[Diagnosis]:
    """One cause, with the share of the slow requests' time that lies in standstills; none where there were none."""
    found = whole_standstills(load)
    if not found:
        return []
    # Whoever was never answered is in no histogram of answers.
    lost_s = sum(stall.in_flight * (stall.end_s - stall.start_s) for stall in found if not stall.answered)
    share = (_inside_s(load, found, slow.over_ms) + lost_s) / max(slow.total_s + lost_s, 1e-9)
    times = "once" if len(found) == 1 else f"{len(found):,} times"
    lasted = [_end(stall, load) - _start(stall, load) for stall in found]
    long = f"{min(lasted):.1f}" if max(lasted) - min(lasted) < 0.1 else f"{min(lasted):.1f} to {max(lasted):.1f}"
    when = f"at {found[0].start_s:.1f} s" if len(found) == 1 else _rhythm(found)
    text = (
        f"No request was answered for {long} s{' each' if len(found) > 1 else ''}, {when}: "
        f"{sum(lasted):.1f} s of {load.judged_s:.1f} s. {_meanwhile(load, found, sum(lasted), seen)}"
    )
    return [caused(DiagnosisKind.STANDSTILL, f"The whole service stood still {times}", share, text)]


def what_to_find(load: Load) -> str:
    """What to check first, as an order."""
    found = whole_standstills(load)
    each = _every_s(found)
    return f"find what stops the whole service {f'every {each:.1f} s' if each else f'at {found[0].start_s:.1f} s'}"


def _rhythm(found: Sequence[Stall]) -> str:
    if each := _every_s(found):
        return f"every {each:.1f} s"
    starts = [f"{stall.start_s:.1f}" for stall in found[:5]]
    return f"at {', '.join(starts)}{' …' if len(found) > len(starts) else ''} s"


def _every_s(found: Sequence[Stall]) -> float | None:
    """Seconds from one beginning to the next; None where they are not equal, or too few to say."""
    apart = [after.start_s - before.start_s for before, after in pairwise(found)]
    mean = sum(apart) / len(apart) if len(apart) > 1 else 0.0
    return mean if mean and max(apart) - min(apart) <= _EVEN * mean else None


def _meanwhile(load: Load, found: Sequence[Stall], still_s: float, seen: ProcessActivity | None) -> str:
    if seen is None or seen.reason is not None or not seen.samples:
        return "What the service did meanwhile was not watched (`probes.process`)."
    if seen.ran is None:  # a run of an older version
        ran_s = seen.running_share * seen.window_s
        return (
            f"{seen.name} computed or was ready to for {ran_s:.1f} s of the whole window; where that is synchronous "
            "work, a timer or garbage collection, it keeps all requests waiting."
        )
    ran_s = 0.0
    for stall in found:
        start_s, end_s = (at_s - load.judged_start_s for at_s in (_start(stall, load), _end(stall, load)))
        ran_s += sum(max(min(end_s, end) - max(start_s, begin), 0.0) for begin, end in seen.ran)
    if ran_s >= _RAN * still_s:
        return (
            f"{seen.name} computed or was ready to for {ran_s:.1f} s of that: synchronous work, a timer or garbage "
            "collection kept all requests waiting."
        )
    if ran_s <= _WAITED * still_s:
        return (
            f"{seen.name} did not compute meanwhile: it waited for a lock, the disk or another service, or was stopped."
        )
    return f"{seen.name} computed or was ready to for {ran_s:.1f} s of that, and waited for the rest."


def _inside_s(load: Load, found: Sequence[Stall], over_ms: float) -> float:
    """Of the requests over the limit that ended after a standstill and began before its end, the time inside."""
    ends, inside_us = [stall.end_s for stall in found], 0.0
    for part in (part for endpoint in load.endpoints for part in endpoint.judged.slices):
        middle_s = part.start_s + part.duration_s / 2
        first = bisect_left(ends, middle_s - part.ok.max_us / 1e6)
        for stall in found[first : bisect_left(ends, part.start_s + part.duration_s)]:
            least_us, still_us = (1e6 * s for s in (middle_s - stall.end_s, stall.end_s - stall.start_s))
            slow = ((us, n) for us, n in part.ok.buckets_us() if us >= max(1000 * over_ms, least_us))
            inside_us += sum(min(us, still_us) * n for us, n in slow)
    return inside_us / 1e6


def _start(stall: Stall, load: Load) -> float:
    return max(stall.start_s, load.judged_start_s)


def _end(stall: Stall, load: Load) -> float:
    return min(stall.end_s, load.judged_end_s)
