"""How often a load that ends as soon as its checks are decided ends wrongly, and how soon it ends.

Judged at the checkpoints of a load of 120 s at most, as `duration: until_decided` is; the first answer stands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from benchmarks.correlated import Floats
from benchmarks.judged import P95, answer, recording
from benchmarks.processes import GOOD, Process, independent, slow_times, two_states, wandering, wandering_chance
from benchmarks.table import Mapper, at_most
from readiness.judge.early_stop import checkpoints
from readiness.judge.limit_test import Proof
from readiness.judge.readings import reading_of
from readiness.measurements.histogram import merge
from readiness.measurements.run import Recording

MOST_S = 120.0
PER_S = 50.0
RATIOS = (1.0, 0.8, 0.5)
PROCESSES = (
    independent(0.5),
    *(wandering(tau_s, 0.75) for tau_s in (1.0, 3.0, 6.0)),
    wandering_chance(3.0),
    two_states(1, 10),
    slow_times(10, 1.2),
)


@dataclass(frozen=True)
class End:
    """The first answer, and when it came."""

    proof: Proof
    at_s: float


def report(each: Mapper, runs: int) -> None:
    """Print wrong answers on the limit, and the ends at half of it."""
    times = ", ".join(f"{at_s:.0f}" for at_s in checkpoints(MOST_S))
    print(f"until_decided, P95, {MOST_S:g} s at most, {PER_S:g}/s, judged at {times} s: wrong READY on the limit")
    for process, by_ratio in zip(PROCESSES, each(partial(ends, runs=runs), PROCESSES), strict=True):
        wrong = _percent(by_ratio[0], Proof.YES)
        more = f"wrong NOT READY {_percent(by_ratio[0], Proof.NO):.1f} %"
        for ratio, found in zip(RATIOS[1:], by_ratio[1:], strict=True):
            usually_s = median(end.at_s for end in found)
            more += f"; at {ratio:g} x {_percent(found, Proof.YES):.0f} % READY, usually at {usually_s:.0f} s"
        at_most(process.words, wrong, GOOD, more)
    print()


def ends(process: Process, runs: int) -> tuple[list[End], ...]:
    """How each run ends, for each of RATIOS."""
    generator = process.seeded("until_decided")
    times, latencies_ms = process.run(generator, runs, MOST_S, PER_S)
    limits_ms = [process.truth.quantile_ms(0.95) / ratio for ratio in RATIOS]
    every = [_ends(at_s, ms, limits_ms) for at_s, ms in zip(times.at_s, latencies_ms, strict=True)]
    return tuple(list(column) for column in zip(*every, strict=True))


def _ends(at_s: Floats, latencies_ms: Floats, limits_ms: Sequence[float]) -> list[End]:
    slices = recording(at_s, latencies_ms, MOST_S).slices
    found: dict[float, End] = {}
    for checkpoint_s in checkpoints(MOST_S):
        seen = slices[: math.ceil(checkpoint_s)]
        record = Recording(merge(*(one.ok for one in seen)), slices=seen)
        reading = replace(reading_of(record, P95, 0.0, float(len(seen))), looked=True)
        for limit_ms in limits_ms:
            if limit_ms not in found and (proof := answer(reading, P95, limit_ms).proof) is not Proof.OPEN:
                found[limit_ms] = End(proof, float(len(seen)))
    return [found.get(limit_ms, End(Proof.OPEN, MOST_S)) for limit_ms in limits_ms]


def _percent(found: Sequence[End], proof: Proof) -> float:
    return 100 * sum(end.proof is proof for end in found) / len(found)
