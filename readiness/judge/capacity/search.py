"""Which load to try next: double until the limits break, bisect, then prove both ends of what is left. Pure.

The search is steered by what attempts suggest, and claims only what a hold for proof has proven. It supposes that a
service that breaks its limits at one height breaks them at every larger one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from readiness.judge.capacity.attempt import Attempt, TrialFinding

START_SHARE = 1 / 16
"""Of the largest height: where the search begins."""
UP, DOWN = 2.0, 4.0
_CLOSE = 1.1
"""Heights that are this close to each other bracket the answer."""
MAX_PROOFS = 4
"""Holds for proof. The error of all of them together stays within the configured one (Bonferroni)."""
MAX_ATTEMPTS = 26
LONGER = 2.5
MAX_HICCUPS = 3
_NEARLY_ALL = 0.9
"""A larger share of failed requests twice in a row: is the service still there?"""
_BROKE = (TrialFinding.BROKEN, TrialFinding.LEANS_BROKEN)
_TRIES = 2
"""Holds for proof of one height, the second one LONGER."""


@dataclass(frozen=True, slots=True)
class Range:
    """The heights that may be tried."""

    least: float
    most: float
    whole: bool
    """Whether heights are whole numbers (users)."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What to try next."""

    height: float
    proof: bool
    stretch: float = 1.0
    """Times the usual length."""


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What may be said: the limits are kept up to `low`, and not at `high`."""

    low: float | None
    """Largest height that is proven; None when none is."""
    high: float | None
    """Smallest height above it that broke the limits, or seems to; without one the smallest that stayed open."""
    high_finding: TrialFinding | None
    high_reason: str = ""
    high_proof: bool = False
    """Whether `high` was held for proof too; before 0.2.0 only where a trial looked broken."""
    undecided: float | None = None
    """Smallest height between both that was tried and stayed open."""
    no_recovery: bool = False
    """Whether loads broke the limits after `high` that had kept them before it."""


def next_step(attempts: Sequence[Attempt], heights: Range) -> Hold | SearchAnswer:
    """The next hold, or the answer when nothing is left to try."""
    proofs = sum(attempt.proof for attempt in attempts)
    if len(attempts) >= MAX_ATTEMPTS:
        return answer(attempts)
    if not attempts:
        return Hold(_round(max(heights.most * START_SHARE, heights.least), heights), proof=False)
    if _worth_repeating(attempts):
        return Hold(attempts[-1].height, attempts[-1].proof)
    if lost_at(attempts) is not None:
        return answer(attempts)
    if (again := _recovered(attempts)) is not None:
        return again
    low, high = _bracket(attempts)
    if low is None:
        return _down(attempts, heights, high, proofs)
    if high is None and low.height < heights.most:
        return Hold(_round(min(low.height * UP, heights.most), heights), proof=False)
    proven = low.proof and low.finding is TrialFinding.KEPT
    stepping_down = any(attempt.proof and attempt.height >= (high or low).height for attempt in attempts) and not proven
    if high is not None and not stepping_down and (middle := _middle(low.height, high.height, heights)) is not None:
        return Hold(middle, proof=False)
    if proofs >= MAX_PROOFS:
        return answer(attempts)
    if not proven:
        return _prove(attempts, heights, low, high, MAX_PROOFS - proofs)
    found = answer(attempts)
    if found.high is not None and found.high_finding in _BROKE and not found.high_proof:
        return Hold(found.high, proof=True)
    return found


def answer(attempts: Sequence[Attempt]) -> SearchAnswer:
    """What the attempts support, finished or not."""
    if (lost := lost_at(attempts)) is not None:  # what came after it says nothing of the service as it was
        return replace(answer(attempts[: lost + 1]), no_recovery=True)
    latest = _latest(attempts)
    kept = [one.height for one in latest if one.proof and one.finding is TrialFinding.KEPT]
    low = max(kept, default=None)
    above = [one for one in latest if not _upwards(one, attempts) and (low is None or one.height > low)]
    nearest = min(above, key=lambda one: one.height, default=None)
    high = min((one for one in above if one.finding in _BROKE), key=lambda one: one.height, default=nearest)
    if nearest is None or high is None:
        return SearchAnswer(low, None, None)
    undecided = nearest.height if nearest is not high else None
    return SearchAnswer(low, high.height, high.finding, high.reason, high.proof, undecided)


def lost_at(attempts: Sequence[Attempt]) -> int | None:
    """Which attempt the target did not recover from: after it even the smallest load that it had kept was too much."""
    since = _downs_since(attempts)
    kept = [one.height for one in attempts[:since] if one.finding is TrialFinding.KEPT]
    trials = [one for one in attempts[since + 1 :] if not one.proof and one.finding in _BROKE]
    return since if any(one.height <= min(kept, default=0.0) for one in trials) else None


def _recovered(attempts: Sequence[Attempt]) -> Hold | None:
    """The smallest load that was kept, once more: where loads break that were kept, or nearly all fails twice."""
    since = _downs_since(attempts)
    kept = [one.height for one in attempts[:since] if one.finding is TrialFinding.KEPT]
    downs = attempts[since:]
    if not kept or len(downs) < 2 or downs[-1].finding is not TrialFinding.BROKEN:
        return None
    nearly_all = all(one.failures > _NEARLY_ALL * one.requests for one in downs[-2:])
    return Hold(min(kept), proof=False) if nearly_all or downs[-1].height <= max(kept) else None


def _downs_since(attempts: Sequence[Attempt]) -> int:
    """Where the run of attempts begins of which none kept the limits: at the first one that broke them."""
    ups = [index for index, one in enumerate(attempts) if one.finding.upwards]
    begin = ups[-1] + 1 if ups else 0
    broke = (index for index in range(begin, len(attempts)) if attempts[index].finding in _BROKE)
    return next(broke, len(attempts))


def _prove(attempts: Sequence[Attempt], heights: Range, low: Attempt, high: Attempt | None, left: int) -> Hold:
    """Hold `low` for proof; once more and longer when that stayed open; lower when it failed or stayed open again."""
    last = attempts[-1]
    kept = [one for one in attempts if one.finding is TrialFinding.KEPT and one.height <= low.height]
    safest = max(kept, key=lambda one: (one.height, one.proof), default=None)
    if left == 1 and safest is not None and not safest.proof:  # the last one goes where it looked proven already
        return Hold(safest.height, proof=True)
    if last.proof and last is high:
        stuck = last.finding.upwards
        shorter = _CLOSE ** (MAX_PROOFS - left)  # longer steps the more of them failed
        lower = _round(math.sqrt(low.height * last.height) if stuck else last.height / shorter, heights)
        if low.height < lower < last.height:
            return Hold(lower, proof=True)
    tries = sum(attempt.proof and attempt.height == low.height for attempt in attempts)
    return Hold(low.height, proof=True, stretch=LONGER if tries else 1.0)


def _down(attempts: Sequence[Attempt], heights: Range, high: Attempt | None, proofs: int) -> Hold | SearchAnswer:
    """Nothing was inside the limits yet: lower, down to the least; there, a proof that even that breaks them."""
    if high is None:
        return answer(attempts)
    if high.height > heights.least:
        return Hold(_round(max(high.height / DOWN, heights.least), heights), proof=False)
    if high.finding in _BROKE and not high.proof and proofs < MAX_PROOFS:
        return Hold(high.height, proof=True)
    return answer(attempts)


def _bracket(attempts: Sequence[Attempt]) -> tuple[Attempt | None, Attempt | None]:
    """(largest height that looks kept below, smallest that does not); a proof outweighs a trial."""
    latest = _latest(attempts)
    proven = max((one.height for one in latest if one.proof and one.finding is TrialFinding.KEPT), default=-math.inf)
    downs = [one for one in latest if not _upwards(one, attempts) and one.height > proven]
    high = min(downs, key=lambda one: one.height, default=None)
    ups = [one for one in latest if _upwards(one, attempts) and (high is None or one.height < high.height)]
    return max(ups, key=lambda one: one.height, default=None), high


def _upwards(one: Attempt, attempts: Sequence[Attempt]) -> bool:
    """Whether the answer may lie above it; what a long hold does not prove is not tried a third time."""
    tries = sum(attempt.proof and attempt.height == one.height for attempt in attempts)
    return one.finding.upwards and not (one.finding is TrialFinding.LEANS_KEPT and tries >= _TRIES)


def _worth_repeating(attempts: Sequence[Attempt]) -> bool:
    """Whether the last attempt failed on our side, for the first time at its height: a hiccup is no limit."""
    ours = [one for one in attempts if one.finding in (TrialFinding.GENERATOR, TrialFinding.UNTRUSTED)]
    last = attempts[-1]
    again = sum(one.height == last.height for one in ours) > 1 or (
        last.proof and sum(one.proof for one in attempts) >= MAX_PROOFS
    )
    return last in ours[-1:] and not again and len(ours) <= MAX_HICCUPS


def _latest(attempts: Sequence[Attempt]) -> list[Attempt]:
    """The last word on each height. No trial overrules a hold for proof, and no open one what another has proven."""
    found: dict[float, Attempt] = {}
    for attempt in attempts:
        before = found.get(attempt.height)
        proven = before is not None and before.proof and before.finding is TrialFinding.KEPT
        if before is None or not before.proof or (attempt.proof and (not proven or attempt.finding in _BROKE)):
            found[attempt.height] = attempt
    return list(found.values())


def _middle(low: float, high: float, heights: Range) -> float | None:
    """The height between them, on a logarithmic scale; None when they are close enough."""
    if high / low <= _CLOSE or (heights.whole and high - low <= 1):
        return None
    middle = _round(math.sqrt(low * high), heights)
    if heights.whole:
        return min(max(middle, low + 1), high - 1)
    return middle if low < middle < high else None


def _round(height: float, heights: Range) -> float:
    """A height that may be tried: whole, or with three digits; the ends of the range as they are."""
    if height >= heights.most:
        return heights.most
    shown = float(round(height)) if heights.whole else float(f"{height:.3g}")
    return min(max(shown, heights.least), heights.most)
