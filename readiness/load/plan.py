"""EnginePlan: what the parent tells the engine child on its standard input, as one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from readiness.load.watch_plan import WatchPlan

DRAIN_S = 5.0
"""How long requests in flight may still finish after the judged window; what is left then is `in_flight`."""


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """A Locust file and its share of the load."""

    name: str
    """The file's stem."""
    path: str
    weight: float | None
    """None: the User classes in the file keep their own weights."""


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """Everything the engine needs; it reads no configuration of its own."""

    run_id: str
    base_url: str
    addresses: tuple[str, ...]
    """Resolved addresses of the target; connections go nowhere else (but to `allowed_addresses`)."""
    allowed_addresses: tuple[str, ...]
    scenarios: tuple[ScenarioFile, ...]
    users: int
    rate_per_s: float | None
    ramp_up_s: float
    warm_up_s: float
    duration_s: float
    timeout_s: float
    seed: int = 1
    watch: WatchPlan = field(default_factory=WatchPlan)
    drain_s: float = DRAIN_S
    poisson: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def judged_start_s(self) -> float:
        """Seconds from the first user to the judged window."""
        return self.ramp_up_s + self.warm_up_s

    @property
    def total_s(self) -> float:
        """Seconds from the first user to the end of the judged window."""
        return self.judged_start_s + self.duration_s


def dumps(plan: EnginePlan) -> str:
    """The plan as one line."""
    return json.dumps(asdict(plan), allow_nan=False) + "\n"


def loads(line: str) -> EnginePlan:
    """The plan of one line; raises ValueError or TypeError when it is not one."""
    fields = json.loads(line)
    fields["scenarios"] = tuple(ScenarioFile(**scenario) for scenario in fields["scenarios"])
    for name in ("addresses", "allowed_addresses"):
        fields[name] = tuple(fields[name])
    fields["watch"] = WatchPlan(**fields["watch"] | {"hits": tuple(fields["watch"]["hits"])})
    return EnginePlan(**fields)
