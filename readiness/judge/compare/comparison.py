"""Comparison: every difference between two runs, and the one word about all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from readiness.errors import ExitCode
from readiness.judge.change import Change


class ComparisonFinding(StrEnum):
    """What a difference says."""

    REGRESSION = "regression"
    IMPROVEMENT = "improvement"
    NO_EVIDENCE = "no evidence"
    TOO_LITTLE = "too little data"


class ComparisonOutcome(StrEnum):
    """What the whole comparison says."""

    REGRESSION = "REGRESSION"
    NO_REGRESSION = "NO REGRESSION"
    TOO_LITTLE = "TOO LITTLE DATA"
    NOT_COMPARABLE = "NOT COMPARABLE"


_EXIT_OF: Mapping[ComparisonOutcome, ExitCode] = {
    ComparisonOutcome.NO_REGRESSION: ExitCode.READY,
    ComparisonOutcome.REGRESSION: ExitCode.NOT_READY,
    ComparisonOutcome.TOO_LITTLE: ExitCode.INCONCLUSIVE,
    ComparisonOutcome.NOT_COMPARABLE: ExitCode.INCONCLUSIVE,
}
"""0 means positive evidence here too: everything that must be seen was seen, and nothing got worse."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric in one scope, in both runs. `base` and `head` are in `unit`."""

    metric: str
    scope: str | None
    """An endpoint; None is the whole service."""
    title: str
    unit: str
    base: float | None
    head: float | None
    base_samples: int | None
    head_samples: int | None
    change: Change
    finding: ComparisonFinding
    message: str
    """One sentence that says why."""
    excluded: float | None = None
    """The smallest worsening, in the unit of `change`, that this metric alone excludes."""
    longer: float | None = None
    """Times as long as both runs that would do, at least; None where nothing is missing or it cannot be told."""

    @property
    def key(self) -> str:
        """As a check would be written: `latency.p95@GET /api/bags/{qr}`."""
        return self.metric if self.scope is None else f"{self.metric}@{self.scope}"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs, enough to find it again."""

    file: str
    run_id: str
    service: str
    started_at: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The frozen answer that every renderer shows."""

    base: Side
    head: Side
    outcome: ComparisonOutcome
    reason: str
    differences: tuple[Difference, ...]
    """Worst first: regressions, too little data, improvements, no evidence."""
    obstacles: tuple[str, ...]
    """Why the two are not comparable; empty when they are."""
    cautions: tuple[str, ...]
    """What else is not the same in both, so that a difference may come from it."""
    loosened: tuple[str, ...]
    """Limits that are wider in head than in base."""
    notes: tuple[str, ...]
    worse_by: float
    """Share (0 to 1) of the base's value by which a metric must be proven worse, or better, to count."""
    confidence: float
    """That none of the differences is called worse or better wrongly, all of them together."""
    each_confidence: float
    """Of each single interval (two-sided), after Holm's correction for their number."""

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        return _EXIT_OF[self.outcome]

    def found(self, finding: ComparisonFinding) -> tuple[Difference, ...]:
        """The differences of one kind."""
        return tuple(one for one in self.differences if one.finding is finding)
