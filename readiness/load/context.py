"""What the engine lends to the users that run in it, as the attribute `readiness` of Locust's environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from readiness.load.addresses import Addresses
from readiness.load.engine_plan import EnginePlan
from readiness.load.http.resends import Resends
from readiness.load.recorder import Recorder
from readiness.load.traced_calls import UNTRACED, TracedCalls
from readiness.load.writes import WriteLog


@dataclass(frozen=True, slots=True)
class EngineContext:
    """One per engine process."""

    plan: EnginePlan
    recorder: Recorder
    writes: WriteLog
    addresses: Addresses
    resends: Resends
    traced: TracedCalls = UNTRACED
    accounts: count[int] = field(init=False)
    """Gives every user of the run a number of its own, also among several engines."""

    def __post_init__(self) -> None:
        """Each engine counts its own residue class."""
        object.__setattr__(self, "accounts", count(self.plan.shard, self.plan.shards))
