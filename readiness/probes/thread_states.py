"""States of threads from /proc: who runs or is ready to (R), who waits for the disk (D); how long cores were awaited.

Any user may read them of any process. State D is a wait that no signal ends; that is the disk, or a file system of the
network. Source: proc(5), /proc/pid/stat and /proc/pid/schedstat.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_LEAST_STRETCH_S = 0.3
"""Three samples; a shorter time stops nobody."""
_MOST_STRETCHES = 1000


@dataclass(slots=True)
class ProcessStates:
    """Of one process, summed over the samples in which it was there."""

    running: int = 0
    running_seen: int = 0
    both: int = 0
    both_seen: int = 0
    disk: int = 0
    ran: list[tuple[float, float]] = field(default_factory=list)
    """Begin and end of each longer time in which it ran or was ready to in sample after sample, without the last."""
    row: tuple[float, float] | None = None
    """Of the last one, as far as it has come; None where it did not run in the last sample."""

    def note(self, at_s: float, *, running: bool) -> None:
        """One more sample."""
        if running:
            self.row = (self.row[0] if self.row else at_s, at_s)
        else:
            self.ran, self.row = self.stretches(), None

    def stretches(self) -> list[tuple[float, float]]:
        """All of them; those beyond `_MOST_STRETCHES` are left out."""
        if self.row is None or self.row[1] - self.row[0] < _LEAST_STRETCH_S or len(self.ran) >= _MOST_STRETCHES:
            return self.ran
        return [*self.ran, self.row]


@dataclass(slots=True)
class ThreadStates:
    """Samples so far; `threads` is how many the last one read."""

    samples: int = 0
    threads: int = 0
    disk_seen: int = 0
    processes: dict[int, ProcessStates] = field(default_factory=dict)
    waited_ns: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    """By thread, when it was first and last seen; a thread that came later counts from 0."""

    def sample(self, pids: Iterable[int]) -> None:
        """One reading of all threads of `pids`; processes that ended are left out."""
        self.samples += 1
        at_s = time.monotonic()
        self.threads, waiting = 0, 0
        for pid in pids:
            states = _states(pid)
            one = self.processes.setdefault(pid, ProcessStates())
            running, disk = states["R"], states["D"]
            one.running += running
            one.running_seen += running > 0
            one.note(at_s, running=running > 0)
            one.disk += disk
            one.both += running + disk
            one.both_seen += running + disk > 0
            self.threads += states.total()
            waiting += disk
        self.disk_seen += waiting > 0

    def read_waits(self, pids: Iterable[int], *, first: bool) -> None:
        """How long each thread has waited for a core so far."""
        for pid in pids:
            for task in _tasks(pid):
                with suppress(OSError, ValueError, IndexError):
                    waited = int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[1])
                    begun, _ = self.waited_ns.get((pid, task), (waited if first else 0, 0))
                    self.waited_ns[pid, task] = (begun, waited)

    @property
    def waited_s(self) -> float | None:
        """Time in which threads waited for a core; None where nothing was readable."""
        if not self.waited_ns:
            return None
        return sum(max(last - begun, 0) for begun, last in self.waited_ns.values()) / 1e9


def _tasks(pid: int) -> list[str]:
    with suppress(OSError):
        return [task.name for task in Path(f"/proc/{pid}/task").iterdir()]
    return []


def _states(pid: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for task in _tasks(pid):
        with suppress(OSError, IndexError):
            # The name stands in brackets and may hold anything, so the state is what follows the last bracket.
            found[Path(f"/proc/{pid}/task/{task}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]] += 1
    return found
