"""What the processes of the service did in the measurement window, where they run on this machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessActivity:
    """One tree of processes, seen from outside; the states of its threads are samples at even distances."""

    name: str = ""
    """Such as `python (pid 4711)`."""
    reason: str | None = None
    """Why nothing was seen; all numbers are then 0."""
    window_s: float = 0.0
    cores: float = 0.0
    """That it may use, by affinity and by the quota of its control group."""
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    """The most at one reading."""
    memory_growth_mb: float | None = None
    """Lower bound of what its memory grew by in a minute; None where the window is too short to tell."""
    waited_for_core_s: float | None = None
    """Time that its threads were ready to run and no core was free; None where the system does not say."""
    throttled: float | None = None
    """Share (0 to 1) of the periods in which its CPU quota held it back; None without a quota."""
    samples: int = 0
    """Samples of thread states."""
    running: float = 0.0
    """Threads of its busiest process that ran or were ready to, on average over the samples."""
    running_share: float = 0.0
    """Share (0 to 1) of the samples in which there was one."""
    disk: float = 0.0
    """Threads of all its processes that waited for the disk, on average over the samples."""
    disk_share: float = 0.0
    """Share (0 to 1) of the samples in which there was one."""
    busy_share: float = 0.0
    """Share (0 to 1) of the samples in which a thread of the busiest process ran or waited for the disk."""
    busiest: float = 0.0
    """Threads of the busiest process that did either, on average over the samples."""
    ran: tuple[tuple[float, float], ...] | None = None
    """Stretches of the measurement window (begin and end, s since it began) in which the busiest process ran or was
    ready to in each of several samples; None in a run of an older version."""
