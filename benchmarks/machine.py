"""What the machine and one process tree used, from /proc; and which core is whose."""

import functools
import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
SERVER_CORE, GENERATOR_CORE = 0, -1


@functools.cache
def cores() -> tuple[int, ...]:
    """Those that the benchmark was given; asked once, because a pinned process is given but one."""
    return tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()


def pin(core: int) -> None:
    """This process and its children on one core, by place among `cores()`; nothing where there is but one."""
    if len(cores()) > 1:
        os.sched_setaffinity(0, {cores()[core]})


def busy_s() -> float | None:
    """CPU seconds that the whole machine was busy since it booted; None where the system does not tell."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    except OSError:
        return None
    user, nice, system, _, _, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / TICK


def tree(pid: int) -> list[int]:
    """`pid` and all its descendants that are alive."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and of its children that it has waited for; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


def resident_mb(pid: int) -> float:
    """Memory of one process that is in RAM; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def held_mb(pids: list[int]) -> float:
    """Memory in RAM of several processes; what they share (libraries) is counted once, as it is there once."""
    private, shared = 0.0, [0.0]
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            private += resident_mb(pid)
            continue
        kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        shared.append((kb["Shared_Clean"] + kb["Shared_Dirty"]) * 1024 / 1e6)
        private += kb["Rss"] * 1024 / 1e6 - shared[-1]
    return private + max(shared)
