"""Evidence that is an interval: of two runs at once, or of a process that was read from outside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Ends of a value that were found together with it; None for an end that does not exist."""

    low: float | None
    high: float | None
