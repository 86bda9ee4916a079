"""How often a service inside its limit is READY, and whether a run that is as long as was said decides.

A run that decided nothing says how long one would (`Tally.times_needed`); another run of that length is drawn.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import partial
from statistics import median

import numpy as np

from benchmarks.judged import CONFIDENCE, P95, answer, recording, shares
from benchmarks.processes import Process, independent, pauses, slow_times, two_states, wandering, wandering_chance
from benchmarks.table import Mapper, at_least
from readiness.config.model import Limit, Operator
from readiness.judge.limit_test import Proof
from readiness.judge.proof import tally
from readiness.judge.readings import reading_of
from readiness.stats import share

MOST_TIMES = 20.0
"""Longer runs than this many times the first are not drawn."""


@dataclass(frozen=True)
class Power:
    """A service with its P95 at `ratio` of the limit, and the share of runs that should be READY."""

    process: Process
    ratio: float
    length_s: float
    per_s: float
    goal: float
    checks: int = 1
    """Independent checks that must all pass."""


POWERS = (
    Power(independent(0.5), 0.8, 60, 20, 99),
    Power(independent(0.5), 0.5, 60, 20, 99),
    Power(wandering(1, 0.75), 0.8, 60, 20, 75),
    Power(wandering(1, 0.75), 0.5, 60, 20, 95),
    Power(slow_times(10, 1.2), 0.8, 120, 20, 80),
    Power(pauses(10, 0.8), 0.8, 120, 20, 80),
    Power(independent(0.5), 0.8, 60, 10, 60, 20),
    Power(independent(0.5), 0.5, 60, 10, 60, 20),
)
OPEN = (
    Power(independent(0.5), 0.9, 60, 10, 80),
    Power(independent(0.5), 1.15, 60, 10, 80),
    Power(wandering(1, 0.75), 0.8, 60, 20, 80),
    Power(wandering(3, 0.75), 0.8, 60, 20, 80),
    Power(wandering(10, 0.75), 0.7, 60, 20, 80),
    Power(wandering_chance(1), 0.8, 60, 20, 80),
    Power(two_states(1, 10), 0.7, 60, 20, 80),
)


_KNOWN = wandering(1, 0.75)
_TAU_S, _PART = 1.0, 0.75**2 / (1 + 0.75**2)
"""Its time constant, and the share of the variance of a score that its level makes."""


@dataclass(frozen=True)
class Longer:
    """What became of the runs that decided nothing."""

    undecided: int
    median_times: float | None
    """How many times as long a run was called long enough, where one of MOST_TIMES was."""
    drawn: int
    decided: float | None
    """Share of the runs drawn anew that decided, in percent."""


def report(each: Mapper, runs: int) -> None:
    """Print all of it."""
    print("P95 within the limit: share of READY")
    for power, found in zip(POWERS, each(partial(ready, runs=runs), POWERS), strict=True):
        together = f", {power.checks} checks" if power.checks > 1 else ""
        alone = f"one check {found:.1f} %" if power.checks > 1 else ""
        at_least(f"{_words(power)}{together}", 100 * (found / 100) ** power.checks, power.goal, alone)
    print(f"\n{_KNOWN.words}, at 0.8 x, 60 s at 20/s: READY if the worth of a request and the shift of the level are")
    for words, found in known(runs).items():
        print(f"  {words:30} {found[0]:5.1f} %, and bursts excluded {found[1]:5.1f} %")
    print("\nUndecided runs, repeated for as long as they said: share decided")
    for power, longer in zip(OPEN, each(partial(longer_runs, runs=max(runs // 2, 1)), OPEN), strict=True):
        if longer.decided is None:
            print(f"{_words(power):70} {longer.undecided} undecided, none told a length of {MOST_TIMES:g} x or less")
            continue
        more = f"{longer.undecided} undecided, {longer.drawn} told a length, usually {longer.median_times:.1f} x"
        at_least(_words(power), longer.decided, power.goal, more)
    print()


def ready(power: Power, runs: int) -> float:
    """Share of READY, in percent."""
    times, latencies_ms = power.process.run(_seeded(power), runs, power.length_s, power.per_s)
    return shares(
        answer(reading_of(recording(at_s, ms, power.length_s), P95, 0.0, power.length_s), P95, _limit_ms(power))
        for at_s, ms in zip(times.at_s, latencies_ms, strict=True)
    ).ready


def known(runs: int) -> dict[str, tuple[float, float]]:
    """What a run would prove that did not have to estimate how its requests correlate: (without, with) bursts' rule.

    By Hermite's expansion of "over the limit" in the normal score, terms of order j correlate by the level's
    correlation to the power of j. The first is the shift, the others are what a request is worth.
    """
    length_s, per_s, allowed = 60.0, 20.0, 0.05
    needed, part = share.NORMAL.inv_cdf(1 - allowed), _PART
    single = share.NORMAL.pdf(needed) ** 2 / (allowed * (1 - allowed))
    terms = ((2, needed**2 / 2), (3, (needed**2 - 1) ** 2 / 6), (4, (needed**3 - 3 * needed) ** 2 / 24))
    true_worth = 1 + sum(single * c * part**j * 2 * _TAU_S * per_s / j for j, c in terms)
    true_shift = math.sqrt(part * 2 * _TAU_S / length_s)
    power = Power(_KNOWN, 0.8, length_s, per_s, 0)
    limit = Limit(Operator.LESS, _limit_ms(power), "")
    passed: dict[str, list[tuple[bool, bool]]] = {}
    times, latencies_ms = _KNOWN.run(_seeded(power), runs, length_s, per_s)
    for at_s, ms in zip(times.at_s, latencies_ms, strict=True):
        counted = tally(reading_of(recording(at_s, ms, length_s), P95, 0.0, length_s), P95, limit)
        if counted is None:
            continue
        bursts = counted.bursts_are_excluded(CONFIDENCE, counted.most)
        for worth_words, worth in (("known", true_worth), ("estimated", counted.worth_below(CONFIDENCE))):
            for shift_words, shift in (("known", true_shift), ("estimated", counted.level.shift(CONFIDENCE))):
                k, n = counted.most / worth, counted.requests / worth
                proven = share.chance_of_fewer(k, n, allowed, shift) <= 1 - CONFIDENCE
                passed.setdefault(f"{worth_words}, {shift_words}", []).append((proven, proven and bursts))
    return {
        words: (100 * float(np.mean([a for a, _ in row])), 100 * float(np.mean([b for _, b in row])))
        for words, row in passed.items()
    }


def longer_runs(power: Power, runs: int) -> Longer:
    """Every undecided run, once more and for as long as it said."""
    generator = _seeded(power)
    limit = Limit(Operator.LESS, _limit_ms(power), "")
    undecided, told, decided = 0, [], 0
    times, latencies_ms = power.process.run(generator, runs, power.length_s, power.per_s)
    for at_s, ms in zip(times.at_s, latencies_ms, strict=True):
        counted = tally(reading_of(recording(at_s, ms, power.length_s), P95, 0.0, power.length_s), P95, limit)
        if counted is None or counted.proof(CONFIDENCE) is not Proof.OPEN:
            continue
        undecided += 1
        longer = counted.times_needed(CONFIDENCE, MOST_TIMES)
        if longer is None:
            continue
        told.append(longer)
        length_s = power.length_s * longer
        again, again_ms = power.process.run(generator, 1, length_s, power.per_s)
        reading = reading_of(recording(again.at_s[0], again_ms[0], length_s), P95, 0.0, length_s)
        decided += answer(reading, P95, limit.value).proof is not Proof.OPEN
    if not told:
        return Longer(undecided, None, 0, None)
    return Longer(undecided, median(told), len(told), 100 * decided / len(told))


def _limit_ms(power: Power) -> float:
    return power.process.truth.quantile_ms(0.95) / power.ratio


def _seeded(power: Power) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(f"{_words(power)}".encode()))


def _words(power: Power) -> str:
    return f"{power.process.words}, at {power.ratio:g} x, {power.length_s:g} s at {power.per_s:g}/s"
