"""How the load generator itself fared while it measured. Facts; readiness/judge/generator_health.py judges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from readiness.measurements.histogram import EMPTY, Histogram, merge


@dataclass(frozen=True, slots=True)
class Pause:
    """A gap in which the load generator did not run: stopped, suspended, or held by one piece of code."""

    start_s: float
    end_s: float
    cpu_s: float
    """CPU time that the load generator used meanwhile; next to none when it was stopped."""
    place: str = ""
    """`shop.py:9 in look`: the line of the user's files that held it; empty where none was seen."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The load generator against a server that answers at once, before the load, with the same scenario code."""

    requests: int = 0
    """Sent by many users without pauses."""
    failed: int = 0
    """Those that the scenario did not like: the null server knows nothing of it."""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    """CPU time of one load generator meanwhile."""
    floor: Histogram = EMPTY
    """Latency of one user by itself, in microseconds: less cannot be measured here."""
    skipped: str | None = None
    """Why nothing is known."""

    @property
    def ceiling_per_s(self) -> float | None:
        """Requests per second that fill one core of every load generator; None when not known."""
        return self.requests / self.cpu_s if self.requests and self.cpu_s else None


def calibrated_together(parts: Iterable[Calibration | None]) -> Calibration | None:
    """Several load generators as one, whose ceiling is that of all of them; skipped when one was."""
    found = [part for part in parts if part is not None]
    skipped = next((part.skipped for part in found if part.skipped is not None), None)
    if not found or skipped is not None:
        return None if not found else Calibration(skipped=skipped)
    return Calibration(
        requests=sum(part.requests for part in found),
        failed=sum(part.failed for part in found),
        wall_s=max(part.wall_s for part in found),
        cpu_s=sum(part.cpu_s for part in found) / len(found),
        floor=merge(*(part.floor for part in found)),
    )


@dataclass(frozen=True, slots=True)
class Instrument:
    """The load generator in the measurement window; pauses are those of the whole load."""

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
    calibration: Calibration | None = None
    """None when it was not asked for."""

    @property
    def cpu_share(self) -> float:
        """Of one core, over the time watched."""
        return self.cpu_s / self.watched_s if self.watched_s else 0.0


def merge_health(parts: Iterable[Instrument]) -> Instrument:
    """Parts of one load generator's run, one after the other, as one."""
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
        calibration=next((part.calibration for part in found if part.calibration is not None), None),
    )


def side_by_side(parts: Iterable[Instrument]) -> Instrument:
    """Load generators that ran at the same time, as one: what befell any of them, and the CPU of the busiest.

    Idle load generators must not hide one that was saturated: its users' latencies are among the others.
    """
    found = list(parts)
    busiest = max(found, key=lambda part: part.cpu_share, default=Instrument())
    return replace(merge_health(found), watched_s=busiest.watched_s, cpu_s=busiest.cpu_s)
