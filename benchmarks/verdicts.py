"""How often a verdict on P95 is wrong or open, for known truths: our proof beside a plain comparison.

Latencies are log-normal (sigma 0.8) over 40 s with a true P95 of 0.5 to 1.25 times the limit. Scaling the latencies is
scaling the limit, so one draw is judged against every limit, through the histograms and the comparison that a real run
goes through. Plain comparisons on the same draw: k6 interpolates linearly, Locust rounds to two digits and takes rank
floor(n p) + 1. Seeds are fixed; `python -m benchmarks.verdicts 200` draws 200 runs a cell instead of 1,000.
"""

from __future__ import annotations

import math
import sys
import time
import zlib
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from readiness.config.model import Limit, Operator
from readiness.judge.compare import Proof, compare
from readiness.judge.readings import Reading, wander_of
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Recording, Slice
from readiness.metrics.catalogue import find

RUNS = 1000
SECONDS = 40
SIGMA = 0.8
CENTRE_MS = 100.0
RATIOS = (0.50, 0.65, 0.80, 0.90, 0.95, 0.98, 1.00, 1.02, 1.05, 1.10, 1.25)
SIZES = (200, 500, 1000, 2000, 5000, 10_000)
USERS = 50
NORMAL = NormalDist()

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """How the latencies of one run depend on each other. `level` is the deviation of the log level."""

    name: str
    words: str
    level: float = 0.0
    remembers: float = 0.0
    """Correlation of the level with that of a second before (of a user: with that of the request before)."""
    burst: float = 0.0
    """Chance a second that a burst begins; half of them end each second, and they make everything 3 times as slow."""
    resolvable: bool = True
    """Whether a run of 40 s can know; the goal of 5 % is for these."""


KINDS = (
    Kind("independent", "every request by itself"),
    Kind("users", "50 users, each with a level that lasts about 10 requests", 0.25, 0.9),
    Kind("light wander", "10 % a second, time constant 4.5 s", 0.1, 0.8),
    Kind("AR(1) 0.5", "25 % a second, time constant 1.4 s", 0.25, 0.5),
    Kind("AR(1) 0.8", "25 % a second, time constant 4.5 s: wandering", 0.25, 0.8),
    Kind("AR(1) 0.9", "25 % a second, time constant 9.5 s: slow wandering", 0.25, 0.9),
    Kind("bursts", "3 times as slow for 2 s, about every 7 s", burst=0.2),
    Kind("AR(1) 0.95", "time constant 19.5 s: half of the run", 0.25, 0.95, resolvable=False),
    Kind(
        "rare bursts", "3 times as slow for 2 s, twice a run: one run in seven sees none", burst=0.05, resolvable=False
    ),
)


@dataclass(frozen=True)
class Row:
    """Shares of the runs of one cell, by ratio of truth to limit."""

    kind: Kind
    n: int
    passed: tuple[float, ...]
    failed: tuple[float, ...]
    k6: tuple[float, ...]
    locust: tuple[float, ...]

    @property
    def false_ready(self) -> float:
        """Worst share of passes at a truth on the limit or above."""
        return max(share for ratio, share in zip(RATIOS, self.passed, strict=True) if ratio >= 1)

    @property
    def false_not_ready(self) -> float:
        """Worst share of failures at a truth below the limit."""
        return max(share for ratio, share in zip(RATIOS, self.failed, strict=True) if ratio < 1)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    started = time.perf_counter()
    rows = []
    print(f"P95 at 95 %, {runs} runs a cell; pass/fail in %, the rest is open (INCONCLUSIVE).")
    print(f"{'truth / limit':>21}  " + " ".join(f"{ratio:>7.2f}" for ratio in RATIOS) + "   false READY / NOT READY")
    for kind in KINDS:
        print(f"\n{kind.name}: {kind.words}" + ("" if kind.resolvable else " (more than a run of 40 s can know)"))
        for n in SIZES:
            row = measure(kind, n, runs)
            rows.append(row)
            cells = " ".join(f"{100 * p:3.0f}/{100 * f:<3.0f}" for p, f in zip(row.passed, row.failed, strict=True))
            print(f"{n:>15,} proof  {cells}   {100 * row.false_ready:4.1f} / {100 * row.false_not_ready:.1f}")
        last = rows[-1]
        for tool, shares in (("k6", last.k6), ("Locust", last.locust)):
            cells = " ".join(f"{100 * p:3.0f}/{100 * (1 - p):<3.0f}" for p in shares)
            wrong = max(p for ratio, p in zip(RATIOS, shares, strict=True) if ratio >= 1)
            wronged = max(1 - p for ratio, p in zip(RATIOS, shares, strict=True) if ratio < 1)
            print(f"{last.n:>15,} {tool:6} {cells}   {100 * wrong:4.1f} / {100 * wronged:.1f}")
    _summary(rows, time.perf_counter() - started)


