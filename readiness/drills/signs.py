"""Whether a command did anything: its exit code alone does not say so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from readiness.drills.port_watch import PortLog
from readiness.drills.self_reports import DrillTimes
from readiness.measurements.run import Load, Recording
from readiness.probes.self_reports import SelfReports
from readiness.stats import share
from readiness.text.numbers import duration

_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that could show it."""

    load: Load
    zero_s: float
    """The time.monotonic at which the load began."""
    times: DrillTimes
    before: Recording
    during: Recording
    all_since: Recording
    """`during` and what came after it."""
    port: PortLog
    reports: SelfReports


def more_failed(before: Recording, since: Recording) -> bool:
    """Whether the share of bad requests was higher than before, by more than chance."""
    was, bad = before.failures + before.in_flight, since.failures + since.in_flight
    return share.lower(bad, since.requests, _SURE) > was / before.requests


def unseen(scene: Scene) -> str | None:
    """Why nobody can say that the command did anything; None when something shows it."""
    if any(_signs(scene)):
        return None
    port = "the same processes listened on its port" if scene.port.seen else "who listens on its port cannot be seen"
    return f"nothing was seen to break or to change: no request failed, none waited long, and {port}"


def _signs(scene: Scene) -> Iterator[bool]:
    times = scene.times
    yield more_failed(scene.before, scene.all_since)
    first, last = scene.port.at(times.begin_s), scene.port.at(times.over_s)
    if first is not None and last is not None:
        yield bool(scene.port.down(times.begin_s, times.over_s))
        yield bool(first.sockets - last.sockets)
        yield bool(first.processes - last.processes)
    begin_s, over_s = times.begin_s - scene.zero_s, times.over_s - scene.zero_s
    yield any(stall.end_s > begin_s and stall.start_s < over_s for stall in scene.load.stalls)
    usual, slow = scene.before.ok.quantile_ms(0.95), scene.during.ok.quantile_ms(0.5)
    yield usual is not None and slow is not None and slow > usual
    yield any(one.failure not in (None, "in_flight") for one in scene.reports.samples if times.begin_s < one.start_s)


def missed(scene: Scene, due: Callable[[float, float], int]) -> str | None:
    """Why the load says nothing of an outage that the port had; `due` counts its arrivals between two seconds."""
    gaps = scene.port.down(scene.times.begin_s, scene.times.over_s)
    if not gaps or any(due(begin_s - scene.zero_s, end_s - scene.zero_s) for begin_s, end_s in gaps):
        return None
    down = duration(sum(end_s - begin_s for begin_s, end_s in gaps))
    return f"no request was due while nothing listened on the service's port ({down}); give the drill a higher rate"
