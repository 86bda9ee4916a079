"""One declared check -> its result, and its credit for the score."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from readiness.config.model import Check, OnFail
from readiness.judge.cross_check import dissent
from readiness.judge.generator_health import Suspicion, pauses_within, suspicion
from readiness.judge.limit_test import LimitAnswer, LimitComparison, Proof, bounds, compare, consistent
from readiness.judge.not_ready import NotReady
from readiness.judge.probed import added
from readiness.judge.readings import Reading, read
from readiness.judge.steadiness import doubtful_pass
from readiness.judge.verdict import CheckResult, Outcome
from readiness.judge.wording import demand, limit_words, value_words
from readiness.measurements.run import Run
from readiness.metrics.catalogue import find, is_drill, is_load, is_restore
from readiness.metrics.drills import DRILLS_FACT
from readiness.metrics.metric import Kind, Metric
from readiness.metrics.restore import RESTORE_FACT
from readiness.text.numbers import NOT_BOUNDED

WARN_CREDIT = 0.5
_NOT_DRILLED = "drills disturb the service, so they run only when they are asked for; give `readiness run` --drills"


@dataclass(frozen=True, slots=True)
class Credit:
    """A check's share of its weight, 0 to 1: at worst, as estimated, at best."""

    low: float
    point: float
    high: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A result with its credit."""

    result: CheckResult
    credit: Credit
    remedy: str = ""
    """What to do first, where the reading itself is in question."""
    generator: bool = False
    """Whether that is because of the load generator."""
    limit: float | None = None
    """The pass limit's number, in the unit of the value."""
    by_time: bool = False
    """Whether the count by requests keeps the limit, the share by time does not, and nothing is proven."""
    not_ready: NotReady | None = None
    """What a health endpoint says with and without load, where that is why the check did not pass."""
    reading: Reading | None = field(default=None, compare=False, repr=False)
    """What was judged; None where nothing was read."""


def judge_check(run: Run, check: Check, confidence: float | None, refuting: float | None = None) -> Judged:
    """The check applied to the run; what was not measured is an error, never a pass.

    `refuting` is the confidence of a failure (judge/family.py).
    """
    metric = find(check.metric)
    if metric is None:
        return _judged(check, "", Outcome.ERROR, Credit(0, 0, 1), None, "this version has no such metric")
    if check.not_applicable is not None:
        message = f"Declared not applicable: {check.not_applicable}"
        return _judged(check, metric.unit, Outcome.NOT_APPLICABLE, Credit(0, 0, 0), None, message)
    reading = read(run, metric, check.scope)
    fact = RESTORE_FACT if is_restore(metric.name) else DRILLS_FACT if is_drill(metric.name) else None
    if fact is not None and fact not in run.plan:
        if check.on_fail is OnFail.BLOCK:
            return _judged(check, metric.unit, Outcome.ERROR, Credit(0, 0, 1), None, f"Not measured: {_NOT_DRILLED}.")
        return _judged(check, metric.unit, Outcome.NOT_APPLICABLE, Credit(0, 0, 0), None, f"Not run: {_NOT_DRILLED}.")
    if reading.reason is not None:
        stalled = _stalled_all_along(reading, metric)
        if stalled is None:
            message = f"Not measured: {reading.reason}."
            return _judged(check, metric.unit, Outcome.ERROR, Credit(0, 0, 1), reading, message)
        return _judged(check, metric.unit, Outcome.FAIL, Credit(0, 0, 0), reading, stalled)
    passed = compare(reading, metric, check.pass_limit, confidence, refuting)
    warned = compare(reading, metric, check.warn_limit, confidence, refuting) if check.warn_limit else None
    outcome = _outcome(passed, warned)
    credit = _credit(check, reading, metric, passed, warned, outcome)
    message = _message(check, reading, metric, passed, warned, outcome, confidence)
    message += added(run, check, metric, reading, outcome, confidence)
    low, high = bounds(reading, metric, confidence)
    if metric.kind in (Kind.QUANTILE, Kind.RATE) and confidence is not None:
        answers = [LimitAnswer(check.pass_limit, passed.proof)]
        if warned is not None and check.warn_limit is not None:
            answers.append(LimitAnswer(check.warn_limit, warned.proof))
        if metric.kind is Kind.RATE:
            answers = [one for one in answers if one.proof is Proof.OPEN]
        low, high = consistent(reading.value, low, high, tuple(answers))
    judged = _judged(check, metric.unit, outcome, credit, reading, message, low, high)
    judged = replace(judged, by_time=passed.beyond_by_time and outcome is Outcome.INCONCLUSIVE)
    doubt = _estimate(check, reading) or _suspicion(run, check, metric, outcome, reading.value)
    return judged if doubt is None else unsure(judged, doubt)


def _estimate(check: Check, reading: Reading) -> Suspicion | None:
    """An estimate may inform and it may be a condition; it neither blocks a release nor lets one pass."""
    if not reading.estimated or check.on_fail is not OnFail.BLOCK:
        return None
    return Suspicion(
        "it is an estimate, which decides no blocking check", "count exactly (leave estimate out)", generator=False
    )


