"""Capacity: the answer of a search, and everything that supports it. The content of capacity.json."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from readiness.errors import ExitCode
from readiness.judge.capacity.attempt import Attempt, TrialFinding
from readiness.judge.capacity.search import Range, SearchAnswer, answer, lost_at
from readiness.judge.capacity.sizing import Sizing
from readiness.judge.judge import SIGNAL_EXIT
from readiness.measurements.provenance import Provenance, Target
from readiness.stats.scalability import LEAST_HEIGHTS, Scalability, fit

BEND = 0.9
"""Share of the best throughput per user below which more users mostly wait."""


class CapacityKind(StrEnum):
    """What kind of answer it is."""

    BOUNDED = "bounded"
    """Proven at one height, and not kept at a larger one."""
    AT_LEAST = "at least"
    """Proven at a height; what lies beyond it is not known."""
    BELOW = "below"
    """Even the smallest height is proven to break the limits."""
    UNKNOWN = "unknown"
    """Nothing is proven."""


@dataclass(frozen=True, slots=True)
class CapacityBound:
    """A limit of the file that every height had to keep."""

    check: str
    """Key, such as `latency.p95@login`."""
    title: str
    limit: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much the service can take, as far as it was measured."""

    run_id: str
    service: str
    target: Target
    started_at: str
    """UTC, ISO 8601 with zone."""
    ended_at: str
    provenance: Provenance
    unit: str
    """`users`, or `/s` for arrivals per second."""
    heights: Range
    bounds: tuple[CapacityBound, ...]
    thresholds_file: str
    thresholds_sha256: str
    confidence: float | None
    """One-sided, of the answer; None compares bare values."""
    kind: CapacityKind
    answer: SearchAnswer
    attempts: tuple[Attempt, ...]
    scalability: Scalability | None
    scalability_note: str
    """Why there is no law, or none of its knee; empty when both are there."""
    interrupted: str | None = None
    """The signal that ended the search early."""
    problem: str = ""
    """Why nothing could be sent; empty when it could."""
    notes: tuple[str, ...] = ()
    sizing: Sizing | None = None
    """None in files of older versions."""

    @property
    def exit_code(self) -> ExitCode:
        """As the command ends, when its files were written."""
        if self.interrupted:
            return SIGNAL_EXIT[self.interrupted]
        return {CapacityKind.BELOW: ExitCode.NOT_READY, CapacityKind.UNKNOWN: ExitCode.INCONCLUSIVE}.get(
            self.kind, ExitCode.READY
        )

    @property
    def bend(self) -> Attempt | None:
        """The load from which on less came back, for each user or arrival, than BEND of the best load; None without."""
        words = {attempt.height: attempt for attempt in sound(self.attempts)}
        shares = {height: (one.throughput_per_s or 0.0) / height for height, one in words.items()}
        best = max(shares, key=shares.__getitem__, default=0.0)
        found = None
        for height in sorted((height for height in shares if height > best), reverse=True):
            if shares[height] >= BEND * shares[best]:
                break
            found = words[height]
        return found

    @property
    def peak(self) -> Attempt | None:
        """The attempt with the most successes per second; None when nothing succeeded."""
        having = [attempt for attempt in self.attempts if attempt.throughput_per_s]
        return max(having, key=lambda attempt: attempt.throughput_per_s or 0.0, default=None)


def conclude(attempts: tuple[Attempt, ...], heights: Range) -> tuple[CapacityKind, SearchAnswer]:
    """What the attempts support."""
    found = answer(attempts)
    if found.low is not None:
        broken = found.high_finding in (TrialFinding.BROKEN, TrialFinding.LEANS_BROKEN)
        return (CapacityKind.BOUNDED if broken else CapacityKind.AT_LEAST), found
    below = found.high_finding is TrialFinding.BROKEN and found.high_proof and found.high == heights.least
    return (CapacityKind.BELOW if below else CapacityKind.UNKNOWN), found


def sound(attempts: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Those that say something of the service as it was: without those after a load that it did not recover from."""
    lost = lost_at(attempts)
    return attempts if lost is None else attempts[: lost + 1]


def scalability_of(attempts: tuple[Attempt, ...], unit: str, confidence: float) -> tuple[Scalability | None, str]:
    """(the law through what was measured, why it or its knee is missing)."""
    if unit != "users":
        return None, "The law is about users; this load was of arrivals."
    usable = [
        (attempt.height, attempt.throughput_per_s)
        for attempt in sound(attempts)
        if attempt.throughput_per_s and attempt.finding not in (TrialFinding.GENERATOR, TrialFinding.UNTRUSTED)
    ]
    law = fit(usable, confidence)
    if law is None:
        held = len({height for height, _ in usable})
        return None, f"{LEAST_HEIGHTS} different heights are needed to fit the law, {held} can be used."
    if law.knee is None:
        return law, "The knee of the law is not within what was measured."
    return law, ""
