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


def _of_value(say: Callable[[float], str]) -> Callable[[Measurement], str]:
    return lambda one: "" if one.value is None else say(one.value)


def _counted(noun: str, became: str, none: str = "") -> Callable[[Measurement], str]:
    return _of_value(lambda value: f"{count(int(value), noun)} {became}" if value else none)


_PHRASES: Mapping[str, Callable[[Measurement], str]] = {
    names.DRILL_ERRORS: _of_value(
        lambda value: f"{share_words(value / 100)} of requests failed" if value else "no request failed"
    ),
    names.LONGEST_ANSWER: _longest,
    names.RECOVERY: _recovery,
    names.GOODPUT: _of_value(lambda value: f"{value:,.1f} right answers per second"),
    names.REQUESTS_LOST: _counted("request", "got no answer", "no request was lost"),
    names.WRITES_LOST: _counted("acknowledged write", "lost", "no acknowledged write lost"),
    names.WRITES_DUPLICATED: _counted("write", "stored more than once", "no write stored twice"),
    names.DRILL_HEALTH: _of_value(lambda true: "" if true else "its readiness did not tell the truth"),
    names.DRILL_BREAKER: _of_value(
        lambda did: f"the circuit breaker {'opened and closed' if did else 'did not open and close'} again"
    ),
    RESTORE_DURATION: _of_value(lambda value: f"it took {duration(value / 1000)}"),
    ROWS_MISSING: _counted("row", "missing", "no counted row missing"),
    ROWS_CHANGED: _counted("restored row", "not as the service has them", "each as it was"),
    CHECKS_FAILED: _counted("check", "failed on what was restored"),
}
"""Metrics that belong into the sentence, in its order; "" where one has nothing to say."""
_WHERE_ASKED = frozenset({names.GOODPUT, names.REQUESTS_LOST})
"""They are measured in every drill, and say something of those that check them."""


def _fixes(failed: Iterable[CheckResult]) -> tuple[str, ...]:
    metrics = (find(check.name) for check in failed)
    return tuple(dict.fromkeys(metric.fix for metric in metrics if metric is not None))
