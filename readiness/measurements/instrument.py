"""Instrument: how the load engine itself fared while it measured. Facts only; readiness/judge/instrument.py judges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from readiness.measurements.histogram import EMPTY, Histogram, merge


@dataclass(frozen=True, slots=True)
class Pause:
    """A gap in which the load engine did not run: stopped, suspended, or held by one piece of code."""

    start_s: float
    end_s: float
    cpu_s: float
    """CPU time that the engine used meanwhile; next to none when it was stopped."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """The load engine in the judged window; pauses are those of the whole load."""

    watched_s: float = 0.0
    """How long it watched itself."""
    cpu_s: float = 0.0
    peak_cpu_share: float = 0.0
    """The busiest second, as a share of one core."""
    lag: Histogram = EMPTY
    """How late the event loop came to a timer of a fixed grid, in microseconds."""
    start_lag: Histogram = EMPTY
    """How late arrivals of an open load were sent off; empty for a closed load."""
    gc_pauses: int = 0
    gc_s: float = 0.0
    gc_longest_s: float = 0.0
    fds: int = 0
    """Most file descriptors that were open; 0 where the system does not tell."""
    fd_limit: int | None = None
    pauses: tuple[Pause, ...] = ()

    @property
    def cpu_share(self) -> float:
        """Of one core, over the time watched."""
        return self.cpu_s / self.watched_s if self.watched_s else 0.0


def together(parts: Iterable[Instrument]) -> Instrument:
    """Parts of one engine's run, one after the other, as one."""
    found = list(parts)
    limits = [part.fd_limit for part in found if part.fd_limit is not None]
    return Instrument(
        watched_s=sum(part.watched_s for part in found),
        cpu_s=sum(part.cpu_s for part in found),
        peak_cpu_share=max((part.peak_cpu_share for part in found), default=0.0),
        lag=merge(*(part.lag for part in found)),
        start_lag=merge(*(part.start_lag for part in found)),
        gc_pauses=sum(part.gc_pauses for part in found),
        gc_s=sum(part.gc_s for part in found),
        gc_longest_s=max((part.gc_longest_s for part in found), default=0.0),
        fds=max((part.fds for part in found), default=0),
        fd_limit=min(limits, default=None),
        pauses=tuple(pause for part in found for pause in part.pauses),
    )
