"""How often a load that ends as soon as its checks are decided ends wrongly, and how soon it ends.

The same kinds of latencies as in `benchmarks/verdicts.py`, for 120 s at 50 requests a second. The judge looks after
every second from the fifteenth on, with the bounds of one look and with those that hold at every look, and the first
answer stands.
"""

from __future__ import annotations

import zlib

import numpy as np

from benchmarks import verdicts
from benchmarks.verdicts import CENTRE_MS, KINDS, Kind, latencies_ms
from readiness.config.model import Limit, Operator
from readiness.judge.looks import MIN_JUDGED_S
from readiness.judge.proof import LOOKED, ONCE, Proof, Rules, tally
from readiness.judge.readings import Reading, wander_of
from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.run import Recording, Slice
from readiness.metrics.catalogue import find

RUNS = 60
SECONDS = 120
PER_SECOND = 50
RATIOS = (0.5, 0.8, 1.0, 1.1, 1.5)
FIXED_S = 60
SHOWN = ("independent", "light wander", "AR(1) 0.8", "bursts")


def main() -> None:
    print(f"P95 at 95 %, {PER_SECOND} requests/s, {RUNS} runs a cell, a look a second; truth at a ratio of the limit")
    print(
        f"{'':14} {'ratio':>6}  every look: pass fail open, seconds saved of {FIXED_S}    one look's bound: pass fail"
    )
    for kind in KINDS:
        if kind.name in SHOWN:
            _kind(kind)


def _kind(kind: Kind) -> None:
    verdicts.SECONDS = SECONDS
    generator = np.random.default_rng(zlib.crc32(kind.name.encode()))
    drawn = latencies_ms(generator, kind, SECONDS * PER_SECOND, RUNS)
    ends: dict[tuple[float, str], list[tuple[Proof, float]]] = {}
    for values in drawn:
        us = np.rint(values * 1000).astype(np.int64).reshape(SECONDS, PER_SECOND)
        slices = [Slice(float(at), 1.0, Histogram.of_us(second), 0) for at, second in enumerate(us)]
        for key, end in _first_answers(slices).items():
            ends.setdefault(key, []).append(end)
    for ratio in RATIOS:
        looked, once = ends[ratio, "looked"], ends[ratio, "once"]
        saved = 1 - np.mean([min(at_s, FIXED_S) for _, at_s in looked]) / FIXED_S
        print(
            f"{kind.name:14} {ratio:6.2f}  {_share(looked, Proof.YES):15.0f} {_share(looked, Proof.NO):4.0f} "
            f"{_share(looked, Proof.OPEN):4.0f} {100 * saved:15.0f} %"
            f"{_share(once, Proof.YES):32.0f} {_share(once, Proof.NO):4.0f}"
        )


def _share(ends: list[tuple[Proof, float]], proof: Proof) -> float:
    return 100 * sum(found is proof for found, _ in ends) / len(ends)


def _first_answers(slices: list[Slice]) -> dict[tuple[float, str], tuple[Proof, float]]:
    """The first answer for each ratio and each kind of bound, and when it came."""
    found: dict[tuple[float, str], tuple[Proof, float]] = {}
    ways: tuple[tuple[str, Rules], ...] = (("looked", LOOKED), ("once", ONCE))
    metric = find("latency.p95")
    assert metric is not None
    for seconds in range(int(MIN_JUDGED_S), SECONDS + 1):
        record = Recording(merge(*(one.ok for one in slices[:seconds])), slices=tuple(slices[:seconds]))
        moved = wander_of(record)
        for ratio in RATIOS:
            if all((ratio, way) in found for way, _ in ways):
                continue
            for way, rules in ways:
                reading = Reading(None, record.requests, "load", evidence=record, looked=way == "looked", moved=moved)
                counted = tally(reading, metric, Limit(Operator.LESS, CENTRE_MS / ratio, ""))
                assert counted is not None
                proof = counted.proof(rules, 0.95)
                if (ratio, way) not in found and proof is not Proof.OPEN:
                    found[ratio, way] = proof, float(seconds)
    return {(ratio, way): found.get((ratio, way), (Proof.OPEN, float(SECONDS))) for ratio in RATIOS for way, _ in ways}


if __name__ == "__main__":
    main()
