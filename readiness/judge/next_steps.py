"""What to do next, ranked by what it does to the decision, and what is wrong with its causes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readiness.config.model import OnFail
from readiness.judge.check import Judged
from readiness.judge.decision import label
from readiness.judge.failed_requests import FailedRequests, foremost
from readiness.judge.needs import SETTLED
from readiness.judge.outcome import Outcome
from readiness.judge.outlook import Diagnosis, DiagnosisKind, Need, Outlook, RootCause
from readiness.judge.release import Horizon, Issue, NextStep
from readiness.judge.slow_requests import by_name
from readiness.judge.verdict import CheckResult
from readiness.judge.wording import against, distance
from readiness.measurements.run import Load, Measurement, Run
from readiness.metrics.catalogue import find, is_drill, is_latency, is_load
from readiness.text import clean
from readiness.text.numbers import count, number, quantity, share_words

_MOST_CAUSES = 4
_BLOCK = "lifts a block"
FIX_RUN = "Fix the run first: "
SLOW, FAILED = "Slow answers", "Failed requests"
FAILED_FIX = "Read the failures by endpoint and reason in this report, then the service's log for those seconds."
_PROOF = "within the limit, the proof is missing"
_UNKNOWN = frozenset({Outcome.ERROR, Outcome.SKIPPED})


@dataclass(frozen=True, slots=True)
class _Begin:
    """Where to begin with slow answers, with the mean and with failed requests; "" where nothing says so."""

    slow: str
    time: str
    failed: str


@dataclass(frozen=True, slots=True)
class _Todo:
    """One text, and the checks that it is for."""

    text: str
    items: list[Judged]


def steps(
    judged: Sequence[Judged],
    doubts: Sequence[str],
    load: Load | None,
    outlook: Outlook,
    roots: Sequence[RootCause],
    failed: Sequence[FailedRequests],
) -> tuple[NextStep, ...]:
    """Most effective first: the run itself, what blocks or is unknown, what a better decision asks for, the rest.

    Within a horizon the step comes first whose checks lack the most points of the score.
    """
    found = [NextStep(f"{FIX_RUN}{doubt}.", Horizon.IMMEDIATE, (), 0.0, "decides") for doubt in doubts]
    begin = _Begin(_slow(roots), _time(load), foremost(failed) if failed else "")
    weight = sum(item.result.weight for item in judged if item.result.outcome is not Outcome.NOT_APPLICABLE)
    decisive = {key for flip in outlook.flips if flip.passing for key in flip.checks}
    rest = [_step(todo, decisive, weight, begin) for todo in _todos(judged, outlook.needs)]
    order = list(Horizon)
    rest.sort(key=lambda step: (order.index(step.horizon), not step.effect.startswith(_BLOCK), -step.gain))
    # What failed and blocks decides whatever else is in doubt about the run.
    lost = {item.result.key for item in judged if item.result.outcome is Outcome.FAIL}
    first = [step for step in rest if step.effect.startswith(_BLOCK) and lost & set(step.checks)]
    return (*first, *found, *(step for step in rest if step not in first))


def _todos(judged: Sequence[Judged], needs: Sequence[Need]) -> list[_Todo]:
    """One for each remedy; checks with the same remedy share it."""
    found: dict[str, _Todo] = {}
    proofs = {(item.result.name, item.result.scope) for item in judged if _lacks_proof(item)}
    longest = max(
        (need for need in needs if need.window_s and (need.name, need.scope) in proofs),
        key=lambda need: need.window_s or 0,
        default=None,
    )
    for item in sorted(judged, key=lambda item: -distance(item.result)):
        check = item.result
        if check.outcome in SETTLED:
            continue
        metric = find(check.name)
        if _failing(item):
            text, key = f"{label(check)}: {FAILED_FIX}", FAILED
        elif check.outcome in _UNKNOWN:
            text = f"{label(check)}: make it measurable; {check.message[:1].lower()}{check.message[1:]}"
            key = check.message
        elif item.remedy:
            text, key = f"Measure latency again: {item.remedy}.", f"remedy {item.remedy}"
        elif _lacks_proof(item):
            more = _more_evidence(check, longest)
            text, key = f"{label(check)}: {more}; {_PROOF}.", f"evidence {more}"
        else:
            text = f"{label(check)}: {metric.fix if metric else 'this version does not know it'}"
            key = metric.fix if metric else text
        todo = found.setdefault(key, _Todo(text, []))
        todo.items.append(item)
    return list(found.values())


def _lacks_proof(item: Judged) -> bool:
    """Whether the value is good, and only too little was measured."""
    return item.result.outcome is Outcome.INCONCLUSIVE and item.credit.point == 1 and not item.remedy


def _more_evidence(check: CheckResult, longest: Need | None) -> str:
    """A drill has a length and a load of its own: a longer run adds nothing to it."""
    if is_drill(check.name):
        return f"more requests in it, by `for` or `rate` of drills.{check.scope}"
    if longest is None or longest.window_s is None:
        return "run longer or with more load"
    requests = f" ({longest.samples:,} requests)" if longest.samples and is_load(longest.name) else ""
    return f"run longer or with more load, about {longest.window_s:,} s{requests} at this load"


def _failing(item: Judged) -> bool:
    """Whether failed requests are what is wrong."""
    check = item.result
    if check.because_failed:
        return True
    sure = not _lacks_proof(item) and not item.remedy
    return check.name.startswith("http.") and check.outcome not in _UNKNOWN and sure


def _headline(todo: _Todo, begin: str) -> str:
    """For whom, what, and where to begin, without the reasons."""
    if begin and _failing(todo.items[0]):
        return begin
    first = label(todo.items[0].result)
    name, more = first, len(todo.items) - 1
    if more:
        name += f" and {count(more, 'more check')}"
    what = re.split(r"[:;.](?:\s|$)", todo.text.removeprefix(f"{first}: "), maxsplit=1)[0]
    if _PROOF in todo.text:
        what += f"; {_PROOF}"
    if todo.items[0].result.outcome in _UNKNOWN:
        what = todo.text.removeprefix(f"{first}: ").rstrip(".")
    if begin:
        return f"{name}: begin with {begin.partition(': ')[0]}"
    return f"{name}: {what[:1].lower()}{what[1:]}"


def _step(todo: _Todo, decisive: set[str], weight: float, begin: _Begin) -> NextStep:
    results = [item.result for item in todo.items]
    gain = 100 * sum(item.result.weight * (1 - item.credit.point) for item in todo.items) / weight if weight else 0.0
    if any(check.effect == OnFail.BLOCK for check in results):
        horizon, effect = Horizon.IMMEDIATE, _BLOCK
    elif any(check.outcome in _UNKNOWN or item.remedy for check, item in zip(results, todo.items, strict=True)):
        horizon, effect = Horizon.IMMEDIATE, "tells what is not known"
    elif any(check.key in decisive for check in results):
        lifted = sum(check.key in decisive for check in results)
        horizon, effect = Horizon.SHORT_TERM, "lifts a condition" if lifted == 1 else f"lifts {lifted} conditions"
    else:
        horizon, effect = Horizon.LONG_TERM, "changes no decision"
    if gain:
        effect += f", {number(gain, '%')} points"
        effect += f" for all {len(results)} checks together" if len(results) > 1 else ""
    where = _where(todo, begin)
    keys = tuple(check.key for check in results)
    return NextStep(_with_cause(todo, where), horizon, keys, round(gain, 6), effect, _headline(todo, where))


def _where(todo: _Todo, begin: _Begin) -> str:
    """The endpoint to begin with, and why; "" where nothing says so."""
    name = todo.items[0].result.name
    if _failing(todo.items[0]):
        return begin.failed
    if not is_latency(name) or not any(item.credit.point < 1 and not item.remedy for item in todo.items):
        return ""
    return begin.time if name == "latency.mean" else begin.slow


def _with_cause(todo: _Todo, where: str) -> str:
    """The text, with all the checks that it is for and the endpoint to begin with."""
    first = todo.items[0].result
    others = [label(item.result) for item in todo.items[1:]]
    text = todo.text
    if others and text.startswith(f"{label(first)}: "):
        named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        text = f"{label(first)} (also {named}): {text.removeprefix(f'{label(first)}: ')}"
    return f"{text} Begin with {where}." if where else text


def _slow(roots: Sequence[RootCause]) -> str:
    """The endpoint to begin with."""
    if not roots:
        return ""
    root = roots[0]
    text = (
        f"{root.endpoint}: {share_words(root.request_share)} of traffic, {share_words(root.tail_share)} of what is slow"
    )
    if whole := sum(root.parts_ms.values()):
        most = max(root.parts_ms, key=lambda name: root.parts_ms[name])
        text += f"; most of its time goes into {most} ({share_words(root.parts_ms[most] / whole)})"
    return text


def _time(load: Load | None) -> str:
    """The endpoint that takes the largest part of all the time that users waited."""
    records = by_name(load.endpoints) if load else {}
    whole_us = sum(record.ok.sum_us for record in records.values())
    if not whole_us:
        return ""
    name = max(records, key=lambda one: records[one].ok.sum_us)
    return f"{name}: it takes {share_words(records[name].ok.sum_us / whole_us)} of all the time that users wait"


def issues(
    judged: Sequence[Judged],
    planned: Sequence[NextStep],
    run: Run,
    roots: Sequence[RootCause],
    failed: Sequence[FailedRequests],
    stalls: Sequence[str],
    diagnoses: Sequence[Diagnosis] = (),
) -> tuple[Issue, ...]:
    """What did not pass, by what is wrong: failed requests and slow answers as one each, everything else by check."""
    groups: dict[str, list[Judged]] = {}
    for item in judged:
        if item.result.outcome not in SETTLED:
            groups.setdefault(_group(item), []).append(item)
    found = []
    for name, items in groups.items():
        items.sort(key=lambda item: item.result.because_failed)
        results = [item.result for item in items]
        keys = tuple(check.key for check in results)
        title = label(results[0]) + (f" and {count(len(items) - 1, 'more check')}" if len(items) > 1 else "")
        problems = [f"{label(check)}: {_problem(check)}" for check in results]
        if len(items) > 1 and name not in (SLOW, FAILED):  # all for the same reason
            problems = [f"{title}: {name}"]
        found.append(
            Issue(
                name if name in (SLOW, FAILED) else title,
                keys,
                tuple(problems),
                _causes(name, items, run, roots, failed, stalls, diagnoses),
                tuple(step.text for step in planned if set(step.checks) & set(keys)),
            )
        )
    return tuple(found)


def _problem(check: CheckResult) -> str:
    """A failure in a few words, as its whole message stands with the check; else the message."""
    return f"{against(check)}." if check.outcome is Outcome.FAIL and check.value is not None else check.message


def _group(item: Judged) -> str:
    name = item.result.name
    if _failing(item):
        return FAILED
    if item.result.outcome in _UNKNOWN:
        return item.result.message
    if is_latency(name):
        return SLOW
    return FAILED if name.startswith("http.") else item.result.key


def _causes(
    name: str,
    items: Sequence[Judged],
    run: Run,
    roots: Sequence[RootCause],
    failed: Sequence[FailedRequests],
    stalls: Sequence[str],
    diagnoses: Sequence[Diagnosis],
) -> tuple[str, ...]:
    first, measurements = items[0], run.measurements
    if name == FAILED:
        return tuple(one.text for one in failed[:_MOST_CAUSES])
    if first.result.outcome in _UNKNOWN:
        missing = (first.result.name, first.result.scope)
        return tuple(one.reason for one in measurements if (one.metric, one.scope) == missing and one.reason)
    if first.remedy:
        return (f"The measurement itself is in question: {first.remedy}.",)
    if name == "target.memory.growth":
        return tuple(f"{one.named}: {one.text} {one.fix}" for one in diagnoses if one.kind is DiagnosisKind.MEMORY)
    if name == SLOW:
        means = [item for item in items if item.result.name == "latency.mean"]
        known = [one for one in diagnoses if one.kind is not DiagnosisKind.UNKNOWN]
        return (
            *(f"{one.named}: {one.text} {one.fix}" for one in known),
            *(f"{root.sentence}." for root in (roots if len(means) < len(items) else ())),
            *([f"{_time(run.load)}."] if means and _time(run.load) else []),
            *stalls[:_MOST_CAUSES],
            *_waits(run),
        )
    if name == "cache.hit_rate" and (unused := _details("cache.fallback", first.result.scope, measurements, False)):
        return (f"The cache itself was not in use, so nothing could be found in it: {unused[0]}. Fix that first.",)
    wanted = dict.fromkeys((item.result.name, item.result.scope) for item in items)
    said = [text for key in wanted for text in _details(*key, measurements, False)]
    if not said and first.result.outcome is Outcome.FAIL and first.result.name.startswith(("database.", "data.")):
        said = [text for key in wanted for text in _details(*key, measurements, None)]  # what was counted
    return tuple(said[:_MOST_CAUSES])


def _details(name: str, scope: str | None, measurements: Sequence[Measurement], ok: bool | None) -> list[str]:
    """What a probe saw and marked as right, as wrong, or as neither."""
    return [
        f"{clean(detail.subject)}: {clean(detail.observed)}{f' ({clean(detail.note)})' if detail.note else ''}"
        for measurement in measurements
        if (measurement.metric, measurement.scope) == (name, scope)
        for detail in measurement.details
        if detail.ok is ok
    ]


def _waits(run: Run) -> list[str]:
    """What was seen to wait: for locks, for connections of the database, for those of the service's pool."""
    said = [
        f"{metric.title}: {quantity(one.value, metric.unit)}."
        for one in run.measurements
        if one.metric in ("pool.wait.mean", "pool.saturation") and one.value and (metric := find(one.metric))
    ]
    sessions, limit = (run.database.sessions, run.database.limit) if run.database else ((), 0)
    locked = [sample.waiting_for_lock for sample in sessions if sample.waiting_for_lock]
    full = sum(sample.connected >= limit for sample in sessions)
    if locked:
        where = f"in {len(locked):,} of {len(sessions):,} samples, at most {max(locked):,} at once"
        said.append(f"Database: sessions waited for locks {where}.")
    if full:
        said.append(f"Database: all {limit:,} connections were taken in {full:,} of {len(sessions):,} samples.")
    return said
