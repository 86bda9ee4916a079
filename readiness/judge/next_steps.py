"""What to do next, ranked by what it does to the decision."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readiness.config.model import OnFail
from readiness.judge.check import Judged
from readiness.judge.decision import label
from readiness.judge.failed_requests import FailedRequests, foremost, to_do
from readiness.judge.needs import SETTLED
from readiness.judge.outcome import Outcome
from readiness.judge.outlook import Diagnosis, DiagnosisKind, Need, Outlook, RootCause
from readiness.judge.release import Horizon, NextStep
from readiness.judge.slow_requests import by_name
from readiness.judge.standing_still import what_to_find
from readiness.judge.verdict import CheckResult
from readiness.judge.wording import distance
from readiness.measurements.run import Load
from readiness.measurements.scopes import bare
from readiness.metrics.catalogue import find, is_drill, is_latency
from readiness.text.numbers import count, number, share_words

_BLOCK = "lifts a block"
FIX_RUN = "Fix the run first: "
SLOW, FAILED, UNPROVEN = "Slow answers", "Failed requests", "Within the limit, not proven"
FAILED_FIX = "Read the failures by endpoint and reason in this report, then the service's log for those seconds."
_AGAIN = "Measure latency again"
_PROOF = "within the limit, the proof is missing"
UNKNOWN = frozenset({Outcome.ERROR, Outcome.SKIPPED})


@dataclass(frozen=True, slots=True)
class _Begin:
    """Where to begin with slow answers, with the mean and with failed requests; "" where nothing says so."""

    slow: str
    slow_for: frozenset[str]
    """The scopes that the first speaks of."""
    time: str
    failed: str
    to_do: str
    """About the last, in one line."""
    still: str
    """What to find where the whole service stands still, which no endpoint has to do with."""


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
    diagnoses: Sequence[Diagnosis] = (),
) -> tuple[NextStep, ...]:
    """Most effective first: the run itself, what blocks or is unknown, what a better decision asks for, the rest.

    Within a horizon the step comes first whose checks lack the most points of the score.
    """
    found = [NextStep(f"{FIX_RUN}{doubt}.", Horizon.IMMEDIATE, (), 0.0, "decides") for doubt in doubts]
    still = load is not None and bool(diagnoses) and diagnoses[0].kind is DiagnosisKind.STANDSTILL
    begin = _Begin(
        _slow(roots),
        _scopes(roots),
        most_time(load),
        foremost(failed) if failed else "",
        to_do(failed) if failed else "",
        what_to_find(load) if still and load else "",
    )
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
    proofs = {(item.result.name, item.result.scope): label(item.result) for item in judged if lacks_proof(item)}
    longest = max(
        (need for need in needs if need.window_s and (need.name, need.scope) in proofs),
        key=lambda need: need.window_s or 0,
        default=None,
    )
    named = proofs[longest.name, longest.scope] if longest else ""
    for item in sorted(judged, key=lambda item: -distance(item.result)):
        check = item.result
        if check.outcome in SETTLED:
            continue
        metric = find(check.name)
        if item.not_ready:
            text, key = f"{label(check)}: {item.not_ready.to_do}", item.not_ready.cause
        elif failing(item):
            text, key = f"{label(check)}: {FAILED_FIX}", FAILED
        elif check.outcome in UNKNOWN:
            text = f"{label(check)}: make it measurable; {check.message[:1].lower()}{check.message[1:]}"
            key = check.message
        elif item.remedy:
            text, key = f"{_AGAIN}: {item.remedy}.", f"remedy {item.remedy}"
        elif lacks_proof(item):
            more = _more_evidence(check, longest, named)
            text, key = f"{label(check)}: {more}; {_PROOF}.", f"evidence {more}"
        else:
            text = f"{label(check)}: {metric.fix if metric else 'this version does not know it'}"
            key = metric.fix if metric else text
        todo = found.setdefault(key, _Todo(text, []))
        todo.items.append(item)
    return list(found.values())


def lacks_proof(item: Judged) -> bool:
    """Whether the value is good, and only too little was measured."""
    open_ = item.result.outcome is Outcome.INCONCLUSIVE and item.credit.point == 1
    return open_ and not item.remedy and not item.by_time


def _more_evidence(check: CheckResult, longest: Need | None, named: str) -> str:
    """A drill has a length and a load of its own: a longer run adds nothing to it."""
    if is_drill(check.name):
        return f"more requests in it, by `for` or `rate` of drills.{check.scope}"
    if longest is None or longest.window_s is None:
        return "run longer or with more load"
    return f"run longer or with more load, about {longest.window_s:,} s at this load ({named} needs the longest)"


def failing(item: Judged) -> bool:
    """Whether failed requests are what is wrong."""
    check = item.result
    if check.because_failed:
        return True
    sure = not lacks_proof(item) and not item.remedy
    return check.name.startswith("http.") and check.outcome not in UNKNOWN and sure


def _headline(todo: _Todo, where: str, begin: _Begin) -> str:
    """What to do first in one short sentence, and for which checks; without the reasons."""
    if where and failing(todo.items[0]):
        return begin.to_do
    first = label(todo.items[0].result)
    name, more = first, len(todo.items) - 1
    if more:
        name += f" and {count(more, 'more check')}"
    what = re.split(r"[:;.](?:\s|$)", todo.text.removeprefix(f"{first}: "), maxsplit=1)[0]
    if _PROOF in todo.text:
        what += f"; {_PROOF}"
    if todo.items[0].result.outcome in UNKNOWN and not todo.items[0].not_ready:
        what = todo.text.removeprefix(f"{first}: ").rstrip(".")
    if (remedy := todo.items[0].remedy) and todo.text.startswith(_AGAIN):
        return f"{remedy[:1].upper()}{remedy[1:]}, then run again: {name}"
    if where and where == begin.still:
        return f"{where[:1].upper()}{where[1:]}: {name}"
    if where:
        return f"Begin with {where.partition(': ')[0]}: {name}"
    return f"{name}: {what[:1].lower()}{what[1:]}"


def _step(todo: _Todo, decisive: set[str], weight: float, begin: _Begin) -> NextStep:
    results = [item.result for item in todo.items]
    gain = 100 * sum(item.result.weight * (1 - item.credit.point) for item in todo.items) / weight if weight else 0.0
    if any(check.effect == OnFail.BLOCK for check in results):
        horizon, effect = Horizon.IMMEDIATE, _BLOCK
    elif any(check.outcome in UNKNOWN or item.remedy for check, item in zip(results, todo.items, strict=True)):
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
    return NextStep(
        _with_cause(todo, where, begin), horizon, keys, round(gain, 6), effect, _headline(todo, where, begin)
    )


def _where(todo: _Todo, begin: _Begin) -> str:
    """The endpoint to begin with, and why; "" where nothing says so."""
    check = todo.items[0].result
    if failing(todo.items[0]):
        return begin.failed
    if not is_latency(check.name) or check.outcome in UNKNOWN:
        return ""
    if not any((item.credit.point < 1 or item.by_time) and not item.remedy for item in todo.items):
        return ""
    if begin.still:
        return begin.still
    scopes = {item.result.scope for item in todo.items}
    if check.name == "latency.mean":
        return begin.time if scopes & {None, begin.time.partition(": ")[0]} else ""
    return begin.slow if scopes & {None, *begin.slow_for} else ""


def _with_cause(todo: _Todo, where: str, begin: _Begin) -> str:
    """The text, with all the checks that it is for and the endpoint to begin with."""
    first = todo.items[0].result
    others = [label(item.result) for item in todo.items[1:]]
    text = todo.text
    said = f"First {where}." if where == begin.still else f"Begin with {where}."
    if others and text.startswith(f"{label(first)}: "):
        named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
        text = f"{label(first)} (also {named}): {text.removeprefix(f'{label(first)}: ')}"
    return f"{text} {said}" if where else text


def _scopes(roots: Sequence[RootCause]) -> frozenset[str]:
    return frozenset({roots[0].endpoint, bare(roots[0].endpoint), *roots[0].scenario.split(", ")} if roots else ())


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


def most_time(load: Load | None) -> str:
    """The endpoint that takes the largest part of all the time that users waited."""
    records = by_name(load.endpoints) if load else {}
    whole_us = sum(record.ok.sum_us for record in records.values())
    if not whole_us:
        return ""
    name = max(records, key=lambda one: records[one].ok.sum_us)
    return f"{name}: it takes {share_words(records[name].ok.sum_us / whole_us)} of all the time that users wait"
