"""Latency checks that missed their limit while other processes of the machine had the service's cores. Pure.

What the service waited for is then the machine's doing, as with a saturated load generator (decisions 9 and 52).
Waiting only ever adds to a latency, so a pass stays one; failures and counts are no wait and stay as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from readiness.config.model import Check
from readiness.judge.check import Judged, unsure
from readiness.judge.diagnoses import diagnose
from readiness.judge.generator_health import Suspicion
from readiness.judge.outcome import Outcome
from readiness.judge.outlook import DiagnosisKind
from readiness.judge.slow_requests import is_missed, tail
from readiness.measurements.run import Run
from readiness.metrics.catalogue import is_latency
from readiness.text.numbers import share_words

_MOSTLY = 0.5
_REMEDY = "free the machine of its other work, or give the service cores of its own"


def doubted(run: Run, checks: Sequence[Check], judged: Sequence[Judged]) -> list[Judged]:
    """The same checks; those that missed their limit decide nothing where most of the slow time was such waiting."""
    load = run.load
    if load is None or run.process is None or not run.process.running:
        return list(judged)
    causes = diagnose(run, judged, tail(load, checks, judged))
    waited = sum(one.explained or 0.0 for one in causes if one.kind is DiagnosisKind.CONTENTION)
    if waited <= _MOSTLY:
        return list(judged)
    said = f"{share_words(min(waited, 1.0))} of the slow requests' time was waiting for cores that other processes had"
    doubt = Suspicion(said, _REMEDY, generator=False)
    return [unsure(item, doubt) if _missed(item) else item for item in judged]


def _missed(item: Judged) -> bool:
    """Whether answers that came too late are why it did not pass."""
    result = item.result
    if not is_latency(result.name) or result.value is None or result.because_failed or item.remedy:
        return False
    return result.outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE) and is_missed(item)
