"""What to do next, ranked by what it does to the decision, and what is wrong with its causes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readiness.config.model import OnFail
from readiness.judge.check import Judged
from readiness.judge.decision import label
from readiness.judge.needs import SETTLED
from readiness.judge.outcome import Outcome
from readiness.judge.outlook import Outlook
from readiness.judge.release import Horizon, Issue, Step
from readiness.judge.root_causes import RootCause
from readiness.judge.tail import by_name, lead
from readiness.judge.verdict import CheckResult
from readiness.judge.wording import against, distance
from readiness.measurements.run import Load, Measurement
from readiness.metrics.catalogue import find
from readiness.numbers import count, number, share_words
from readiness.text import clean

MOST_CAUSES = 4
LIMITED = "; the load ran into a rate limit of the service (429): raise the limit for the test, or send less"
BLOCK = "lifts a block"
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
    outlook: Outlook,
    load: Load | None,
    roots: Sequence[RootCause] = (),
) -> tuple[Step, ...]:
    """Most effective first: the run itself, what blocks or is unknown, what a better decision asks for, the rest.

    Within a horizon the step comes first whose checks lack the most points of the score.
    """
    found = [Step(f"Mend the run first: {doubt}.", Horizon.IMMEDIATE, (), 0.0, "decides") for doubt in doubts]
    begin = _Begin(_slow(outlook, roots), _time(load), next(iter(_failures(load)), ""))
    weight = sum(item.result.weight for item in judged if item.result.outcome is not Outcome.NOT_APPLICABLE)
    decisive = {key for flip in outlook.flips if flip.passing for key in flip.checks}
    rest = [_step(todo, decisive, weight, begin) for todo in _todos(judged)]
    order = list(Horizon)
    rest.sort(key=lambda step: (order.index(step.horizon), not step.effect.startswith(BLOCK), -step.gain))
    # What failed and blocks decides whatever else is in doubt about the run.
    failed = {item.result.key for item in judged if item.result.outcome is Outcome.FAIL}
    first = [step for step in rest if step.effect.startswith(BLOCK) and failed & set(step.checks)]
    return (*first, *found, *(step for step in rest if step not in first))


def _todos(judged: Sequence[Judged]) -> list[_Todo]:
    """One for each remedy; checks with the same remedy share it."""
    found: dict[str, _Todo] = {}
    for item in sorted(judged, key=lambda item: -distance(item.result)):
        check = item.result
        if check.outcome in SETTLED:
            continue
        metric = find(check.name)
        if check.outcome in _UNKNOWN:
            text = f"{label(check)}: make it measurable; {check.message[0].lower()}{check.message[1:]}"
            key = text
        elif item.remedy:
            text, key = f"Measure latency again: {item.remedy}.", f"remedy {item.remedy}"
        elif check.outcome is Outcome.INCONCLUSIVE and item.credit.point == 1:
            text = f"{label(check)}: run longer or with more load; the value is good, the proof is missing."
            key = "evidence"
        else:
            text = f"{label(check)}: {metric.fix if metric else 'this version does not know it'}"
            key = metric.fix if metric else text
        todo = found.setdefault(key, _Todo(text, []))
        todo.items.append(item)
    return list(found.values())


def _headline(todo: _Todo, begin: str) -> str:
    """For whom, what, and where to begin, without the reasons."""
    first = label(todo.items[0].result)
    name, more = first, len(todo.items) - 1
    if more:
        name += f" and {count(more, 'more check')}"
    what = re.split(r"[:;.](?:\s|$)", todo.text.removeprefix(f"{first}: "), maxsplit=1)[0]
    if begin:
        return f"{name}: begin with {begin.partition(': ')[0]}"
    return f"{name}: {what[:1].lower()}{what[1:]}"


def _step(todo: _Todo, decisive: set[str], weight: float, begin: _Begin) -> Step:
    results = [item.result for item in todo.items]
    gain = 100 * sum(item.result.weight * (1 - item.credit.point) for item in todo.items) / weight if weight else 0.0
    if any(check.effect == OnFail.BLOCK for check in results):
        horizon, effect = Horizon.IMMEDIATE, BLOCK
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
    return Step(_with_cause(todo, where), horizon, keys, round(gain, 6), effect, _headline(todo, where))


def _where(todo: _Todo, begin: _Begin) -> str:
    """The endpoint to begin with, and why; "" where nothing says so."""
    name = todo.items[0].result.name
    area = name if name == "latency.mean" else name.partition(".")[0]
    if not any(item.credit.point < 1 and not item.remedy for item in todo.items):
        return ""
    return {"latency": begin.slow, "latency.mean": begin.time, "http": begin.failed}.get(area, "")


def _with_cause(todo: _Todo, where: str) -> str:
    """The text, with all the checks that it is for and the endpoint to begin with."""
    first = todo.items[0].result
    others = [label(item.result) for item in todo.items[1:]]
    text = todo.text
    if others and text.startswith(f"{label(first)}: "):
        named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        text = f"{label(first)} (also {named}): {text.removeprefix(f'{label(first)}: ')}"
    return f"{text} Begin with {where}." if where else text


def _slow(outlook: Outlook, roots: Sequence[RootCause]) -> str:
    """The endpoint to begin with: the first root cause if there is one, else what is slow most often."""
    if outlook.tail is None:
        return ""
    if not roots:
        part = lead(outlook.tail)
        return f"{part.name}: {part.slow:,} of its {part.requests:,} requests were slow"
    root = roots[0]
    text = (
        f"{root.endpoint}: it has {share_words(root.tail_share)} of the slowest twentieth of all requests, and is "
        f"{share_words(root.request_share)} of all"
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
    outlook: Outlook,
    planned: Sequence[Step],
    load: Load | None,
    measurements: Sequence[Measurement],
    stalls: Sequence[str],
    roots: Sequence[RootCause] = (),
) -> tuple[Issue, ...]:
    """What did not pass, by what is wrong: slow answers and failed requests as one each, everything else by check."""
    groups: dict[str, list[Judged]] = {}
    for item in judged:
        if item.result.outcome not in SETTLED:
            groups.setdefault(_group(item), []).append(item)
    found = []
    for name, items in groups.items():
        results = [item.result for item in items]
        keys = tuple(check.key for check in results)
        many = name in ("Slow answers", "Failed requests") and len(items) > 1
        found.append(
            Issue(
                name if many else label(results[0]),
                keys,
                tuple(f"{label(check)}: {_problem(check)}" for check in results),
                _causes(name, items, outlook, load, measurements, stalls, roots),
                tuple(step.text for step in planned if set(step.checks) & set(keys)),
            )
        )
    return tuple(found)


def _problem(check: CheckResult) -> str:
    """A failure in a few words, as its whole message stands with the check; else the message."""
    return f"{against(check)}." if check.outcome is Outcome.FAIL and check.value is not None else check.message


def _group(item: Judged) -> str:
    name = item.result.name
    if item.result.outcome in _UNKNOWN:
        return item.result.key
    if name.startswith("latency."):
        return "Slow answers"
    return "Failed requests" if name.startswith("http.") else item.result.key


def _causes(
    name: str,
    items: Sequence[Judged],
    outlook: Outlook,
    load: Load | None,
    measurements: Sequence[Measurement],
    stalls: Sequence[str],
    roots: Sequence[RootCause],
) -> tuple[str, ...]:
    first = items[0]
    if first.result.outcome in _UNKNOWN:
        missing = (first.result.name, first.result.scope)
        return tuple(one.reason for one in measurements if (one.metric, one.scope) == missing and one.reason)
    if first.remedy:
        return (f"The measurement itself is in question: {first.remedy}.",)
    if name == "Slow answers":
        parts = outlook.tail.parts[:2] if outlook.tail else ()
        slow = (f"{part.name}: {count(part.slow, 'slow request')}, {share_words(part.share)} of all" for part in parts)
        return (
            *(f"{root.sentence}." for root in roots),
            *([outlook.tail.text] if outlook.tail else ()),
            *slow,
            *stalls[:MOST_CAUSES],
        )
    if name == "Failed requests":
        return _failures(load)
    if name == "cache.hit_rate":
        unused = _bad_details("cache.fallback", first.result.scope, measurements)
        if unused:
            return (f"The cache itself was not in use, so nothing could be found in it: {unused[0]}. Mend that first.",)
    wanted = dict.fromkeys((item.result.name, item.result.scope) for item in items)
    return tuple(text for key in wanted for text in _bad_details(*key, measurements))[:MOST_CAUSES]


def _bad_details(name: str, scope: str | None, measurements: Sequence[Measurement]) -> list[str]:
    """What a probe saw and marked as wrong."""
    return [
        f"{clean(detail.subject)}: {clean(detail.observed)}{f' ({clean(detail.note)})' if detail.note else ''}"
        for measurement in measurements
        if (measurement.metric, measurement.scope) == (name, scope)
        for detail in measurement.details
        if detail.ok is False
    ]


def _failures(load: Load | None) -> tuple[str, ...]:
    if load is None:
        return ()
    found = []
    for endpoint in load.endpoints:
        record = endpoint.judged
        bad = record.failures + record.in_flight
        if bad:
            classes = [f"{n:,} × {name}" for name, n in sorted(record.failed.items(), key=lambda pair: -pair[1])]
            classes += [f"{record.in_flight:,} × still running"] if record.in_flight else []
            hint = LIMITED if record.failed.get("rate_limited") else ""
            shown = f"{endpoint.name} ({endpoint.scenario}): {', '.join(classes)} of {record.requests:,}{hint}"
            found.append((bad, shown))
    found.sort(key=lambda pair: -pair[0])
    return tuple(text for _, text in found[:MOST_CAUSES])
