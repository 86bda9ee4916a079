"""Page: every string of a report, cleaned and formatted once. Templates only place them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.judge.verdict import Verdict
from readiness.report.status import DECISIONS, Status
from readiness.report.view import (
    anchors,
    drills,
    facts,
    findings,
    key_numbers,
    outlook,
    problems,
    release,
    traces,
    words,
)
from readiness.report.view import checks as checking
from readiness.report.view import endpoints as traffic
from readiness.report.view import lead as leading
from readiness.text import clean

_LONGEST = 1000
_MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class RiskLevel:
    """One level of risk and its sentences."""

    word: str
    tone: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One report."""

    title: str
    service: str
    decision: Status
    meaning: str
    """What the decision asks of the reader."""
    tested: str
    reason: str
    exit_code: str
    score: str
    score_range: str
    coverage: str
    score_points: tuple[float, float, float] | None
    """Low, value, high, 0 to 100, for the score's bar; None when nothing was measured."""
    tally: str
    confidence: str
    """How sure the decision is; "" where nobody computed it."""
    lead: tuple[str, ...]
    """Why, in at most two short sentences."""
    key_numbers: tuple[key_numbers.KeyNumber, ...]
    first_steps: tuple[leading.First, ...]
    causes: tuple[str, ...]
    """Why requests were slow and what failed checks counted, for the first screen; empty where nothing says so."""
    problems: tuple[problems.ReportedProblem, ...]
    areas: tuple[checking.Area, ...]
    anchors: Mapping[str, str]
    """Of each check, by its key."""
    executive: str
    conditions: tuple[str, ...]
    worst: tuple[checking.Worst, ...]
    summary: tuple[facts.Fact, ...]
    checks: tuple[checking.CheckRow, ...]
    unmeasured: tuple[findings.Unmeasured, ...]
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    stalls: tuple[str, ...]
    load: str
    ledger: tuple[traffic.LedgerRow, ...]
    latencies: tuple[str, ...]
    endpoints: tuple[traffic.EndpointRow, ...]
    slowest: tuple[traffic.EndpointRow, ...]
    """The same, those with failures and the longest P99 first."""
    endpoints_hidden: int
    moments: tuple[traffic.MomentRow, ...]
    failed_latencies: tuple[str, ...]
    failures: tuple[traffic.FailureRow, ...]
    why_failed: tuple[str, ...]
    """Failed requests by endpoint, a sentence each."""
    failed_outside: tuple[str, ...]
    """Those outside the measurement window, which no check has judged."""
    probes: tuple[findings.MeasuredFinding, ...]
    database: tuple[findings.MeasuredFinding, ...]
    infrastructure: tuple[facts.Fact, ...]
    drills: drills.DrillsView | None
    traces: traces.TracesView | None
    outlook: outlook.OutlookView
    release: release.ReleaseView
    risks: tuple[RiskLevel, ...]
    next_steps: tuple[str, ...]
    conclusion: str
    run_id: str
    commit: str
    thresholds_sha256: str
    minor: int
    """How many checks the minor problems are about."""
    provenance: tuple[facts.Fact, ...]


def build(verdict: Verdict) -> Page:
    """The page of a verdict."""
    rows = tuple(checking.row(check) for check in verdict.checks)
    wrong = problems.problems(verdict)
    decision = DECISIONS[verdict.decision]
    service = clean(verdict.service)
    score = words.score(verdict)
    shown = traffic.rows(verdict.endpoints)
    probes, database = findings.split(verdict.measurements)
    points = verdict.score
    return Page(
        title=f"{decision.word} · score {score} · {service}",
        service=service,
        decision=decision,
        meaning=words.meaning(verdict),
        tested=words.tested(verdict),
        reason=clean(verdict.reason, _LONGEST),
        exit_code=str(int(verdict.exit_code)),
        score=score,
        score_range=words.score_range(verdict),
        coverage=words.coverage(verdict),
        score_points=(points.low, points.value, points.high) if points.coverage > 0 else None,
        tally=words.tally(verdict),
        confidence=words.confidence(verdict),
        lead=leading.lead(verdict),
        key_numbers=key_numbers.key_numbers(verdict),
        first_steps=leading.first_steps(verdict),
        causes=leading.causes(verdict),
        problems=wrong,
        areas=checking.areas(verdict),
        anchors=anchors.anchors(row.key for row in rows),
        executive=words.executive(verdict),
        conditions=_lines(verdict.conditions),
        worst=checking.worst(verdict.checks),
        summary=facts.short(verdict),
        checks=rows,
        unmeasured=findings.unmeasured(verdict),
        doubts=_lines(verdict.doubts),
        notes=_lines(verdict.notes),
        stalls=_lines(verdict.stalls),
        load=words.load(verdict),
        ledger=traffic.ledger(verdict),
        latencies=traffic.LATENCIES,
        endpoints=shown,
        slowest=traffic.rows(traffic.worst_first(verdict.endpoints)[: traffic.MOST_ENDPOINT_ROWS]),
        endpoints_hidden=len(verdict.endpoints) - len(shown),
        moments=traffic.moment_rows(verdict.endpoints),
        failed_latencies=traffic.FAILED_LATENCIES,
        failures=traffic.failures(verdict.endpoints),
        why_failed=_lines(tuple(one.text for one in verdict.failed_requests)),
        failed_outside=words.failed_outside(verdict),
        probes=probes,
        database=database,
        infrastructure=facts.infrastructure(verdict),
        drills=drills.build(verdict),
        traces=traces.build(verdict),
        outlook=outlook.build(verdict),
        release=release.build(verdict),
        risks=(
            RiskLevel("High", "bad", _lines(verdict.risks.high)),
            RiskLevel("Medium", "fair", _lines(verdict.risks.medium)),
            RiskLevel("Low", "good", _lines(verdict.risks.low)),
        ),
        next_steps=_lines(verdict.next_steps),
        conclusion=words.conclusion(verdict),
        run_id=clean(verdict.run_id),
        commit=clean(verdict.provenance.commit) if verdict.provenance.commit else "unknown",
        thresholds_sha256=clean(verdict.thresholds_sha256)[:16] or "not recorded",
        minor=sum(len(problem.checks) for problem in wrong if problem.minor),
        provenance=facts.full(verdict),
    )


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    shown = tuple(clean(text, _LONGEST) for text in texts[:_MOST_LINES])
    hidden = len(texts) - len(shown)
    return (*shown, f"and {hidden:,} more, listed in report.json") if hidden > 0 else shown
