"""One run of many, as its report and the line of `history.jsonl` tell it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from readiness.judge.outcome import Decision
from readiness.judge.verdict import Verdict
from readiness.text import clean

_LEAST_REQUESTS = 20
"""With fewer a P95 is the slowest request."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """What is known of a run; text is cleaned."""

    run_id: str
    at: str
    """When it ended, ISO 8601."""
    target: str = ""
    commit: str | None = None
    plan_hash: str = ""
    """Runs with the same one sent the same load; empty is not known."""
    decision: Decision | None = None
    """None for a file that cannot be believed."""
    score: float | None = None
    p95_ms: float | None = None
    """Failed requests count as slower than any other; None is not bounded, or not known."""
    requests: int | None = None
    """Of the measurement window."""
    failed: int | None = None
    """Those that did not succeed."""
    folder: str | None = None
    """Name of the folder that holds its report, below the folder of the history."""
    problem: str = ""
    """Why its file is not believed."""

    @property
    def error_rate(self) -> float | None:
        """Share of failed requests; None without requests."""
        return self.failed / self.requests if self.requests and self.failed is not None else None

    @property
    def measured(self) -> bool:
        """Whether it sent enough to stand in a trend."""
        return self.decision is not None and (self.requests or 0) >= _LEAST_REQUESTS


def of_verdict(verdict: Verdict, *, plan_hash: str, folder: str | None) -> PastRun:
    """The run of a report."""
    judged, found = verdict.judged, verdict.key_numbers
    return PastRun(
        run_id=clean(verdict.run_id, 100),
        at=clean(verdict.ended_at, 40),
        target=clean(verdict.target.name, 200),
        commit=clean(verdict.provenance.commit, 40) if verdict.provenance.commit else None,
        plan_hash=clean(plan_hash, 64),
        decision=verdict.decision,
        score=verdict.score.value,
        p95_ms=found.p95_ms if found else None,
        requests=judged.planned if judged else None,
        failed=judged.planned - judged.ok if judged else None,
        folder=folder,
    )


def of_line(facts: Mapping[str, object]) -> PastRun | None:
    """The run of a line of history.jsonl; None for a line that no run wrote."""
    run_id, at, commit = facts.get("run_id"), facts.get("at"), facts.get("commit")
    decision = next((one for one in Decision if one.value == facts.get("decision")), None)
    if not isinstance(run_id, str) or not isinstance(at, str) or decision is None:
        return None
    return PastRun(
        run_id=clean(run_id, 100),
        at=clean(at, 40),
        target=clean(facts.get("target", ""), 200),
        commit=clean(commit, 40) if isinstance(commit, str) and commit else None,
        plan_hash=clean(facts.get("plan_hash", ""), 64),
        decision=decision,
        score=_number(facts.get("score")),
        p95_ms=_number(facts.get("p95_ms")),
        requests=_count(facts.get("requests")),
        failed=_count(facts.get("failed")),
    )


def together(lines: Sequence[PastRun], reports: Sequence[PastRun]) -> tuple[PastRun, ...]:
    """Each run once, oldest first: its report counts, and of what has none any more, its line."""
    by_id = {run.run_id: run for run in lines}
    for run in reports:
        before = by_id.get(run.run_id, run)
        plan_hash, target = run.plan_hash or before.plan_hash, run.target or before.target
        by_id[run.run_id] = replace(run, plan_hash=plan_hash, target=target)
    return tuple(sorted(by_id.values(), key=lambda run: (run.at, run.run_id)))


def _number(value: object) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15 and math.isfinite(value)
    return float(value) if good and isinstance(value, int | float) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15 else None
