"""What a reader must know of the circumstances of a run, as notes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from ipaddress import ip_address

from readiness.measurements.provenance import Target

CLOCK_STEP_S = 2.0
"""The clock and the time that passed may differ by less than this: clocks are trimmed."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time of day and the time that passes, when the run began."""

    wall_s: float = field(default_factory=time.time)
    monotonic_s: float = field(default_factory=time.monotonic)

    def step(self, wall_s: float, monotonic_s: float) -> tuple[str, ...]:
        """Says that somebody set the clock since: durations do not depend on it, the times of day do."""
        step_s = (wall_s - self.wall_s) - (monotonic_s - self.monotonic_s)
        if abs(step_s) < CLOCK_STEP_S:
            return ()
        way = "forward" if step_s > 0 else "back"
        return (f"The machine's clock was set {way} by {abs(step_s):,.0f} s in the run; durations are not affected.",)


def notes(clocks: Clocks, target: Target) -> tuple[str, ...]:
    """A step of the clock, and a target on the machine that loads it."""
    return clocks.step(time.time(), time.monotonic()) + one_machine(target)


def one_machine(target: Target) -> tuple[str, ...]:
    """Says that the target shares its cores with the load generator."""
    if not target.addresses or not all(ip_address(one.partition("%")[0]).is_loopback for one in target.addresses):
        return ()
    return ("The target runs on the machine that sends the load: both share its cores.",)