def _summary(rows: list[Row], took_s: float) -> None:
    known = [row for row in rows if row.kind.resolvable]
    print(f"\nworst false READY {100 * max(row.false_ready for row in known):.1f} %", end="")
    print(f", worst false NOT READY {100 * max(row.false_not_ready for row in known):.1f} %", end="")
    decided = np.mean([[p + f for p, f in zip(row.passed, row.failed, strict=True)] for row in known])
    print(f", decided {100 * decided:.0f} % over all cells that a run of {SECONDS} s can know")
    for at, ratio in enumerate(RATIOS[:3]):
        cells = ", ".join(
            f"{kind.name} {100 * np.mean([row.passed[at] for row in rows if row.kind is kind and row.n >= 1000]):.0f}"
            for kind in KINDS
        )
        print(f"READY in % at {ratio:.2f} x the limit, 1,000 requests and more: {cells}")
    print(f"took {took_s:.0f} s")


def measure(kind: Kind, n: int, runs: int) -> Row:
    """One row of the table."""
    generator = np.random.default_rng(zlib.crc32(f"{kind.name} {n}".encode()))
    drawn = latencies_ms(generator, kind, n, runs)
    second = np.arange(n) * SECONDS // n
    edges = np.searchsorted(second, np.arange(1, SECONDS))
    proofs: list[list[Proof]] = []
    rank = min(math.floor(n * 0.95), n - 1)  # Locust's floor(n p) + 1, counted from 0
    k6, locust = np.zeros(len(RATIOS)), np.zeros(len(RATIOS))
    for values in drawn:
        proofs.append(proofs_of(recording(values, edges)))
        interpolated = np.quantile(values, 0.95)
        k6 += [interpolated < CENTRE_MS / ratio for ratio in RATIOS]
        at_rank = np.partition(values, rank)[rank]
        locust += [locust_rounded(at_rank * ratio) < CENTRE_MS for ratio in RATIOS]

    def share(proof: Proof) -> tuple[float, ...]:
        return tuple(sum(row[at] is proof for row in proofs) / runs for at in range(len(RATIOS)))

    return Row(kind, n, share(Proof.YES), share(Proof.NO), tuple(k6 / runs), tuple(locust / runs))


def proofs_of(record: Recording) -> list[Proof]:
    """What the judge says about the record, for each ratio of its truth to the limit."""
    metric = find("latency.p95")
    assert metric is not None
    reading = Reading(record.ok.quantile_ms(0.95), record.requests, "load", evidence=record, moved=wander_of(record))
    limits = [Limit(Operator.LESS, CENTRE_MS / ratio, "") for ratio in RATIOS]
    return [compare(reading, metric, limit, 0.95).proof for limit in limits]


def recording(values_ms: Floats, edges: npt.NDArray[np.int64]) -> Recording:
    """Latencies in order of time as a run records them, cut into seconds at `edges`."""
    us = np.rint(values_ms * 1000).astype(np.int64)
    parts = np.split(us, edges)
    slices = tuple(Slice(float(at), 1.0, Histogram.of_us(part), 0) for at, part in enumerate(parts))
    return Recording(Histogram.of_us(us), slices=slices)


def locust_rounded(value_ms: float) -> float:
    """A latency in the bucket that Locust counts it in: whole ms, two significant digits above 100."""
    return round(value_ms) if value_ms < 100 else round(value_ms, -1) if value_ms < 1000 else round(value_ms, -2)


def latencies_ms(generator: np.random.Generator, kind: Kind, n: int, runs: int) -> Floats:
    """`runs` rows of n latencies in order of time, with a true P95 of CENTRE_MS."""
    if kind.name == "users":
        level = _walk(generator, kind, runs * USERS, n // USERS)
        common = level.reshape(runs, USERS, -1).transpose(0, 2, 1).reshape(runs, n)
    elif kind.burst:
        common = _bursts(generator, kind, runs)[:, np.arange(n) * SECONDS // n]
    else:
        common = _walk(generator, kind, runs, SECONDS)[:, np.arange(n) * SECONDS // n]
    values: Floats = CENTRE_MS * np.exp(common + generator.normal(0, SIGMA, (runs, n)) - _log_p95(kind))
    return values


def _walk(generator: np.random.Generator, kind: Kind, rows: int, steps: int) -> Floats:
    """AR(1) levels, stationary from the first step."""
    moves = generator.normal(0, kind.level, (rows, steps))
    moves[:, 1:] *= math.sqrt(1 - kind.remembers**2)
    for at in range(1, steps):
        moves[:, at] += kind.remembers * moves[:, at - 1]
    return moves


def _bursts(generator: np.random.Generator, kind: Kind, runs: int) -> Floats:
    slow = np.zeros((runs, SECONDS), bool)
    slow[:, 0] = generator.random(runs) < kind.burst / (kind.burst + 0.5)
    for at in range(1, SECONDS):
        chance = generator.random(runs)
        slow[:, at] = np.where(slow[:, at - 1], chance > 0.5, chance < kind.burst)
    return np.where(slow, math.log(3), 0.0)


def _log_p95(kind: Kind) -> float:
    """The true P95 of the logarithm, by bisection of the mixture where there are bursts."""
    if not kind.burst:
        return NORMAL.inv_cdf(0.95) * math.hypot(SIGMA, kind.level)
    share = kind.burst / (kind.burst + 0.5)
    low, high = 0.0, 5.0
    for _ in range(60):
        middle = (low + high) / 2
        over = 1 - (1 - share) * NORMAL.cdf(middle / SIGMA) - share * NORMAL.cdf((middle - math.log(3)) / SIGMA)
        low, high = (middle, high) if over > 0.05 else (low, middle)
    return (low + high) / 2


if __name__ == "__main__":
    main()
