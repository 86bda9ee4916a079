"""Run: everything that one run saw, as frozen values. Nothing here judges, nothing here does I/O.

Times named `at_s`, `start_s`, `end_s` are seconds since the first user of the load started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.measurements.bounds import Bounds
from readiness.measurements.connections import Connections
from readiness.measurements.database import Activity
from readiness.measurements.generator_health import Instrument
from readiness.measurements.histogram import EMPTY, Histogram
from readiness.measurements.lost_time import LostTime
from readiness.measurements.pace import Pace
from readiness.measurements.probing import Probing
from readiness.measurements.process_activity import ProcessActivity
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.response_facts import ResponseFacts
from readiness.measurements.time_series import Drilled as Drilled
from readiness.measurements.time_series import Second as Second

FAILURE_CLASSES = (
    *("dns", "connect_refused", "connect_timeout", "tls", "timeout", "reset", "truncated", "surplus", "protocol"),
    *("too_large", "http_3xx", "http_4xx", "http_5xx", "rate_limited", "assertion", "not_allowed"),
    *("local_fds", "local_ports", "script"),
)
"""Why a request failed. `surplus`: its connection got bytes that belong to no request."""
OWN_FAULTS = frozenset({"local_fds", "local_ports", "script", "not_allowed"})
"""Of this machine or of the scenario: no request of the target's record."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One time block of the measurement window: the requests of one scope that ended in it."""

    start_s: float
    duration_s: float
    ok: Histogram
    failed: int


@dataclass(frozen=True, slots=True)
class Recording:
    """The requests of one scope in one phase. `requests` = ok + failed + in flight."""

    ok: Histogram = EMPTY
    failed: Mapping[str, int] = field(default_factory=dict)
    """Requests that failed, by class of FAILURE_CLASSES."""
    failed_latency: Histogram = EMPTY
    in_flight: int = 0
    """Requests still running when the load ended; each counts as failed and as slower than any other."""
    slices: tuple[Slice, ...] = ()
    """Time blocks in order; empty where none were kept (warm-up)."""
    service: Histogram = EMPTY
    """Of an open load: successes from when they were really sent, where `ok` is from when they were due."""

    @property
    def failures(self) -> int:
        """Requests that ended badly, without those in flight."""
        return sum(self.failed.values())

    @property
    def requests(self) -> int:
        """Every request that was started."""
        return self.ok.total + self.failures + self.in_flight


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One named request of one scenario."""

    scenario: str
    name: str
    judged: Recording
    warm_up: Recording
    first_byte: Recording | None = None
    """`judged`, with the time to the first byte of each success; None where that was not measured."""
    first_event: Recording | None = None
    """Those of `judged` that were streams, with the time to the first event; one without an event is an assertion."""
    longest_gap: Recording | None = None
    """Those of `judged` that were streams, with the longest time between two events; one event has no gap."""


@dataclass(frozen=True, slots=True)
class FailureDetail:
    """What came with the failed requests of one endpoint in the whole load: a status, an error's text."""

    endpoint: str
    failure: str
    """Of FAILURE_CLASSES."""
    detail: str
    """`HTTP 404`, `Connection refused`; one line."""
    requests: int
    """At least so many: only the most frequent details are kept."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where every planned request went: planned = ok + failed + in_flight + dropped, always."""

    planned: int
    ok: int
    failed: Mapping[str, int]
    in_flight: int
    dropped: int
    """Arrivals of an open load that were never sent; 0 in a closed load."""

    @property
    def balanced(self) -> bool:
        """Whether the identity holds."""
        return self.planned == self.ok + sum(self.failed.values()) + self.in_flight + self.dropped


@dataclass(frozen=True, slots=True)
class Stall:
    """A gap in which requests were running and none ended: of the whole service, or of one endpoint."""

    start_s: float
    end_s: float
    in_flight: int
    """Requests running when the gap ended."""
    users: int
    """Users of the whole load, or of the endpoint's scenario."""
    scopes: tuple[str, ...]
    """Scenario and endpoint names of the requests that waited in it."""
    answered: bool = True
    """Whether an answer of any status ended the gap; otherwise the requests broke off or still waited at the end."""
    endpoint: bool = False
    """Whether only the endpoint in `scopes` stood still, while others may have answered."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `total` events; `blocks` are the same counts by time block, where they were kept.

    Without blocks the events count as independent.
    """

    hits: int
    total: int
    blocks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class StepEndpoint:
    """One named request of one scenario in one step."""

    scenario: str
    name: str
    record: Recording


@dataclass(frozen=True, slots=True)
class Step:
    """One height at which the load was held."""

    height: float
    """Users of a closed load, arrivals per second of an open one."""
    start_s: float
    end_s: float
    planned_s: float
    judged: bool
    """Whether it is the measurement window; its endpoints are then those of the load."""
    endpoints: tuple[StepEndpoint, ...] = ()
    intended: int = 0
    """Arrivals that were due in it (open load)."""
    dropped: int = 0
    """Those of them that were never sent."""
    instrument: Instrument | None = None
    """The load generator in it; of the judged step it is the load's own."""
    unanswered: int = 0
    """Those of the dropped ones that were not sent because every user waited for an answer."""


