"""Config: what thresholds.yaml says, as frozen values with units resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from readiness.config.drills import Drill
from readiness.config.form import described, items, mapping
from readiness.config.probes import Probes
from readiness.config.proxies import Proxy
from readiness.config.restore import Restore
from readiness.config.scalars import (
    flag_form,
    literal_form,
    number_form,
    share_form,
    text_form,
)
from readiness.config.tls import NONE, Tls
from readiness.config.waivers import Attestation, Waiver
from readiness.measurements.run import Run


class OnFail(StrEnum):
    """What a check that does not pass does to the decision."""

    BLOCK = "block"
    CONDITION = "condition"
    NOTE = "note"


class ArrivalSpacing(StrEnum):
    """How the arrivals of an open load follow each other."""

    CONSTANT = "constant"
    POISSON = "poisson"


class Operator(StrEnum):
    """How a measured value is compared with a limit."""

    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    EQUAL = "=="


@dataclass(frozen=True, slots=True)
class Limit:
    """`operator value`, with the value in the metric's own unit (ms, %, /s or a count)."""

    operator: Operator
    value: float
    text: str
    """As the user wrote it, for messages and reports."""

    def holds(self, value: float) -> bool:
        """Whether a bare value meets the limit."""
        match self.operator:
            case Operator.LESS:
                return value < self.value
            case Operator.AT_MOST:
                return value <= self.value
            case Operator.GREATER:
                return value > self.value
            case Operator.AT_LEAST:
                return value >= self.value
            case Operator.EQUAL:
                return value == self.value


@dataclass(frozen=True, slots=True)
class Check:
    """A threshold of the file: the limits for one metric in one scope."""

    metric: str
    scope: str | None
    """A scenario, or an endpoint such as `GET /api/bags/{qr}`; None is everything."""
    title: str
    pass_limit: Limit
    warn_limit: Limit | None = None
    weight: float = 1.0
    on_fail: OnFail = OnFail.CONDITION
    not_applicable: str | None = None
    """The declared reason why the check does not apply; None when it does."""
    line: int = 0
    """Line of the check in thresholds.yaml."""

    @property
    def key(self) -> str:
        """The check as written: `latency.p95@bag_lookup`."""
        return self.metric if self.scope is None else f"{self.metric}@{self.scope}"


STOP_METRICS = ("http.error_rate", "http.success_rate", "latency.p50", "latency.p95", "latency.p99")
"""What `load.abort_when` can watch: what is known of every second."""


@dataclass(frozen=True, slots=True)
class StopRule:
    """A limit that ends the load early when it was met in every second for a while."""

    metric: str
    """One of STOP_METRICS."""
    limit: Limit
    for_s: float


@dataclass(frozen=True, slots=True)
class LoadSection:
    """How much load, for how long. Exactly one of `users` and `rate_per_s` is set."""

    scenarios: Mapping[str, float] = field(default_factory=dict)
    """Scenario file stem to weight; empty means every User class found, with its own weight."""
    users: int | None = 10
    rate_per_s: float | None = None
    ramp_up_s: float = 0.0
    """Time to reach full load; measured and shown, never judged."""
    warm_up_s: float = 0.0
    """Time at full load after the ramp, before the measurement window; measured and shown, never judged."""
    duration_s: float = 30.0
    """The measurement window."""
    timeout_s: float = 30.0
    """Total time one request may take, from its first byte sent to its last byte received."""
    processes: int = 1
    arrivals: ArrivalSpacing = ArrivalSpacing.CONSTANT
    """How the arrivals of an open load are spaced."""
    seed: int = 1
    """Of the arrivals and of the mix of scenarios in an open load: the same seed, the same schedule."""
    steps: tuple[float, ...] = ()
    """Heights that the load is held at, one after the other; users, or arrivals per second."""
    decide_at: float | None = None
    """The step that is judged."""
    step_duration_s: float | None = None
    """How long each other step is held; None is `duration_s`."""
    until_decided: bool = False
    """Whether the measurement window ends as soon as every load check is decided; `duration_s` is then its most."""
    abort_when: tuple[StopRule, ...] = ()
    """Rules that end a load without hope."""
    trace_share: float | None = None
    """Share (0 to 1) of the requests that are sent with a `traceparent`; None: none is."""
    trace_url: str | None = None
    """Where a trace is shown, with {trace_id} in it."""
    calibration_s: float = 1.0
    """How long the load generator tries itself out before the load; 0 leaves it out."""
    shaped: bool = False
    """A LoadTestShape says it, not the file."""

    @property
    def length(self) -> str:
        """What one changes to load for longer."""
        return "that stage of the shape" if self.shaped else "load.duration"

    @property
    def paced_s(self) -> float:
        """The window that probes pace themselves for: `until_decided` may end it long before `duration_s`."""
        return min(self.duration_s, 30.0) if self.until_decided else self.duration_s


