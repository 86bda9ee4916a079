"""Verdict: every check's outcome, the score, the decision and why. The content of report.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.config.model import DecisionRule
from readiness.errors import ExitCode
from readiness.judge.failed_requests import FailedRequests, FailedShare
from readiness.judge.infrastructure import Observed
from readiness.judge.key_numbers import KeyNumbers
from readiness.judge.outcome import Decision as Decision
from readiness.judge.outcome import Outcome as Outcome
from readiness.judge.outlook import Diagnosis, Outlook, RootCause
from readiness.judge.release import Release
from readiness.judge.robustness import Sensitivity
from readiness.judge.traces import Traces
from readiness.measurements.histogram import Histogram
from readiness.measurements.provenance import Provenance, Target
from readiness.measurements.run import Ledger, Measurement

EXIT_OF: Mapping[Decision, ExitCode] = {
    Decision.READY: ExitCode.READY,
    Decision.CONDITIONAL: ExitCode.CONDITIONAL,
    Decision.NOT_READY: ExitCode.NOT_READY,
    Decision.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}
GOOD = (Decision.READY, Decision.CONDITIONAL)
"""The decisions that need evidence."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One declared check, judged. Numbers are in `unit`; what does not exist is None."""

    name: str
    """The metric, such as `latency.p95`."""
    scope: str | None
    title: str
    outcome: Outcome
    value: float | None
    low: float | None
    high: float | None
    """Bounds of the value at the configured confidence; equal to `value` where it is exact."""
    unit: str
    samples: int | None
    pass_limit: str
    warn_limit: str | None
    weight: float
    on_fail: str
    message: str
    """One sentence: what was measured, against what, and how sure."""
    source: str
    line: int = 0
    waived: bool = False
    """Whether a waiver keeps it from blocking; outcome and score know nothing of it."""
    failures: FailedShare | None = None
    """What failed requests did to a check of the load that did not pass."""

    @property
    def because_failed(self) -> bool:
        """Whether it missed its limit only because requests failed."""
        return self.failures is not None and self.failures.decisive

    @property
    def effect(self) -> str:
        """What it does to the decision: `block`, `condition` or `note`."""
        return "condition" if self.waived and self.on_fail == "block" else self.on_fail

    @property
    def key(self) -> str:
        """As in thresholds.yaml: `latency.p95@bag_lookup`."""
        return self.name if self.scope is None else f"{self.name}@{self.scope}"


@dataclass(frozen=True, slots=True)
class Waived:
    """A check that somebody accepts as it is, for a while."""

    check: str
    """Key of the check."""
    owner: str
    reason: str
    expires: str
    """Last day (UTC), such as `2026-12-31`."""


@dataclass(frozen=True, slots=True)
class Attested:
    """What somebody says was done; nobody measured it, and it earns nothing."""

    title: str
    who: str
    when: str
    expires: str
    """Last day (UTC), such as `2026-12-31`."""
    expired: bool
    """Whether that day was over when the run ended."""


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100 with its range; `coverage` (0 to 1) is the share of the declared weight that was measured."""

    value: float
    low: float
    high: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies of successful requests in ms; None where there were none."""

    min: float | None
    mean: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None


def latency(histogram: Histogram) -> Latency:
    """What a histogram says, in ms."""
    if not histogram.total:
        return Latency(*[None] * 7)
    p50, p90, p95, p99 = (histogram.quantile_ms(q) for q in (0.5, 0.9, 0.95, 0.99))
    return Latency(histogram.min_us / 1000, histogram.mean_ms, p50, p90, p95, p99, histogram.max_us / 1000)


@dataclass(frozen=True, slots=True)
class StepResult:
    """One height of a load with several steps."""

    height: float
    unit: str
    """`users`, or `/s` for arrivals per second."""
    judged: bool
    """Whether the decision is about this one."""
    lasted_s: float
    requests: int
    failures: int
    """Failed, still running at the end, or never sent."""
    throughput_per_s: float | None
    """Successes."""
    latency_ms: Latency
    outcome: Outcome
    """The worst of the load's checks, applied to this step."""
    message: str
    """What that check says; empty when all passed."""


