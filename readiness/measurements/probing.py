"""Probing: what the probes cost the service in the measurement window, beside what the load cost it."""

from __future__ import annotations

from dataclasses import dataclass

MOST_SHARE = 0.05
"""Of the load's requests, and of the time of its answers: what all probes together may add to it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Some requests and the work that they were."""

    requests: int
    waited_ms: float
    """Sum of the time from sending to the end of the answer's head (probes) or of the answer (load)."""
    service_ms: float | None = None
    """Sum of the time that the service says it spent, by its `Server-Timing`; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Probing:
    """Both sides of the measurement window."""

    looks: Cost
    """Of the probes."""
    load: Cost
    window_s: float = 0.0
    received_bytes: int = 0
    """Heads and bodies of the answers to the probes, as far as they told their length."""
    planned_requests: int | None = None
    """Of the load in the window, as estimated before it; None where the scenarios do not tell."""
    every_ms: float | None = None
    """Time between two samples of one health endpoint, at least."""
    declared: bool = False
    """Whether the file sets that time; else it was chosen from the plan."""
    needed_looks: int | None = None
    """Samples of each health endpoint that the declared checks need, where that is more than probes may send."""

    @property
    def request_share(self) -> float | None:
        """Requests of probes for each request of the load (0 to 1 and more); None without a load."""
        return self.looks.requests / self.load.requests if self.load.requests else None

    @property
    def work_share(self) -> float | None:
        """The service's time for the probes for each of its time for the load; None where it does not say."""
        if self.looks.service_ms is None or not self.load.service_ms:
            return None
        return self.looks.service_ms / self.load.service_ms

    @property
    def wait_share(self) -> float | None:
        """The same by the time that was waited for answers."""
        return self.looks.waited_ms / self.load.waited_ms if self.load.waited_ms else None