_SCORE = number_form(least=0, most=100)


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """Bars for the score. Rules decide, the score summarises (docs/contract.md §6)."""

    ready_score: Annotated[float, _SCORE] = 90.0
    floor_score: Annotated[float, _SCORE] = 60.0
    min_coverage: Annotated[float, share_form(least=0, most=100)] = 1.0
    """Share (0 to 1) of the declared weight that must have been measured."""


def _column(text: str) -> None:
    if not text.strip() or len(text) > 63:
        raise ValueError("is not a column name: 1 to 63 characters")


_TABLE, _COLUMN = text_form(most=130), text_form(most=63)
_COLUMNS = items(_COLUMN, least=1)


@dataclass(frozen=True, slots=True)
class Count:
    """A named row count: `select count(*) from table where column = value and …`."""

    table: Annotated[str, _TABLE]
    where: Annotated[Mapping[str, str | int | float | bool | None], mapping(literal_form(), key=_column)] = field(
        default_factory=dict
    )
    line: int = 0
    estimate: Annotated[bool, described(flag_form(), "The planner's estimate; never enough to block on.")] = False
    """The planner's number instead of a count: cheap, and never enough for a blocking check."""


@dataclass(frozen=True, slots=True)
class Query:
    """A named SQL statement that yields one row with one number."""

    sql: str
    line: int = 0
    file: str | None = None
    """Where the SQL stands when it is not in thresholds.yaml, as the user wrote it."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """A named equation over counts and queries, measured as left minus right.

    Each side is a sum: (factor, name) pairs and a constant; `parents + children == bags` is
    left ((1, parents), (1, children)), right ((1, bags),).
    """

    text: str
    terms: tuple[tuple[int, str], ...]
    """(factor, name) of left minus right, in order of appearance. A name is a count or a query, `<name>.change` (after
    the load minus before it), or `writes.acknowledged`."""
    constant: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation that the schema does not declare: every row of `table` has its row in `references`."""

    table: Annotated[str, _TABLE]
    columns: Annotated[tuple[str, ...], _COLUMNS]
    references: Annotated[str, _TABLE]
    keys: Annotated[tuple[str, ...], _COLUMNS]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Writes:
    """Where the writes of the load are found again, by the keys that the scenario sent."""

    table: Annotated[str, _TABLE]
    key: Annotated[str, described(_COLUMN, "Column with the idempotency key.")]
    run: Annotated[str | None, described(_COLUMN, "Column with the run's id, where there is one.")] = None
    """Column with the run's id; without it the keys themselves tell the run."""
    scenario: Annotated[str | None, described(text_form(most=100), "The scenario that writes.")] = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Database:
    """What to count. The connection itself is READINESS_DATABASE_URL and never in the file."""

    counts: Mapping[str, Count] = field(default_factory=dict)
    queries: Mapping[str, Query] = field(default_factory=dict)
    invariants: Mapping[str, Invariant] = field(default_factory=dict)
    schemas: tuple[str, ...] = ("public",)
    """Where foreign keys, orphans and indexes are checked."""
    statement_timeout_s: float = 15.0
    relations: Mapping[str, Relation] = field(default_factory=dict)
    writes: Writes | None = None
    schema_lock: str | None = None
    """File with the schema that is expected, as `readiness schema lock` writes it."""
    max_scan_bytes: int = 10 << 30
    """What all scans together may read; a scan beyond it is not made."""
    deep: bool = False
    """Whether B-tree indexes are verified with amcheck."""
    service_role: str | None = None
    """The role with which the service connects, for database.role.…"""
    max_lag_s: float | None = None
    """How far a standby may be behind its primary for its rows to count; None counts them whatever the lag."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """An older run to be no worse than."""

    run: str
    """Path of its run.json, relative to thresholds.yaml."""
    worse_by: float | None = None
    """Share (0 to 1) by which median and P95 may be worse; None leaves it to the checks `baseline.…`."""
    line: int = 0
    facts: Run | None = field(default=None, repr=False)
    """The run itself."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    service: str
    checks: tuple[Check, ...]
    load: LoadSection = field(default_factory=LoadSection)
    decision: DecisionRule = field(default_factory=DecisionRule)
    confidence: float | None = 0.95
    """One-sided confidence of every judgement; None compares bare values."""
    allowed_hosts: tuple[str, ...] = ()
    database: Database = field(default_factory=Database)
    probes: Probes = field(default_factory=Probes)
    baseline: Baseline | None = None
    waivers: tuple[Waiver, ...] = ()
    attested: tuple[Attestation, ...] = ()
    tls: Tls = NONE
    """How the target is trusted, and what we show it."""
    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    """Between the service and what it depends on; they run with `--drills` alone."""
    drills: Mapping[str, Drill] = field(default_factory=dict)
    """What is broken on purpose, in order; only with `--drills`."""
    starter_limits: bool = False
    """Whether nobody chose the limits yet: `readiness init` writes them so."""
    restore: Restore | None = None
    """How a backup is restored; only with `--drills`."""
    file: str = "thresholds.yaml"
    """The file's name as the user gave it."""
    sha256: str = ""
    """Of the file's bytes."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that `${NAME}` brought in from the environment; they must not be shown anywhere."""