@dataclass(frozen=True, slots=True)
class DrillResult:
    """One drill, in words."""

    name: str
    what: str
    """What happened to whom, and for how long: `database hung for 10 s`."""
    showed: str
    """`18 % of requests failed, the slowest answer took 3 s, service back 1.2 s after`, or why it proves nothing."""
    fixes: tuple[str, ...] = ()
    """One for each thing that a failed check of it asks for."""


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """One endpoint's judged requests, successes and failures apart."""

    scenario: str
    name: str
    requests: int
    failures: int
    """Failed or still running at the end."""
    failed: Mapping[str, int]
    in_flight: int
    warm_up_requests: int
    latency_ms: Latency
    failed_latency_ms: Latency
    service_ms: Latency | None = None
    """Of an open load: from when requests were really sent; None in a closed one."""
    corrected_ms: Latency | None = None
    """Of a closed load: `latency_ms` corrected for coordinated omission; None in an open one, or without a pace."""
    first_byte_ms: Latency | None = None
    """When successful answers began to come; None where no check asked for it."""
    first_event_ms: Latency | None = None
    """Of successful streams: when their first event came; None where no check asked for it, or nothing streamed."""
    longest_gap_ms: Latency | None = None
    """Of successful streams: the longest time between two events; None as `first_event_ms`."""
    why: str = ""
    """Why requests failed, in words: `12 × HTTP 503, 3 × connection refused`."""


@dataclass(frozen=True, slots=True)
class Risks:
    """Sentences by level, by rule from the outcomes."""

    low: tuple[str, ...] = ()
    medium: tuple[str, ...] = ()
    high: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The frozen answer that every renderer shows; renderers decide nothing."""

    run_id: str
    service: str
    decision: Decision
    exit_code: ExitCode
    """What the command ends with for this decision (`--allow-conditional` is applied by the command line)."""
    reason: str
    score: Score
    checks: tuple[CheckResult, ...]
    """In the order of thresholds.yaml, every declared check once."""
    conditions: tuple[str, ...]
    risks: Risks
    next_steps: tuple[str, ...]
    """Most effective first."""
    doubts: tuple[str, ...]
    """Why the run as a whole cannot be trusted; empty when it can."""
    notes: tuple[str, ...]
    ledger: Ledger | None
    judged: Ledger | None
    """The ledger of the measurement window alone."""
    endpoints: tuple[EndpointResult, ...]
    measurements: tuple[Measurement, ...]
    """Probe and database facts, declared as checks or not, without their evidence."""
    target: Target
    provenance: Provenance
    plan: Mapping[str, str | int | float | None]
    started_at: str
    ended_at: str
    thresholds_file: str
    thresholds_sha256: str
    confidence: float | None
    stalls: tuple[str, ...] = field(default=())
    """Each gap without an answer, as a sentence."""
    root_causes: tuple[RootCause, ...] = field(default=())
    """Which endpoints carry the slow requests, and which part of the service their time went into."""
    diagnoses: tuple[Diagnosis, ...] = field(default=())
    """Why requests were slow, what explains most of their time first; empty where none were too slow."""
    failed_requests: tuple[FailedRequests, ...] = field(default=())
    """Which endpoints' requests failed and why, those of the measurement window first."""
    instrument: tuple[str, ...] = field(default=())
    """How the load generator itself fared, a sentence for each figure; empty when it was not watched."""
    waivers: tuple[Waived, ...] = field(default=())
    """In the order of thresholds.yaml; the same checks are marked `waived`."""
    attested: tuple[Attested, ...] = field(default=())
    outlook: Outlook = field(default_factory=Outlook)
    """What it would take to change the answer."""
    release: Release = field(default_factory=Release)
    """What follows for those who must act on it."""
    load_steps: tuple[StepResult, ...] = field(default=())
    """Every height of a load with several steps, in order."""
    sensitivity: Sensitivity = field(default_factory=Sensitivity)
    """How sure the decision is, and the smallest regression that the run would have caught."""
    rule: DecisionRule | None = field(default=None)
    """The bars for the score by which it was decided; None in reports of older versions."""
    infrastructure: tuple[Observed, ...] = field(default=())
    """Facts about the machines, as far as they were seen."""
    inconclusive_cause: str | None = field(default=None)
    """Of `judge.inconclusive.Cause`; None for other decisions, and in reports of older versions."""
    key_numbers: KeyNumbers | None = field(default=None)
    """Of all requests together; None without a load, and in reports of older versions."""
    traces: Traces | None = field(default=None)
    """Slow and failed requests by their trace ids; None without `load.trace`, and in older reports."""
    sent_by_locust: Mapping[str, int] = field(default_factory=dict)
    """Requests that went through Locust's own, slower client, by what the locustfile asked for; see Connections."""
    drills: tuple[DrillResult, ...] = field(default=())
    """What was broken on purpose, in order, and what it showed; empty without `--drills`, and in older reports."""
