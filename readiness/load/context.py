"""What the engine lends to the users that run in it, as the attribute `readiness` of Locust's environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from readiness.load.plan import EnginePlan
from readiness.load.recorder import Recorder


@dataclass(frozen=True, slots=True)
class EngineContext:
    """One per engine process."""

    plan: EnginePlan
    recorder: Recorder
    accounts: count[int] = field(default_factory=count)
    """Gives every user of the run a number of its own."""