DECIDED = "decided"
"""The `ending` of a load that stopped because all of its checks were decided."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the load generator saw."""

    model: str
    """`closed` (users) or `open` (arrival rate)."""
    users: int
    """Users of a closed load at full height; those that an open one begins with, for it makes more where needed."""
    rate_per_s: float | None
    """Planned arrivals per second of an open load."""
    judged_start_s: float
    judged_end_s: float
    """The measurement window; equal when the load ended before the window began."""
    planned_s: float
    """Length of the measurement window as planned."""
    ledger: Ledger
    endpoints: tuple[Endpoint, ...]
    series: tuple[Second, ...]
    looked: bool = False
    """Whether the load could end at any checkpoint: bounds must then hold for all of them."""
    ending: str = ""
    """Why it ended before its time: `decided`, or the rule that aborted it; empty when it ran as planned."""
    dropped_judged: int = 0
    """Arrivals of the measurement window that were never sent: no user was free, or the load ended first."""
    intended_judged: int = 0
    """Arrivals that were due in the measurement window of an open load."""
    unanswered_judged: int = 0
    """Of dropped_judged, those that were not sent because every user waited for an answer: the service's doing."""
    steps: tuple[Step, ...] = ()
    """Every step of a load that has several, in order."""
    paces: tuple[Pace, ...] = ()
    """Of each scenario of a closed load, how its users took turns."""
    idle_scenarios: tuple[str, ...] = ()
    """Planned scenarios that started no request."""
    stalls: tuple[Stall, ...] = ()
    header_rate: Rate | None = None
    """Judged responses that carried the watched cache header: hits of lookups."""
    failure_details: tuple[FailureDetail, ...] = ()
    """The most frequent first."""
    script_errors: tuple[str, ...] = ()
    """Exceptions that scenario code raised, distinct, capped; each with its count in the text."""
    instrument: Instrument | None = None
    """How the load generator itself fared; None when it was not watched."""
    connections: Connections | None = None
    """What became of its connections; None when that was not recorded."""
    seen: tuple[ResponseFacts, ...] = ()
    """What the judged answers said beside their latency, by endpoint, where that was watched."""
    moving: bool = False
    """Whether the plan changes the number of users within the measurement window; `users` is then the most."""
    examined: int | None = None
    """The good answers that were examined, of all endpoints in `seen`; None in runs before 0.2.0."""
    unanswered: LostTime | None = None
    """Of a closed load; None where the load generator was lost, and in runs before 0.2.0."""

    @property
    def judged_s(self) -> float:
        """Length of the measurement window as it happened."""
        return max(self.judged_end_s - self.judged_start_s, 0.0)


@dataclass(frozen=True, slots=True)
class Detail:
    """One line below a measurement: a header and its value, a count, a foreign key."""

    subject: str
    observed: str
    ok: bool | None  # None where the line is only information
    note: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """One source for a measurement's value, independent of the others; the first one gave the value."""

    source: str
    """Such as `response header X-Cache`."""
    value: float | None
    """In the metric's unit; None when it had nothing to say, and `note` says why."""
    relation: str = "equal"
    """How the measured value must lie beside this one: `equal`, `at_least` or `at_most`; within `tolerance`."""
    tolerance: float = 0.0
    note: str = ""
    agrees: bool | None = None
    """Set when the run is judged; None where there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric's value in this run, or the reason why there is none."""

    metric: str
    scope: str | None
    value: float | None
    """In the metric's unit (catalogue); None when it could not be measured or is not bounded."""
    source: str  # who says so: `load`, `probe health`, `database`
    samples: int | None = None
    reason: str | None = None
    """Why `value` is None; None when there is a value, or when it is not bounded (too many of `evidence` failed)."""
    evidence: Rate | Recording | Bounds | None = None
    """What an interval is computed from. Counts and headers are exact and have none."""
    details: tuple[Detail, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    """Who said what, where more than one source was asked; the first is the one that gave the value."""
    estimated: bool = False
    """Whether the value is an estimate: it may stand in a report, and never decides a blocking check."""


@dataclass(frozen=True, slots=True)
class Run:
    """The facts of one run; the content of run.json."""

    id: str
    service: str
    started_at: str
    """UTC, ISO 8601 with zone."""
    ended_at: str
    target: Target
    provenance: Provenance
    plan: Mapping[str, str | int | float | None]
    """The plan as run, flat, in words and units of thresholds.yaml."""
    plan_hash: str
    load: Load | None
    """None when no load was sent; `doubts` says why."""
    measurements: tuple[Measurement, ...]
    """Probes and database; load metrics are computed from `load`, which is their evidence."""
    doubts: tuple[str, ...] = ()
    """Reasons not to trust the run as a whole; any of them keeps the decision from READY and CONDITIONAL."""
    interrupted: str | None = None
    """The signal that ended the run early, such as `SIGINT`."""
    notes: tuple[str, ...] = ()
    """Facts worth a reader's eye that change nothing."""
    probing: Probing | None = None
    """What the probes cost the service while the load ran; None when no probe ran."""
    database: Activity | None = None
    """What the database did while the load ran; None when it was not sampled."""
    process: ProcessActivity | None = None
    """What the service's own processes did while the load ran; None when nobody searched for them."""
    database_process: ProcessActivity | None = None
    """What the processes of the database server did while the load ran; None when nobody searched for them."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """By metric of the database or by PromQL, or by drill (`drill.@name`): a digest of what thresholds.yaml said that
    it is; old runs have none."""
    drills: tuple[Drilled, ...] = ()
    """What was broken on purpose after the load, in order; what it showed is in `measurements`."""
