"""Checks as rows of text, in the order of thresholds.yaml, the worst of them in words, and how many passed by area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from readiness.config.model import Limit, Operator
from readiness.judge import wording
from readiness.judge.verdict import CheckResult, Outcome, Verdict
from readiness.metrics.catalogue import find
from readiness.report.status import OUTCOMES, Status
from readiness.text import clean, numbers

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
    beside: str
    """What failed requests did to it: what the successful ones alone took, or which endpoint decides; else ""."""
    status: Status
    samples: str
    interval: str
    weight: str
    on_fail: str
    message: str
    measured: bool

    @property
    def passed(self) -> bool:
        """Whether nothing of it stands among the issues."""
        return self.status in (OUTCOMES[Outcome.PASS], OUTCOMES[Outcome.NOT_APPLICABLE])

    @property
    def explanation(self) -> str:
        """The message of a check that did not pass; a passed one explains itself by its numbers."""
        return "" if self.status is OUTCOMES[Outcome.PASS] else self.message


@dataclass(frozen=True, slots=True)
class Worst:
    """A check that did not pass, in one line: `1,379 ms, needs under 100 ms: 13.8× the limit`."""

    key: str
    title: str
    current: str
    target: str
    """What it needs, in words."""
    gap: str
    status: Status
    message: str

    @property
    def against(self) -> str:
        """The comparison as words."""
        words = f"{self.current}, {self.target}" if self.target else self.current
        return f"{words}: {self.gap}" if self.gap else words


def key_of(check: CheckResult) -> str:
    """The check as written in thresholds.yaml."""
    return clean(check.name if check.scope is None else f"{check.name}@{check.scope}")


def row(check: CheckResult) -> CheckRow:
    """One check as text."""
    limit = _limit(check)
    measured = check.outcome not in WITHOUT_VALUE
    # A limit that is kept bounds a value that nothing nearer bounds; as an end of the interval it would look measured.
    high = None if check.outcome is Outcome.PASS and check.high == limit != check.value else check.high
    return CheckRow(
        key=key_of(check),
        title=clean(check.title) or key_of(check),
        target=clean(check.pass_limit),
        warn=clean(check.warn_limit) if check.warn_limit else "–",
        current=value_of(check),
        beside=_beside(check),
        status=OUTCOMES[check.outcome],
        samples="–" if check.samples is None else f"{check.samples:,}",
        interval=numbers.interval(check.low, high, check.value, check.unit, limit) if measured else "–",
        weight=f"{check.weight:g}",
        on_fail=ON_FAIL.get(check.on_fail, clean(check.on_fail)),
        message=clean(check.message, LONGEST_MESSAGE),
        measured=measured,
    )


def worst(checks: Sequence[CheckResult], most: int = 3) -> tuple[Worst, ...]:
    """Checks that did not pass: failed before unsure before warned, blocking ones first, then the farthest off."""
    bad = [check for check in checks if check.outcome in _RANK]
    bad.sort(key=lambda check: (_RANK[check.outcome], check.on_fail != "block", -wording.distance(check)))
    first: dict[object, list[CheckResult]] = {}
    for check in bad:  # those that one dead endpoint decides are told once
        first.setdefault(same_reason(check), []).append(check)
    return tuple(replace(_worst(same[0]), title=titles(same)) for same in list(first.values())[:most])


def same_reason(check: CheckResult) -> object:
    """Equal for checks that are told as one: those of one effect that the same dead endpoints decide."""
    dead = check.failures.dead if check.failures else ()
    return (dead, check.effect) if dead else check.key


def titles(checks: Sequence[CheckResult]) -> str:
    """`Success Rate and P95 Response Time`."""
    named = [clean(check.title) or key_of(check) for check in checks]
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


_RANK = {Outcome.FAIL: 0, Outcome.INCONCLUSIVE: 1, Outcome.ERROR: 1, Outcome.SKIPPED: 2, Outcome.WARN: 3}


def _limit(check: CheckResult) -> float | None:
    bound = wording.read(check.pass_limit, check.unit)
    return bound.value if bound else None


def value_of(check: CheckResult) -> str:
    """The value as text, or the word for its absence."""
    return wording.shown(check)


def _beside(check: CheckResult) -> str:
    if check.failures and check.failures.dead:
        return clean(wording.failures_words(check))
    alone = check.failures.successful if check.failures else None
    if check.value is not None or alone is None:
        return ""
    return f"{numbers.quantity(alone, check.unit)} of the successful requests"


def _worst(check: CheckResult) -> Worst:
    bound = wording.read(check.pass_limit, check.unit)
    current, target = value_of(check), clean(wording.demand(check.name, check.pass_limit))
    gap = clean(wording.failures_words(check))
    if check.failures and check.failures.dead:
        current, target, gap = gap, "", ""
        bound = None
    if bound and check.value is not None and numbers.exists(check.value) and check.outcome not in WITHOUT_VALUE:
        if not wording.is_yes_no(check.name):
            current = numbers.headline(check.value, bound.value, check.unit)
        gap = clean(wording.despite(check)) or gap or _gap(check.value, bound, check.unit)
    return Worst(
        key_of(check),
        clean(check.title) or key_of(check),
        current,
        target,
        gap,
        OUTCOMES[check.outcome],
        clean(check.message, LONGEST_MESSAGE),
    )


def _gap(value: float, bound: Limit, unit: str) -> str:
    """How far on the wrong side; "" when the value is on the right one (an unsure check may be)."""
    if bound.operator in (Operator.LESS, Operator.AT_MOST):
        if value <= bound.value:
            return ""
        return f"{numbers.times(value, bound.value)} the limit" if bound.value > 0 else ""
    if bound.operator in (Operator.GREATER, Operator.AT_LEAST):
        short = bound.value - value
        if short <= 0:
            return ""
        if unit == "%":
            return f"{numbers.number(short, unit)} points short"
        return f"{numbers.quantity(short, unit)} short"
    return ""


_NAMES: Mapping[str, str] = {"database": "database and data"}
"""Areas of the catalogue whose name says less than what is in them."""


@dataclass(frozen=True, slots=True)
class Area:
    """One area: `database and data: 20 of 20 passed`."""

    text: str
    status: Status


def areas(verdict: Verdict) -> tuple[Area, ...]:
    """Every area with a check that applies, in the order of thresholds.yaml, with the mark of its worst check."""
    counts: dict[str, list[Outcome]] = {}
    for check in verdict.checks:
        if check.outcome is Outcome.NOT_APPLICABLE:
            continue
        metric = find(check.name)
        counts.setdefault(_NAMES.get(metric.area, metric.area) if metric else "other", []).append(check.outcome)
    return tuple(
        Area(
            f"{name[:1].upper()}{name[1:]}: {found.count(Outcome.PASS):,} of {len(found):,} passed",
            OUTCOMES[min(found, key=lambda outcome: _RANK.get(outcome, len(_RANK)))],
        )
        for name, found in counts.items()
    )
