"""Evidence that comes from two runs at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Ends of a value that were found by comparing two runs; None for an end that does not exist."""

    low: float | None
    high: float | None
