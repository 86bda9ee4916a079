"""What the engine lends to the users that run in it, as the attribute `readiness` of Locust's environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from readiness.load.plan import EnginePlan
from readiness.load.recorder import Recorder
from readiness.load.writes import WriteLog


@dataclass(frozen=True, slots=True)
class EngineContext:
    """One per engine process."""

    plan: EnginePlan
    recorder: Recorder
    writes: WriteLog
    accounts: count[int] = field(default_factory=count)
    """Gives every user of the run a number of its own."""
