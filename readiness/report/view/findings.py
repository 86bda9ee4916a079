"""What probes and the database said: each measurement with the lines below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from readiness.judge.verdict import CheckResult, Outcome, Verdict
from readiness.measurements.run import Detail, Measurement, Witness
from readiness.metrics.catalogue import find
from readiness.report.status import OUTCOMES, Status
from readiness.text import clean, numbers

LONGEST_REASON = 1000
_MOST_DETAILS = 200


AGREE = Status("agree", "=", "=", "quiet", "bright_black")
"""Of sources, not of limits: two may agree on a value that fails."""
DISAGREE = Status("disagree", "≠", "#", "unsure", "magenta")


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One observation: a header and its value."""

    subject: str
    observed: str
    mark: Status | None
    """None where the line is only information."""
    note: str


@dataclass(frozen=True, slots=True)
class MeasuredFinding:
    """One measurement and its lines."""

    metric: str
    title: str
    current: str
    source: str
    samples: str
    reason: str
    lines: tuple[FindingLine, ...]
    hidden: int
    """Lines left out; report.json has them."""


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """What is not known, and why."""

    title: str
    metric: str
    reason: str
    status: Status
    count: int = 1
    """Of how many checks and metrics it speaks."""


def finding(measurement: Measurement) -> MeasuredFinding:
    """One measurement as text."""
    metric = find(measurement.metric)
    unit = metric.unit if metric else ""
    title = metric.title if metric else measurement.metric
    return MeasuredFinding(
        metric=_key(measurement.metric, measurement.scope),
        title=clean(title),
        current=numbers.quantity(
            measurement.value, unit, absent=numbers.NOT_MEASURED if measurement.reason else numbers.NOT_BOUNDED
        ),
        source=clean(measurement.source),
        samples="–" if measurement.samples is None else f"{measurement.samples:,}",
        reason=_reason(measurement),
        lines=(
            *(_witness(witness, unit) for witness in measurement.witnesses),
            *(_line(detail) for detail in measurement.details[:_MOST_DETAILS]),
        ),
        hidden=max(len(measurement.details) - _MOST_DETAILS, 0),
    )


def _reason(measurement: Measurement) -> str:
    """Why there is no value; without a reason of its own it has no bound, because of what its details mark as wrong."""
    if measurement.reason or measurement.value is not None:
        return clean(measurement.reason or "", LONGEST_REASON)
    bad = [f"{detail.subject}: {detail.observed}" for detail in measurement.details if detail.ok is False]
    return clean(f"not bounded: {bad[-1] if bad else 'too many of its requests failed'}", LONGEST_REASON)


def _witness(witness: Witness, unit: str) -> FindingLine:
    """One source and what it said; the one that gave the value agrees with itself."""
    bound = {"at_least": "at least ", "at_most": "at most "}.get(witness.relation, "")
    said = bound + numbers.quantity(witness.value, unit) if witness.value is not None else "says nothing"
    mark = None if witness.agrees is None else AGREE if witness.agrees else DISAGREE
    return FindingLine(f"by {clean(witness.source)}", said, mark, clean(witness.note))


def _line(detail: Detail) -> FindingLine:
    mark = None if detail.ok is None else OUTCOMES[Outcome.PASS if detail.ok else Outcome.FAIL]
    return FindingLine(clean(detail.subject) or "–", clean(detail.observed) or "–", mark, clean(detail.note))


def in_database(measurement: Measurement) -> bool:
    """Whether it belongs to the section on the database."""
    return measurement.metric.startswith(("data.", "database."))


def unmeasured(verdict: Verdict) -> tuple[Unmeasured, ...]:
    """Checks without a value first, then measurements without one that no check names; one line for one reason."""
    found = [_missing(check) for check in verdict.checks if check.outcome in _UNKNOWN]
    declared = {(check.name, check.scope) for check in verdict.checks}
    found += [
        Unmeasured(
            finding(m).title,
            _key(m.metric, m.scope),
            _reason(m),
            OUTCOMES[Outcome.ERROR],
        )
        for m in verdict.measurements
        if m.value is None and (m.metric, m.scope) not in declared
    ]
    by_reason: dict[tuple[str, Status], list[Unmeasured]] = {}
    for one in found:
        by_reason.setdefault((one.reason, one.status), []).append(one)
    return tuple(_together(same) for same in by_reason.values())


def _together(same: Sequence[Unmeasured]) -> Unmeasured:
    titles, metrics = (
        list(dict.fromkeys(names)) for names in ([one.title for one in same], [one.metric for one in same])
    )
    return replace(same[0], title=", ".join(titles), metric=", ".join(metrics), count=len(metrics))


_UNKNOWN = frozenset({Outcome.ERROR, Outcome.SKIPPED, Outcome.NOT_APPLICABLE})


def _missing(check: CheckResult) -> Unmeasured:
    key = _key(check.name, check.scope)
    status = OUTCOMES[check.outcome]
    reason = clean(check.message, LONGEST_REASON).removeprefix(f"{status.word}: ")  # the status says it already
    return Unmeasured(clean(check.title) or key, key, reason, status)


def _key(name: str, scope: str | None) -> str:
    return clean(name if scope is None else f"{name}@{scope}")


def split(measurements: Sequence[Measurement]) -> tuple[tuple[MeasuredFinding, ...], tuple[MeasuredFinding, ...]]:
    """Findings of probes, and findings of the database."""
    probes = tuple(finding(m) for m in measurements if not in_database(m))
    return probes, tuple(finding(m) for m in measurements if in_database(m))
