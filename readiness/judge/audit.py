"""Whether a report can be believed: against itself, and against the run that it is said to be of. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from readiness.config import limits
from readiness.judge.check import WARN_CREDIT
from readiness.judge.score import UNMEASURED
from readiness.judge.verdict import CheckResult, Decision, Outcome, Verdict
from readiness.metrics.catalogue import find
from readiness.numbers import duration, moment, utc
from readiness.text import clean

ROUNDING = 0.001
"""Scores are rounded to six digits."""
CLOCKS_S = 60.0
"""How far the clocks of two machines may be apart."""
_KNOWN = {Outcome.PASS: 1.0, Outcome.WARN: WARN_CREDIT, Outcome.FAIL: 0.0}


def contradictions(verdict: Verdict) -> tuple[str, ...]:
    """What in a report cannot be true together; reading it has already refused the plainest of it."""
    return (*_score(verdict), *(line for check in verdict.checks for line in _check(check)), *_counts(verdict))


def deviations(report: Verdict, judged: Verdict) -> tuple[str, ...]:
    """Where a report says something else than the run does, judged anew by the same limits."""
    found = []
    if report.run_id != judged.run_id:
        return (f"the report is of run {clean(report.run_id)}, run.json of {clean(judged.run_id)}",)
    if report.thresholds_sha256 != judged.thresholds_sha256:
        return ("the thresholds are not the file that the report was judged by",)
    for name, said, true in (
        ("decision", report.decision, judged.decision),
        ("score", report.score, judged.score),
        ("ledger", report.ledger, judged.ledger),
        ("waivers", report.waivers, judged.waivers),
        ("attested items", report.attested, judged.attested),
    ):
        if said != true:
            found.append(f"the {name} of the report is not that of the run: {_shown(said)}, but {_shown(true)}")
    if [check.key for check in report.checks] != [check.key for check in judged.checks]:
        return (*found, "the checks of the report are not those of the thresholds")
    for one, other in zip(report.checks, judged.checks, strict=True):
        for field in ("outcome", "value", "low", "high", "pass_limit", "warn_limit", "weight", "on_fail", "waived"):
            said, true = getattr(one, field), getattr(other, field)
            if said != true:
                found.append(
                    f"{clean(one.key)}: its {field} is {_shown(said)} in the report, {_shown(true)} by the run"
                )
    return tuple(found)


def stale(verdict: Verdict, now: datetime, max_age_s: float) -> str | None:
    """Why the report is not of a run that ended in the last `max_age_s`; None when it is."""
    ended = moment(verdict.ended_at)
    if ended is None:
        return "the report does not say when its run ended"
    age_s = (now - ended).total_seconds()
    if age_s < -CLOCKS_S:
        return f"the run ended in the future ({utc(verdict.ended_at)})"
    if age_s > max_age_s:
        return f"the run ended {duration(age_s)} ago, at most {duration(max_age_s)} may be"
    return None


def of_another_commit(verdict: Verdict, sha: str) -> str | None:
    """Why the report is not of `sha`; None when it is. A short one matches the beginning of a long one."""
    commit = verdict.provenance.commit
    if not commit:
        return "the report does not say which commit it is of; set READINESS_COMMIT where the run is made"
    short, long = sorted((commit.lower(), sha.lower()), key=len)
    same = len(short) >= 7 and long.startswith(short)
    return None if same else f"the report is of commit {clean(commit, 64)}, not of {clean(sha, 64)}"


def _score(verdict: Verdict) -> Iterator[str]:
    declared = [check for check in verdict.checks if check.outcome is not Outcome.NOT_APPLICABLE]
    weight = sum(check.weight for check in declared)
    if not weight:
        return

    def share(*outcomes: Outcome) -> float:
        return 100 * sum(check.weight for check in declared if check.outcome in outcomes) / weight

    certain = 100 * sum(check.weight * _KNOWN.get(check.outcome, 0.0) for check in declared) / weight
    unsure, missing = share(Outcome.INCONCLUSIVE), share(*UNMEASURED)
    for name, value, low, high in (
        ("score.low", verdict.score.low, certain, certain + unsure),
        ("score.value", verdict.score.value, certain, certain + unsure),
        ("score.high", verdict.score.high, certain + missing, certain + missing + unsure),
        ("score.coverage", 100 * verdict.score.coverage, 100 - missing, 100 - missing),
    ):
        if not low - ROUNDING <= value <= high + ROUNDING:
            should = f"{low:.1f}" if low == high else f"between {low:.1f} and {high:.1f}"
            yield f"{name} is {value:.1f}, but by its checks it is {should}"
    if verdict.decision is Decision.READY and not verdict.checks:
        yield "the decision is READY without any check"


def _check(check: CheckResult) -> Iterator[str]:
    """A check that passed (or warned) has a value, and the value meets the limit."""
    wanted = {Outcome.PASS: check.pass_limit, Outcome.WARN: check.warn_limit}.get(check.outcome)
    if check.outcome not in (Outcome.PASS, Outcome.WARN):
        return
    if check.value is None or wanted is None:
        absent = "value" if check.value is None else "warn limit"
        yield f'{clean(check.key)}: it is "{check.outcome}", but has no {absent}'
        return
    metric = find(check.name)
    try:
        limit = limits.parse(wanted, metric) if metric else None
    except ValueError:
        yield f"{clean(check.key)}: its limit {clean(wanted)} cannot be read"
        return
    if limit and not limit.holds(check.value):
        yield f'{clean(check.key)}: it is "{check.outcome}", but {check.value:g} does not meet {clean(wanted)}'


def _counts(verdict: Verdict) -> Iterator[str]:
    keys = [check.key for check in verdict.checks]
    if len(set(keys)) != len(keys):
        yield "a check stands in it twice"
    if verdict.decision in (Decision.READY, Decision.CONDITIONAL) and verdict.ledger and not verdict.ledger.planned:
        yield f"the decision is {verdict.decision} without a request"


def _shown(value: object) -> str:
    return "none" if value is None else clean(str(value), 200)
