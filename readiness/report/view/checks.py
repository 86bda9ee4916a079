"""Checks as rows of text, in the order of thresholds.yaml, and the worst of them in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from readiness import numbers
from readiness.judge.verdict import CheckResult, Outcome
from readiness.report import limits
from readiness.report.status import OUTCOMES, Status
from readiness.text import clean

LONGEST_MESSAGE = 1000
ON_FAIL = {"block": "blocks", "condition": "condition", "note": "note only"}
WITHOUT_VALUE = frozenset({Outcome.ERROR, Outcome.SKIPPED, Outcome.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check, ready to print."""

    key: str
    """As in thresholds.yaml: `latency.p95@bag_lookup`."""
    title: str
    target: str
    warn: str
    current: str
    status: Status
    samples: str
    interval: str
    weight: str
    on_fail: str
    message: str
    measured: bool

    @property
    def explanation(self) -> str:
        """The message of a check that did not pass; a passed one explains itself by its numbers."""
        return "" if self.status is OUTCOMES[Outcome.PASS] else self.message


@dataclass(frozen=True, slots=True)
class Worst:
    """A check that did not pass, in one line: `1,379 ms against 100 ms, 13.8×`."""

    title: str
    current: str
    target: str
    gap: str
    status: Status
    message: str

    @property
    def against(self) -> str:
        """The comparison as words."""
        between = ", target" if self.current in (numbers.NOT_MEASURED, numbers.NOT_BOUNDED) else " against"
        words = f"{self.current}{between} {self.target}" if self.target else self.current
        return f"{words}, {self.gap}" if self.gap else words


def key_of(check: CheckResult) -> str:
    """The check as written in thresholds.yaml."""
    return clean(check.name if check.scope is None else f"{check.name}@{check.scope}")


def row(check: CheckResult) -> CheckRow:
    """One check as text."""
    limit = _limit(check)
    measured = check.outcome not in WITHOUT_VALUE
    return CheckRow(
        key=key_of(check),
        title=clean(check.title) or key_of(check),
        target=clean(check.pass_limit),
        warn=clean(check.warn_limit) if check.warn_limit else "–",
        current=value_of(check),
        status=OUTCOMES[check.outcome],
        samples="–" if check.samples is None else f"{check.samples:,}",
        interval=numbers.interval(check.low, check.high, check.value, check.unit, limit) if measured else "–",
        weight=f"{check.weight:g}",
        on_fail=ON_FAIL.get(check.on_fail, clean(check.on_fail)),
        message=clean(check.message, LONGEST_MESSAGE),
        measured=measured,
    )


def worst(checks: Sequence[CheckResult], most: int = 3) -> tuple[Worst, ...]:
    """Checks that did not pass: failed before unsure before warned, blocking ones first, then the farthest off."""
    bad = [check for check in checks if check.outcome in _RANK]
    bad.sort(key=lambda check: (_RANK[check.outcome], check.on_fail != "block", -_distance(check)))
    return tuple(_worst(check) for check in bad[:most])


_RANK = {Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 1, Outcome.ERROR: 1, Outcome.SKIPPED: 2, Outcome.WARN: 3}


def _limit(check: CheckResult) -> float | None:
    bound = limits.read(check.pass_limit, check.unit)
    return bound.value if bound else None


def value_of(check: CheckResult) -> str:
    """The value as text, or the word for its absence."""
    if check.outcome is Outcome.NOT_APPLICABLE:
        return "not applicable"
    absent = numbers.NOT_MEASURED if check.outcome in WITHOUT_VALUE else numbers.NOT_BOUNDED
    return numbers.quantity(check.value, check.unit, apart_from=_limit(check), absent=absent)


def _distance(check: CheckResult) -> float:
    """Factor between value and limit, for ordering only; infinite where a value is not bounded."""
    limit = _limit(check)
    if check.value is None or limit is None:
        return float("inf")
    small, large = sorted((abs(check.value), abs(limit)))
    return large / small if small > 0 else large + 1


def _worst(check: CheckResult) -> Worst:
    bound = limits.read(check.pass_limit, check.unit)
    current, target, gap = value_of(check), clean(check.pass_limit), ""
    if bound and check.value is not None and numbers.exists(check.value) and check.outcome not in WITHOUT_VALUE:
        current = numbers.headline(check.value, bound.value, check.unit)
        target = numbers.limit(bound.value, check.unit)
        gap = _gap(check.value, bound, check.unit)
        if not gap:
            target = clean(check.pass_limit)
    return Worst(
        clean(check.title) or key_of(check),
        current,
        target,
        gap,
        OUTCOMES[check.outcome],
        clean(check.message, LONGEST_MESSAGE),
    )


def _gap(value: float, bound: limits.Bound, unit: str) -> str:
    """How far on the wrong side; "" when the value is on the right one (an unsure check may be)."""
    if bound.operator in ("<", "<="):
        if value <= bound.value:
            return ""
        return f"{numbers.times(value, bound.value)} the limit" if bound.value > 0 else ""
    if bound.operator in (">", ">="):
        short = bound.value - value
        if short <= 0:
            return ""
        if unit == "%":
            return f"{numbers.number(short, unit)} points short"
        return f"{numbers.quantity(short, unit)} short"
    return f"off by {numbers.quantity(abs(value - bound.value), unit)}" if value != bound.value else ""
