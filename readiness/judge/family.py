"""Many blocking checks on their limits: by chance one of them fails, and one is enough for NOT READY.

"One of m fails" is a union: to be wrong in 5 % of runs at the most, each failure is proven at 1 - 5 % / m (Bonferroni;
the first step of Holm's rule is the same, and the first failure decides). READY wants all of them to pass, an
intersection: it needs no correction (Berger, Technometrics 24, 1982).
"""

from collections.abc import Sequence

from readiness.config.model import Check, OnFail
from readiness.metrics.catalogue import find
from readiness.metrics.metric import Kind


def refuting(checks: Sequence[Check], check: Check, confidence: float | None) -> float | None:
    """The confidence at which `check`, one of `checks`, is proven to fail; None where nothing is proven at all."""
    if confidence is None or check.on_fail is not OnFail.BLOCK:
        return confidence
    return 1 - (1 - confidence) / max(sum(_may_fail_by_chance(one) for one in checks), 1)


def _may_fail_by_chance(check: Check) -> bool:
    metric = find(check.metric)
    sampled = metric is not None and metric.kind is not Kind.EXACT
    return sampled and check.on_fail is OnFail.BLOCK and check.not_applicable is None
