"""EnginePlan: what the parent tells the engine child on its standard input, as one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from readiness.config.tls import NONE, Tls
from readiness.load.phases import COURSE, Phase, PhaseWindow, step, total_s, windows
from readiness.load.watch_plan import WatchPlan

DRAIN_S = 5.0
"""How long requests in flight may still finish after the measurement window; what is left then is `in_flight`."""


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
    """As the user wrote it, with the slashes at its end."""
    addresses: tuple[str, ...]
    """Resolved addresses of the target; connections go nowhere else (but to `allowed_addresses`)."""
    allowed_addresses: tuple[str, ...]
    scenarios: tuple[ScenarioFile, ...]
    users: int
    """Users of the judged step of a closed load; free users of an open one."""
    rate_per_s: float | None
    """Arrivals per second of the judged step of an open load; None in a closed one."""
    ramp_up_s: float
    warm_up_s: float
    duration_s: float
    timeout_s: float
    seed: int = 1
    watch: WatchPlan = field(default_factory=WatchPlan)
    drain_s: float = DRAIN_S
    poisson: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    phases: tuple[Phase, ...] = ()
    """The course of the load; empty: one step of `users` or `rate_per_s`."""
    until_decided: bool = False
    """Whether the parent may end the measurement window before its time."""
    judged_step: int = 0
    shard: int = 0
    """Which of the `shards` equal parts of users, arrivals and accounts this engine takes; all figures here are of the
    whole load."""
    shards: int = 1
    tls: Tls = NONE
    """How the target is trusted, and what it is shown."""
    shape: str = ""
    """Which LoadTestShape the phases come from."""
    options: tuple[str, ...] = ()
    """Words of the command line for Locust's own parser: options that a file declares, and tags."""
    reserve: float = 0.0
    """Share (0 to 1) of the users of an open load that are taken only while none of the others is free."""
    samples: bool = False
    """Whether a row of each request is sent."""
    trace_share: float | None = None
    """Share (0 to 1) of the requests that are sent with a `traceparent`; None: none is."""
    calibration_s: float = 0.0
    """How long the engine tries itself out before the load; 0: not at all."""

    @property
    def course(self) -> tuple[Phase, ...]:
        """The phases, whether or not they were given."""
        height = float(self.users) if self.rate_per_s is None else self.rate_per_s
        return self.phases or step(0, height, self.ramp_up_s, self.warm_up_s, self.duration_s)

    @property
    def moving(self) -> bool:
        """Whether the number of users changes within the measurement window, as planned."""
        return any(phase.kind == COURSE for phase in self.course)

    @property
    def windows(self) -> tuple[PhaseWindow, ...]:
        """The hold of each step."""
        return windows(self.course)

    @property
    def judged(self) -> PhaseWindow:
        """The hold that is judged."""
        return next(window for window in self.windows if window.step == self.judged_step)

    @property
    def judged_start_s(self) -> float:
        """Seconds from the first user to the measurement window."""
        return self.judged.start_s

    @property
    def judged_end_s(self) -> float:
        """Seconds from the first user to the end of the measurement window."""
        return self.judged.end_s

    @property
    def total_s(self) -> float:
        """Seconds from the first user to the end of the last step."""
        return total_s(self.course)


def dumps(plan: EnginePlan) -> str:
    """The plan as one line."""
    return json.dumps(asdict(plan), allow_nan=False) + "\n"


def loads(line: str) -> EnginePlan:
    """The plan of one line; raises ValueError or TypeError when it is not one."""
    try:
        fields = json.loads(line)
        fields["scenarios"] = tuple(ScenarioFile(**scenario) for scenario in fields["scenarios"])
        fields["phases"] = tuple(Phase(**phase | {"classes": tuple(phase["classes"])}) for phase in fields["phases"])
        for name in ("addresses", "allowed_addresses", "options"):
            fields[name] = tuple(fields[name])
        fields["tls"] = Tls(**fields["tls"])
        lists = {name: tuple(fields["watch"][name]) for name in ("hits", "moments")}
        fields["watch"] = WatchPlan(**fields["watch"] | lists)
        return EnginePlan(**fields)
    except (KeyError, RecursionError) as error:
        raise ValueError(f"not a plan of the load: {error!r}") from None
