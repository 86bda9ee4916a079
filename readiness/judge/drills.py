"""What each drill showed, in one sentence, and what to fix where a check of it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

from readiness.judge.outcome import Outcome
from readiness.judge.verdict import CheckResult, DrillResult
from readiness.measurements.bounds import Bounds
from readiness.measurements.run import Drilled, Measurement, Run
from readiness.metrics import drills as names
from readiness.metrics.catalogue import drill_of, find
from readiness.metrics.restore import CHECKS_FAILED, RESTORE_DURATION, ROWS_CHANGED, ROWS_MISSING
from readiness.text import clean
from readiness.text.numbers import count, duration, share_words


def drill_results(run: Run, checks: Iterable[CheckResult]) -> tuple[DrillResult, ...]:
    """Every drill of the run, in its order."""
    every = tuple(checks)
    failed = [check for check in every if check.outcome in (Outcome.FAIL, Outcome.WARN)]
    return tuple(
        DrillResult(
            one.name,
            one.what,
            _showed(one, run, {check.name for check in every if drill_of(check.name, check.scope) == one.name}),
            _fixes(check for check in failed if drill_of(check.name, check.scope) == one.name),
        )
        for one in run.drills
    )


def _showed(drill: Drilled, run: Run, asked: Set[str]) -> str:
    if drill.problem is not None:
        return f"it proves nothing: {clean(drill.problem)}"
    found = {one.metric: one for one in run.measurements if drill_of(one.metric, one.scope) == drill.name}
    phrases = {name: say for name, say in _PHRASES.items() if name in asked or name not in _WHERE_ASKED}
    said = [words for name, say in phrases.items() if name in found and (words := say(found[name]))]
    if ROWS_MISSING in found and ROWS_CHANGED not in found:
        said.append("what the rows hold was not compared")
    if drill.unseen is not None:
        said.append(clean(drill.unseen))
    return ", ".join(said) or "nothing was measured"


def _errors(one: Measurement) -> str:
    if one.value is None:
        return ""
    return f"{share_words(one.value / 100)} of requests failed" if one.value else "no request failed"


def _longest(one: Measurement) -> str:
    if one.value is not None:
        return f"the slowest answer took {duration(one.value / 1000)}"
    waited_ms = _at_least(one)
    many = next((detail.observed for detail in one.details), "some requests")
    if not isinstance(one.evidence, Bounds):
        return ""
    return f"{clean(many)} had no answer" + (f" after {duration(waited_ms / 1000)}" if waited_ms is not None else "")


def _recovery(one: Measurement) -> str:
    if one.value is not None:
        return f"service back {duration(one.value / 1000)} after"
    waited_ms = _at_least(one)
    return f"service not back within {duration(waited_ms / 1000)}" if waited_ms is not None else "recovery not proven"


def _at_least(one: Measurement) -> float | None:
    return one.evidence.low if isinstance(one.evidence, Bounds) else None


def _health(one: Measurement) -> str:
    return "" if one.value is None or one.value else "its readiness did not tell the truth"


def _breaker(one: Measurement) -> str:
    return "" if one.value is None else f"the circuit breaker {_BREAKER[bool(one.value)]}"


def _lost(one: Measurement) -> str:
    if one.value is None:
        return ""
    return f"{count(int(one.value), 'request')} got no answer" if one.value else "no request was lost"


def _writes_lost(one: Measurement) -> str:
    if one.value is None:
        return ""
    return f"{count(int(one.value), 'acknowledged write')} lost" if one.value else "no acknowledged write lost"


def _duplicated(one: Measurement) -> str:
    if one.value is None:
        return ""
    return f"{count(int(one.value), 'write')} stored more than once" if one.value else "no write stored twice"


def _goodput(one: Measurement) -> str:
    return "" if one.value is None else f"{one.value:,.1f} right answers per second"


def _lasted(one: Measurement) -> str:
    return "" if one.value is None else f"it took {duration(one.value / 1000)}"


def _rows(one: Measurement) -> str:
    if one.value is None:
        return ""
    return f"{count(int(one.value), 'row')} missing" if one.value else "no counted row missing"


def _contents(one: Measurement) -> str:
    if one.value is None:
        return ""
    return f"{count(int(one.value), 'restored row')} not as the service has them" if one.value else "each as it was"


def _restored_checks(one: Measurement) -> str:
    return "" if not one.value else f"{count(int(one.value), 'check')} failed on what was restored"


_BREAKER = {True: "opened and closed again", False: "did not open and close again"}
_PHRASES: Mapping[str, Callable[[Measurement], str]] = {
    names.DRILL_ERRORS: _errors,
    names.LONGEST_ANSWER: _longest,
    names.RECOVERY: _recovery,
    names.GOODPUT: _goodput,
    names.REQUESTS_LOST: _lost,
    names.WRITES_LOST: _writes_lost,
    names.WRITES_DUPLICATED: _duplicated,
    names.DRILL_HEALTH: _health,
    names.DRILL_BREAKER: _breaker,
    RESTORE_DURATION: _lasted,
    ROWS_MISSING: _rows,
    ROWS_CHANGED: _contents,
    CHECKS_FAILED: _restored_checks,
}
"""Metrics that belong into the sentence, in its order; "" where one has nothing to say."""
_WHERE_ASKED = frozenset({names.GOODPUT, names.REQUESTS_LOST})
"""They are measured in every drill, and say something of those that check them."""


def _fixes(failed: Iterable[CheckResult]) -> tuple[str, ...]:
    metrics = (find(check.name) for check in failed)
    return tuple(dict.fromkeys(metric.fix for metric in metrics if metric is not None))
