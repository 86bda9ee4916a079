"""What became of the users' time in the measurement window: requests of a closed load that nobody ever answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HALF = 0.5
"""The part of the measurement window from which on a request that began before it took a user away."""


@dataclass(frozen=True, slots=True)
class LostTime:
    """Requests that ended without a complete answer, or never, as far as they lie in the measurement window."""

    requests: int = 0
    time_s: float = 0.0
    """Their time in the window, added up."""
    from_before: int = 0
    """Of these, those that began before the window and took at least half of it: no check counts them."""


def sum_lost_time(parts: Iterable[LostTime]) -> LostTime:
    """Of several load generators as one."""
    known = list(parts)
    return LostTime(
        sum(part.requests for part in known),
        sum(part.time_s for part in known),
        sum(part.from_before for part in known),
    )
