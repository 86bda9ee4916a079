"""The verdict of a run that has not ended: INCONCLUSIVE, so that a killed run never leaves yesterday's green."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.config.model import Check, Config
from readiness.judge.verdict import EXIT_OF, CheckResult, Decision, Outcome, Risks, Score, Verdict
from readiness.measurements.provenance import Provenance, Target
from readiness.metrics.catalogue import find

UNFINISHED = "The run has not ended; if no readiness process is running, it was stopped before it could report."


def placeholder(
    run_id: str,
    service: str,
    reason: str = UNFINISHED,
    *,
    target: Target,
    provenance: Provenance,
    started_at: str,
    config: Config | None = None,
    plan: Mapping[str, str | int | float | None] | None = None,
) -> Verdict:
    """A verdict in which every declared check is not measured, for `reason`."""
    declared = config.checks if config else ()
    return Verdict(
        run_id=run_id,
        service=service,
        decision=Decision.INCONCLUSIVE,
        exit_code=EXIT_OF[Decision.INCONCLUSIVE],
        reason=reason,
        score=Score(value=0.0, low=0.0, high=100.0, coverage=0.0),
        checks=tuple(_unmeasured(check, reason) for check in declared),
        conditions=(),
        risks=Risks(high=("Nothing is known yet: no check was judged.",)),
        next_steps=("Run readiness again and let it finish.",),
        doubts=(reason,),
        notes=(),
        ledger=None,
        judged=None,
        endpoints=(),
        measurements=(),
        target=target,
        provenance=provenance,
        plan=plan or {},
        started_at=started_at,
        ended_at=started_at,
        thresholds_file=config.file if config else "",
        thresholds_sha256=config.sha256 if config else "",
        confidence=config.confidence if config else None,
        rule=config.decision if config else None,
    )


def _unmeasured(check: Check, reason: str) -> CheckResult:
    metric = find(check.metric)
    declined = check.not_applicable
    return CheckResult(
        name=check.metric,
        scope=check.scope,
        title=check.title,
        outcome=Outcome.NOT_APPLICABLE if declined else Outcome.ERROR,
        value=None,
        low=None,
        high=None,
        unit=metric.unit if metric else "",
        samples=None,
        pass_limit=check.pass_limit.text,
        warn_limit=check.warn_limit.text if check.warn_limit else None,
        weight=check.weight,
        on_fail=str(check.on_fail),
        message=declined or reason,
        source="none",
        line=check.line,
    )
