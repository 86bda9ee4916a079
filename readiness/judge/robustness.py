"""How robust an answer is; the content of `sensitivity` in report.json."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest worsening that this run would have failed, with 95 % probability."""

    name: str
    scope: str | None
    value: float
    """What the metric would then have been, in `unit`."""
    unit: str
    times: float | None
    """How many times slower than it was; None for rates."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How sure the decision is, and what the run could have seen."""

    same_decision: float | None = None
    """Share (0 to 1) of the resampled runs with the same decision; None where there are too few time blocks."""
    resamples: int = 0
    detectable: tuple[Detectable, ...] = ()
    """By latency and rate check, in the order of thresholds.yaml; without those that no slowdown would have failed."""