def _suspicion(run: Run, check: Check, metric: Metric, outcome: Outcome, value: float | None) -> Suspicion | None:
    """What speaks against the instrument, or against the steadiness of the window, in this outcome.

    Lag only ever adds to a latency, and still a pass under it proves nothing: the load was not sent as planned.
    A failure stays, unless the generator stood still.
    """
    if outcome in (Outcome.PASS, Outcome.WARN):
        for measurement in run.measurements:
            if (measurement.metric, measurement.scope) == (metric.name, check.scope) and (why := dissent(measurement)):
                return Suspicion(why, "find out which of them is right", generator=False)
    if run.load is None:
        return None
    if outcome is Outcome.INCONCLUSIVE and value is not None and is_load(metric.name) and check.pass_limit.holds(value):
        return doubtful_pass(run.load, metric, check.scope, check.pass_limit)
    if outcome in (Outcome.PASS, Outcome.WARN):
        limit = check.warn_limit if outcome is Outcome.WARN and check.warn_limit else check.pass_limit
        if value is None or not is_load(metric.name):
            return None
        own = suspicion(run.load, metric, value, limit.value)
        return own or doubtful_pass(run.load, metric, check.scope, limit)
    if outcome is Outcome.FAIL and is_load(metric.name) and metric.unit == "ms" and pauses_within(run.load):
        return Suspicion("the load generator itself paused in the measurement window", "repeat the run undisturbed")
    return None


def unsure(judged: Judged, doubt: Suspicion) -> Judged:
    """The same reading, but it neither passes nor fails."""
    message = f"{judged.result.message.rstrip('.')} - but {doubt.reason}: {doubt.remedy}."
    result = replace(judged.result, outcome=Outcome.INCONCLUSIVE, message=message)
    return replace(
        judged, result=result, credit=Credit(0, judged.credit.point, 1), remedy=doubt.remedy, generator=doubt.generator
    )


def _stalled_all_along(reading: Reading, metric: Metric) -> str | None:
    """A service that hung before the measurement window began answered nobody in it: measured, and failed."""
    if metric.kind not in (Kind.QUANTILE, Kind.RATE) or reading.source != "load" or not reading.window_s:
        return None
    if reading.stalled_share(0.0) < 0.9:
        return None
    return f"Failed: nothing was answered in the whole measurement window ({reading.window_s:.1f} s)."


def _outcome(passed: LimitComparison, warned: LimitComparison | None) -> Outcome:
    match passed.proof, warned.proof if warned else Proof.NO:
        case Proof.YES, _:
            return Outcome.PASS
        case Proof.NO, Proof.YES:
            return Outcome.WARN
        case Proof.NO, Proof.NO:
            return Outcome.FAIL
        case _:
            return Outcome.INCONCLUSIVE


def _credit(
    check: Check,
    reading: Reading,
    metric: Metric,
    passed: LimitComparison,
    warned: LimitComparison | None,
    outcome: Outcome,
) -> Credit:
    match outcome:
        case Outcome.PASS:
            return Credit(1, 1, 1)
        case Outcome.WARN:
            return Credit(WARN_CREDIT, WARN_CREDIT, WARN_CREDIT)
        case Outcome.FAIL:
            return Credit(0, 0, 0)
        case _:
            pass
    worst = WARN_CREDIT if warned and warned.proof is Proof.YES else 0.0
    best = 1.0 if passed.proof is Proof.OPEN else WARN_CREDIT
    estimate = _outcome(
        compare(reading, metric, check.pass_limit, None),
        compare(reading, metric, check.warn_limit, None) if check.warn_limit else None,
    )
    point = {Outcome.PASS: 1.0, Outcome.WARN: WARN_CREDIT}.get(estimate, 0.0)
    return Credit(worst, min(max(point, worst), best), best)


def _message(
    check: Check,
    reading: Reading,
    metric: Metric,
    passed: LimitComparison,
    warned: LimitComparison | None,
    outcome: Outcome,
    confidence: float | None,
) -> str:
    value = value_words(metric.name, reading.value, metric.unit, check.pass_limit.value, NOT_BOUNDED)
    proven = "" if confidence is None or metric.kind is Kind.EXACT else f" at {100 * confidence:g} % confidence"
    head = f"{value}, {demand(check.metric, check.pass_limit.text)}"
    warned_at = limit_words(check.metric, check.warn_limit.text) if check.warn_limit else ""
    if outcome is Outcome.PASS:
        head += f"; proven{proven}" if proven else ""
    elif outcome is Outcome.WARN:
        head += f"; only within the warning limit, {warned_at}{proven}"
    elif outcome is Outcome.FAIL:
        head += f"; failed{proven}" if proven else ""
    else:
        which = f"the warning limit, {warned_at}," if passed.proof is Proof.NO and check.warn_limit else "that"
        head += f"; too close or too few to say whether {which} holds{proven}"
        plain = compare(reading, metric, check.pass_limit, None).proof
        head += f" (a plain comparison would {'pass' if plain is Proof.YES else 'fail'})"
    how = (warned.how if warned and outcome is Outcome.WARN else passed.how) or passed.how
    return f"{head}: {how}." if how else f"{head}."


def _judged(
    check: Check,
    unit: str,
    outcome: Outcome,
    credit: Credit,
    reading: Reading | None,
    message: str,
    low: float | None = None,
    high: float | None = None,
) -> Judged:
    return Judged(
        CheckResult(
            name=check.metric,
            scope=check.scope,
            title=check.title,
            outcome=outcome,
            value=reading.value if reading else None,
            low=low,
            high=high,
            unit=unit,
            samples=reading.samples if reading else None,
            pass_limit=check.pass_limit.text,
            warn_limit=check.warn_limit.text if check.warn_limit else None,
            weight=check.weight,
            on_fail=check.on_fail.value,
            message=message,
            source=reading.source if reading else "",
            line=check.line,
        ),
        credit,
        limit=check.pass_limit.value,
        reading=reading,
    )
