"""target.*: CPU, memory, descriptors and threads of the service's processes, where they run on this machine.

Read in the measurement window from outside, with psutil, in a thread of the command and never in the load generator.
The processes are those that listen on a port (the target's own without a setting), or one by pid or name, each with its
children. Whatever is not surely the process that answered is a reason and no number: one that ended, was replaced, is
of another user, or used no CPU time at all while it is said to have served.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readiness.config.probes import ProcessSettings
from readiness.errors import NotMeasured
from readiness.measurements.bounds import Bounds
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.provenance import Target
from readiness.measurements.run import Detail, Measurement
from readiness.metrics.resources import PROCESS_METRICS
from readiness.probes.process_search import named, roots_of, shown
from readiness.probes.thread_states import ThreadStates
from readiness.probes.window import Window
from readiness.stats import growth, mean
from readiness.text.numbers import count, quantity

PROCESS_NAMES = tuple(metric.name for metric in PROCESS_METRICS)
_SOURCE = "probe process"
_CONFIDENCE = 0.99
"""Of each bound, whatever the file asks for: growth is searched for in four numbers at once."""
_READINGS = 50.0
_SHORTEST_S, _LONGEST_S = 0.2, 3.0
_STATES_S, _STATES_PER_THREAD_S = 0.1, 0.003
"""Between two samples of thread states: one thread takes some 20 µs to read, so this is less than 1 % of a core."""
LEAST_S = 10.0
"""A shorter window says nothing about growth in a minute."""
_MB = 1e6


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """The processes at one moment, summed up."""

    at_s: float
    cpu_s: float
    """Since each began, ended children included."""
    memory_bytes: int
    threads: int
    switches: int
    descriptors: int | None
    """None where we may not read them."""
    processes: int
    throttled: tuple[int, int] | None
    """(held back, all) periods of the control group; None without a quota."""
    pids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WatchedProcess:
    """What was read in the measurement window, or why nothing was."""

    readings: tuple[ProcessReading, ...] = ()
    name: str = ""
    cores: float = 1.0
    """That it may use, by affinity and by the quota of its control group."""
    reason: str | None = None
    states: ThreadStates = field(default_factory=ThreadStates)


def watch(settings: ProcessSettings, target: Target, window: Window, duration_s: float) -> WatchedProcess:
    """Read until the window ended; whatever goes wrong is a reason."""
    import psutil

    early = _found_early(psutil, settings, target) if window.begin_s is None else []
    while not window.ended and not window.wait_begin(0.2):
        pass
    if window.begin_s is None:
        return WatchedProcess(reason="the measurement window never began")
    every_s = min(max(duration_s / _READINGS, _SHORTEST_S), _LONGEST_S)
    readings: list[ProcessReading] = []
    states = ThreadStates()
    try:
        still = bool(early) and all(root.is_running() for root in early)
        roots = early if still else roots_of(psutil, settings, target)
        name = named(roots)
        cores = _cores(roots)
        while True:
            last = window.ended
            readings.append(_read(psutil, roots, name))
            states.read_waits(readings[-1].pids, first=len(readings) == 1)
            if last:
                break
            _sample_states(states, readings[-1].pids, window, every_s)
        if settings.pid is None and {root.pid for root in roots_of(psutil, settings, target)} != {r.pid for r in roots}:
            raise NotMeasured(f"{shown(settings)}: another process than {name} is there at the end of the window")
    except NotMeasured as error:
        return WatchedProcess(reason=str(error))
    except psutil.AccessDenied:
        return WatchedProcess(reason=f"{shown(settings)}: no permission to read it; run readiness as its user")
    except psutil.NoSuchProcess as error:
        return WatchedProcess(reason=f"process {error.pid} ended during the measurement window")
    return WatchedProcess(tuple(readings), name, cores, states=states)


def _found_early(psutil: Any, settings: ProcessSettings, target: Target) -> list[Any]:
    """The processes as they are before the window; none where they cannot be found yet.

    To find them means to read every process of the machine: 50 ms and more, in which samples of other probes wait.
    """
    with suppress(NotMeasured, psutil.Error):
        return roots_of(psutil, settings, target)
    return []


def activity(seen: WatchedProcess) -> ProcessActivity:
    """All of it as facts of the run, for its causes; the reason where there are none."""
    try:
        most = measure(seen, "target.memory.max")
    except NotMeasured as error:
        return ProcessActivity(reason=str(error))
    first, last, states = seen.readings[0], seen.readings[-1], seen.states
    n = max(states.samples, 1)
    busiest = max(states.processes.values(), key=lambda one: one.both, default=None)
    held = None
    if first.throttled is not None and last.throttled is not None and last.throttled[1] > first.throttled[1]:
        held = (last.throttled[0] - first.throttled[0]) / (last.throttled[1] - first.throttled[1])
    grown: float | None = None
    with suppress(NotMeasured):
        bounds = measure(seen, "target.memory.growth").evidence
        grown = bounds.low if isinstance(bounds, Bounds) else None
    return ProcessActivity(
        name=seen.name,
        window_s=last.at_s - first.at_s,
        cores=seen.cores,
        cpu_s=last.cpu_s - first.cpu_s,
        memory_mb=most.value or 0.0,
        memory_growth_mb=grown,
        waited_for_core_s=states.waited_s,
        throttled=held,
        samples=states.samples,
        running=busiest.running / n if busiest else 0.0,
        running_share=busiest.running_seen / n if busiest else 0.0,
        disk=sum(one.disk for one in states.processes.values()) / n,
        disk_share=states.disk_seen / n,
        busy_share=busiest.both_seen / n if busiest else 0.0,
        busiest=busiest.both / n if busiest else 0.0,
        ran=tuple((begin - first.at_s, end - first.at_s) for begin, end in busiest.stretches()) if busiest else (),
    )


def _sample_states(states: ThreadStates, pids: Sequence[int], window: Window, lasts_s: float) -> None:
    """Thread states again and again, until it is time for the next reading."""
    until_s = time.monotonic() + lasts_s
    while (left_s := until_s - time.monotonic()) > 0:
        if window.wait_end(min(left_s, max(_STATES_S, states.threads * _STATES_PER_THREAD_S))):
            return
        states.sample(pids)


def measure(seen: WatchedProcess, metric: str) -> Measurement:
    """One number. Raises NotMeasured with the reason."""
    if seen.reason is not None:
        raise NotMeasured(seen.reason)
    if len(seen.readings) < 2:
        raise NotMeasured(f"{seen.name} was read {count(len(seen.readings), 'time')}; the window is too short")
    first, last = seen.readings[0], seen.readings[-1]
    lasted_s, used_s = last.at_s - first.at_s, last.cpu_s - first.cpu_s
    if used_s <= 0:
        raise NotMeasured(f"{seen.name} used no CPU time in the measurement window: it is not what answered the load")
    n = len(seen.readings)
    match metric:
        case "target.cpu" | "target.cpu_cores":
            factor = 100 / seen.cores if metric == "target.cpu" else 1.0
            found = mean.bounds([(b.cpu_s - a.cpu_s, b.at_s - a.at_s) for a, b in _pairs(seen.readings)], _CONFIDENCE)
            value = factor * used_s / lasted_s
            if metric == "target.cpu":
                value = min(value, 100.0)
            bounds = (
                Bounds(min(factor * found[0], value), max(factor * found[1], value)) if found else Bounds(None, None)
            )
            return Measurement(metric, None, value, _SOURCE, n, evidence=bounds, details=(_facts(seen),))
        case "target.throttled":
            if first.throttled is None or last.throttled is None:
                raise NotMeasured(f"{seen.name}: its control group has no CPU quota that we can read")
            held, periods = (b - a for a, b in zip(first.throttled, last.throttled, strict=True))
            return Measurement(metric, None, 100 * held / periods if periods else 0.0, _SOURCE, periods)
        case "target.memory.max":
            most = max(one.memory_bytes for one in seen.readings) / _MB
            return Measurement(metric, None, most, _SOURCE, n, details=(_facts(seen),))
        case _:
            return _growth(seen, metric, lasted_s)


def _growth(seen: WatchedProcess, metric: str, lasted_s: float) -> Measurement:
    if lasted_s < LEAST_S:
        raise NotMeasured(
            f"growth in a minute needs a measurement window of {LEAST_S:g} s or longer, not {lasted_s:.1f} s"
        )
    level: Callable[[ProcessReading], float | None] = {
        "target.memory.growth": lambda one: one.memory_bytes / _MB,
        "target.threads.growth": lambda one: one.threads,
        "target.descriptors.growth": lambda one: one.descriptors,
    }[metric]
    points = [(one.at_s, value) for one in seen.readings if (value := level(one)) is not None]
    if len(points) < len(seen.readings):
        raise NotMeasured(f"{seen.name}: no permission to list its open files; run readiness as its user")
    found = growth.growth(points, _CONFIDENCE)
    if found is None:
        raise NotMeasured(f"{seen.name} was read {count(len(points), 'time')}: too seldom to tell growth")
    shown = f"from {points[0][1]:,.1f} to {points[-1][1]:,.1f} in {lasted_s:.0f} s"
    detail = Detail(seen.name, shown, None, f"{len(points):,} readings in the measurement window")
    bounds = Bounds(60 * found.low, 60 * found.high)
    return Measurement(metric, None, 60 * found.per_s, _SOURCE, len(points), evidence=bounds, details=(detail,))


def _facts(seen: WatchedProcess) -> Detail:
    first, last = seen.readings[0], seen.readings[-1]
    seconds = max(last.at_s - first.at_s, 1e-9)
    switches = quantity(max(last.switches - first.switches, 0) / seconds, "/s")
    said = f"{count(last.processes, 'process', 'processes')}, {seen.cores:g} cores to use, {switches} context switches"
    return Detail(seen.name, said, None, f"{len(seen.readings):,} readings in the measurement window")


def _pairs(readings: Sequence[ProcessReading]) -> list[tuple[ProcessReading, ProcessReading]]:
    return list(itertools.pairwise(readings))


def _read(psutil: Any, roots: Sequence[Any], name: str) -> ProcessReading:
    """Raises NotMeasured when a root ended or its pid is another process now."""
    tree: list[Any] = []
    for root in roots:
        if not root.is_running() or root.status() == psutil.STATUS_ZOMBIE:
            raise NotMeasured(f"{name}: process {root.pid} ended during the measurement window")
        tree += [root, *root.children(recursive=True)]
    if any(one.pid == os.getpid() for one in tree):  # a script that starts the service and then readiness
        own = psutil.Process()
        ours = {own.pid, *(child.pid for child in own.children(recursive=True))}
        tree = [one for one in tree if one.pid not in ours]
    cpu_s, memory, threads, switches, alive = 0.0, 0, 0, 0, 0
    descriptors: int | None = 0
    pids: list[int] = []
    at_s = time.monotonic()
    for one in {process.pid: process for process in tree}.values():
        try:
            with one.oneshot():
                times = one.cpu_times()
                held, its_threads = one.memory_info().rss, one.num_threads()
                switched = sum(one.num_ctx_switches())
        except psutil.NoSuchProcess:
            continue  # a child that ended between two calls
        cpu_s += times.user + times.system + times.children_user + times.children_system
        pids.append(one.pid)
        memory, threads, switches, alive = memory + held, threads + its_threads, switches + switched, alive + 1
        try:
            descriptors = None if descriptors is None else descriptors + one.num_fds()
        except psutil.AccessDenied:
            descriptors = None
        except psutil.NoSuchProcess:
            pass
    if not alive:
        raise NotMeasured(f"{name}: ended during the measurement window")
    held_back = _throttled(roots[0].pid)
    return ProcessReading(at_s, cpu_s, memory, threads, switches, descriptors, alive, held_back, tuple(pids))


def _cores(roots: Sequence[Any]) -> float:
    """Cores that the processes may use."""
    allowed = float(max(len(root.cpu_affinity()) for root in roots))
    return min([allowed, *(cores for cores, _ in _quotas(roots[0].pid))])


def _throttled(pid: int) -> tuple[int, int] | None:
    for _, counters in _quotas(pid):
        with suppress(OSError, ValueError, KeyError):
            words = counters.read_text().split()
            found = dict(zip(words[::2], words[1::2], strict=False))
            return int(found["nr_throttled"]), int(found["nr_periods"])
    return None


def _quotas(pid: int) -> list[tuple[float, Path]]:
    """Of each control group around it that has a quota, the innermost first: cores, and the file with its counters."""
    found = []
    for folder in _groups(pid):
        with suppress(OSError, ValueError):
            if (folder / "cpu.cfs_quota_us").exists():  # version 1
                quota, period = ((folder / f"cpu.cfs_{word}").read_text().strip() for word in ("quota_us", "period_us"))
            else:
                quota, period = (folder / "cpu.max").read_text().split()
            if quota not in ("max", "-1"):
                found.append((int(quota) / int(period), folder / "cpu.stat"))
    return found


def _groups(pid: int) -> list[Path]:
    """Its control groups for the CPU, of version 2 or 1, and those around them, the innermost first."""
    found: list[Path] = []
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, kinds, place = line.split(":", 2)
            if kinds and "cpu" not in kinds.split(","):
                continue
            top = Path("/sys/fs/cgroup/cpu" if kinds else "/sys/fs/cgroup")
            own = top / place.removeprefix("/")
            found += [own, *(up for up in own.parents if up.is_relative_to(top))]
    return found
