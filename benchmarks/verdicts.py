"""How often a verdict on P95 is wrong or open, for known truths: our bound beside a plain comparison.

Latencies are log-normal (sigma 0.8) with a true P95 of 0.90 to 1.25 times the limit of 100 ms; independent, or in
bursts: the level of each second wanders (AR(1), 0.8), which is what a service under load does. 300 runs a cell.
"""

import math

import numpy as np

from readiness.config.model import Check, Config, Limit, Operator
from readiness.judge.judge import judge
from readiness.judge.verdict import Outcome
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Endpoint, Ledger, Load, Provenance, Recording, Run, Slice, Target

RUNS = 300
SECONDS = 40
SIGMA = 0.8
WANDER = 0.25
Z95 = 1.6448536269514722
LIMIT_MS = 100.0
CONFIG = Config("bench", (Check("latency.p95", None, "P95", Limit(Operator.LESS, LIMIT_MS, "< 100 ms")),))


def main() -> None:
    print("truth/limit      n  requests     plain pass   proven pass   open   proven fail")
    for correlated in (False, True):
        for ratio in (0.90, 0.98, 1.02, 1.10, 1.25):
            for n in (200, 1000, 10_000):
                _row(ratio, n, correlated=correlated)


def _row(ratio: float, n: int, *, correlated: bool) -> None:
    generator = np.random.default_rng(abs(hash((ratio, n, correlated))) % 2**32)
    outcomes: list[Outcome] = []
    plain = 0
    for _ in range(RUNS):
        blocks = latencies_ms(generator, ratio, n, correlated=correlated)
        run = _run(blocks)
        outcomes.append(judge(run, CONFIG).checks[0].outcome)
        plain += bool(np.quantile(np.concatenate(blocks), 0.95, method="inverted_cdf") < LIMIT_MS)
    passed, failed = (outcomes.count(outcome) / RUNS for outcome in (Outcome.PASS, Outcome.FAIL))
    kind = "in bursts" if correlated else "independent"
    rest = 1 - passed - failed
    print(f"{ratio:11.2f} {n:6,}  {kind:11}  {plain / RUNS:10.3f}   {passed:11.3f}  {rest:5.3f}   {failed:11.3f}")


def latencies_ms(generator: np.random.Generator, ratio: float, n: int, *, correlated: bool) -> list[np.ndarray]:
    """Latencies by second, with a true P95 of `ratio` times the limit."""
    spread = math.hypot(SIGMA, WANDER) if correlated else SIGMA
    centre = math.log(LIMIT_MS * ratio) - Z95 * spread
    level = 0.0
    blocks = []
    per_second = [len(part) for part in np.array_split(np.arange(n), SECONDS)]
    for at, size in enumerate(per_second):
        if correlated:
            step = generator.normal(0, WANDER if at == 0 else WANDER * math.sqrt(1 - 0.8**2))
            level = step if at == 0 else 0.8 * level + step
        blocks.append(np.exp(generator.normal(centre + level, SIGMA, size)))
    return blocks


def _run(blocks: list[np.ndarray]) -> Run:
    us = [np.rint(block * 1000).astype(np.int64) for block in blocks]
    slices = tuple(Slice(float(at), 1.0, Histogram.of_us(block), 0) for at, block in enumerate(us))
    record = Recording(Histogram.of_us(np.concatenate(us)), slices=slices)
    n = record.requests
    load = Load(
        "closed",
        50,
        None,
        0.0,
        float(SECONDS),
        float(SECONDS),
        Ledger(n, n, {}, 0, 0),
        (Endpoint("bench", "GET /", record, Recording()),),
        (),
    )
    when = "2026-01-01T00:00:00.000+00:00"
    target = Target("http://127.0.0.1", "http://127.0.0.1")
    return Run("bench", "bench", when, when, target, Provenance("0", "3.11", "Linux", 2), {}, "", load, ())


if __name__ == "__main__":
    main()
