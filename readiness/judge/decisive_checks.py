"""Which checks, and how few, change the decision: towards a better one by passing, to a worse one by failing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from readiness.config.model import DecisionRule, OnFail
from readiness.judge import wording
from readiness.judge.check import Credit, Judged
from readiness.judge.decision import decide, label
from readiness.judge.outcome import Decision, Outcome
from readiness.judge.outlook import Flip
from readiness.judge.score import UNMEASURED, score
from readiness.judge.wording import against
from readiness.text.numbers import quantity

RANK = {Decision.NOT_READY: 0, Decision.INCONCLUSIVE: 0, Decision.CONDITIONAL: 1, Decision.READY: 2}
MOST_THREATS = 3
_PASSED = frozenset({Outcome.PASS, Outcome.WARN, Outcome.NOT_APPLICABLE})


def flips(
    judged: Sequence[Judged], rule: DecisionRule, doubts: Sequence[str], interrupted: str | None
) -> tuple[Flip, ...]:
    """What would better the decision, the nearest goal first; for READY, what would end it.

    Empty when the run itself is in doubt or was interrupted: then no check decides.
    """
    if doubts or interrupted:
        return ()
    now = _decision(judged, rule)
    if now is Decision.READY:
        return _threats(judged, rule)
    found: list[Flip] = []
    for goal in (Decision.CONDITIONAL, Decision.READY):
        if RANK[goal] <= RANK[now]:
            continue
        chosen = _smallest(judged, rule, goal)
        if chosen is None or (found and found[-1].checks == _keys(judged, chosen)):
            continue
        reached = _decision(_with(judged, chosen, Outcome.PASS), rule)
        if found and found[-1].decision is reached:
            continue
        farthest = sorted(chosen, key=lambda i: -wording.distance(judged[i].result))
        names = [label(judged[i].result) for i in farthest]
        text = f"{reached} when {_and(names)} {'passes' if len(names) == 1 else 'pass'}."
        found.append(Flip(reached, _keys(judged, chosen), True, text))
    return tuple(found)


def _smallest(judged: Sequence[Judged], rule: DecisionRule, goal: Decision) -> set[int] | None:
    """Indices of the fewest checks that reach `goal` by passing; None when all together do not.

    What the rules demand is in any such set; the score asks for more, taken by what each adds, the nearest to its
    limit first among equals: so no smaller set does it.
    """
    behind = [i for i, item in enumerate(judged) if item.result.outcome is not Outcome.PASS and _counts(item)]
    strict = {OnFail.BLOCK, OnFail.CONDITION} if goal is Decision.READY else {OnFail.BLOCK}
    chosen = {i for i in behind if judged[i].result.effect in strict and judged[i].result.outcome not in _PASSED}

    def adds(i: int) -> tuple[bool, float, float]:
        item = judged[i]
        lacks = 1 - (item.credit.low if goal is Decision.READY else item.credit.point)
        uncovered = item.result.outcome in UNMEASURED and total.coverage < rule.min_coverage
        return (not uncovered, -item.result.weight * lacks, distance(item))

    while RANK[_decision(_with(judged, chosen, Outcome.PASS), rule)] < RANK[goal]:
        total = score(_with(judged, chosen, Outcome.PASS))
        left = [i for i in behind if i not in chosen]
        if not left:
            return None
        chosen.add(min(left, key=adds))
    return chosen


def _threats(judged: Sequence[Judged], rule: DecisionRule) -> tuple[Flip, ...]:
    """The passing checks whose failure alone would end READY, the nearest to its limit first."""
    found: list[tuple[float, Flip]] = []
    for i, item in enumerate(judged):
        result = item.result
        room = headroom(item)
        if result.outcome is not Outcome.PASS or room is None:
            continue
        then = _decision(_with(judged, {i}, Outcome.FAIL), rule)
        if then is not Decision.READY:
            text = f"{then} if {label(result)} failed: {against(result)}, {_room(room)}."
            found.append((room, Flip(then, (result.key,), False, text)))
    found.sort(key=lambda pair: pair[0])
    return tuple(flip for _, flip in found[:MOST_THREATS])


def headroom(item: Judged) -> float | None:
    """Share (0 to 1) of the limit that is left; None where a ratio says nothing: counts, and what must be equal."""
    value, limit = item.result.value, item.limit
    if value is None or limit is None or limit <= 0 or not item.result.unit or item.result.pass_limit.startswith("=="):
        return None
    if item.result.pass_limit.startswith("<"):
        return (limit - value) / limit
    if item.result.unit == "%":
        # Against 99 %, 99.9 % leaves 90 % of the misses that may be.
        return (value - limit) / (100 - limit) if limit < 100 else None
    return (value - limit) / value if value > 0 else None


def distance(item: Judged) -> float:
    """How many times a value is off its limit, at least 1; infinite where there is no value."""
    value, limit = item.result.value, item.limit
    if value is None or limit is None:
        return float("inf")
    small, large = sorted((abs(value), abs(limit)))
    return large / small if small > 0 else large + 1


def _room(room: float) -> str:
    return f"{quantity(100 * room, '%')} of room left"


def _with(judged: Sequence[Judged], chosen: Collection[int], outcome: Outcome) -> list[Judged]:
    credit = Credit(1, 1, 1) if outcome is Outcome.PASS else Credit(0, 0, 0)
    return [
        replace(item, result=replace(item.result, outcome=outcome), credit=credit) if i in chosen else item
        for i, item in enumerate(judged)
    ]


def _decision(judged: Sequence[Judged], rule: DecisionRule) -> Decision:
    return decide([item.result for item in judged], score(judged), rule, (), None)[0]


def _counts(item: Judged) -> bool:
    return item.result.outcome is not Outcome.NOT_APPLICABLE


def _keys(judged: Sequence[Judged], chosen: Collection[int]) -> tuple[str, ...]:
    return tuple(judged[i].result.key for i in sorted(chosen))


def _and(names: Sequence[str]) -> str:
    if len(names) > 6:
        return f"{', '.join(names[:5])} and {len(names) - 5} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
