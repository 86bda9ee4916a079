"""Which load to try next: double until the limits break, bisect, then prove both ends of what is left. Pure.

The search is steered by what attempts look like, and claims only what a hold for proof has proven. It supposes that a
service that breaks its limits at one height breaks them at every larger one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
    """Smallest height above it that was tried and did not keep the limits; None when there is none."""
    high_finding: TrialFinding | None
    high_reason: str = ""


def next_step(attempts: Sequence[Attempt], heights: Range) -> Hold | SearchAnswer:
    """The next hold, or the answer when nothing is left to try."""
    proofs = sum(attempt.proof for attempt in attempts)
    if len(attempts) >= MAX_ATTEMPTS:
        return answer(attempts)
    if not attempts:
        return Hold(_round(max(heights.most * START_SHARE, heights.least), heights), proof=False)
    if _worth_repeating(attempts):
        return Hold(attempts[-1].height, attempts[-1].proof)
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
    if high is not None and high.finding is TrialFinding.LEANS_BROKEN and not high.proof:
        return Hold(high.height, proof=True)
    return answer(attempts)


def answer(attempts: Sequence[Attempt]) -> SearchAnswer:
    """What the attempts support, finished or not."""
    latest = _latest(attempts)
    kept = [one.height for one in latest if one.proof and one.finding is TrialFinding.KEPT]
    low = max(kept, default=None)
    above = [one for one in latest if not _upwards(one, attempts) and (low is None or one.height > low)]
    high = min(above, key=lambda one: one.height, default=None)
    if high is None:
        return SearchAnswer(low, None, None)
    return SearchAnswer(low, high.height, high.finding, high.reason)


def _prove(attempts: Sequence[Attempt], heights: Range, low: Attempt, high: Attempt | None, left: int) -> Hold:
    """Hold `low` for proof; once more and longer when that stayed open; lower when it failed or stayed open again."""
    last = attempts[-1]
    kept = [one.height for one in attempts if one.finding is TrialFinding.KEPT and one.height <= low.height]
    if left == 1 and kept:  # the last one goes where it looked proven already
        return Hold(max(kept), proof=True)
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
    if high.finding is TrialFinding.LEANS_BROKEN and not high.proof and proofs < MAX_PROOFS:
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
    """The last word on each height; a hold for proof is not overruled by a trial."""
    found: dict[float, Attempt] = {}
    for attempt in attempts:
        before = found.get(attempt.height)
        if before is None or attempt.proof or not before.proof:
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
