"""Passed checks, one line for each area of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from readiness.judge.verdict import Outcome, Verdict
from readiness.metrics.catalogue import find
from readiness.report.status import OUTCOMES, Status

_NAMES: Mapping[str, str] = {"database": "database and data"}
"""Areas of the catalogue whose name says less than what is in them."""


@dataclass(frozen=True, slots=True)
class Area:
    """One area: `database and data: 20 of 20 passed`."""

    text: str
    status: Status


def areas(verdict: Verdict) -> tuple[Area, ...]:
    """Every area with a check that applies, in the order of thresholds.yaml."""
    counts: dict[str, list[int]] = {}
    for check in verdict.checks:
        if check.outcome is Outcome.NOT_APPLICABLE:
            continue
        metric = find(check.name)
        found = counts.setdefault(_NAMES.get(metric.area, metric.area) if metric else "other", [0, 0])
        found[0] += check.outcome is Outcome.PASS
        found[1] += 1
    return tuple(
        Area(
            f"{name[:1].upper()}{name[1:]}: {passed:,} of {counted:,} passed",
            OUTCOMES[Outcome.PASS if passed == counted else Outcome.FAIL],
        )
        for name, (passed, counted) in counts.items()
    )
