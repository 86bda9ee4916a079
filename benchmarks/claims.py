"""Two claims of a report: twenty checks on their limits seldom fail by chance, and a told slowdown fails as told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from benchmarks.judged import CONFIDENCE, P95, answer, recording
from benchmarks.processes import GOOD, Process, bimodal, independent, wandering, wandering_chance
from benchmarks.table import Mapper, at_most
from readiness.config.model import OnFail
from readiness.judge.family import refuting
from readiness.judge.judge import judge
from readiness.judge.limit_test import Proof
from readiness.judge.readings import reading_of
from tests.judge import builders

LENGTH_S = 60.0
CHECKS = 20
FAMILY = (independent(0.5), bimodal(0.06), *(wandering(tau_s, 0.75) for tau_s in (1.0, 3.0)), wandering_chance(1.0))
CHANGES = (independent(0.5), *(wandering(tau_s, 0.75) for tau_s in (1.0, 3.0)), wandering_chance(1.0))
INSIDE = 0.5
"""Of the limit: where the services are of which a slowdown is told."""
LEAST, MOST = 90.0, 99.0


@dataclass(frozen=True)
class Told:
    """The slowdowns that runs told to fail with 95 % probability, and how often other runs that are so slow failed."""

    times: float
    """The usual one."""
    failed: float
    """In percent."""
    runs: int


def report(each: Mapper, runs: int) -> None:
    """Print both."""
    print(f"{CHECKS} blocking checks of P95 on their limits, 600 requests each: wrong NOT READY")
    for process, failed in zip(FAMILY, each(partial(family, runs=runs), FAMILY), strict=True):
        at_most(process.words, failed, GOOD)
    print("\nSlowdown that a run told to fail with 95 %: how often a service that is so much slower fails", end="")
    print(f" ({LEAST:g} to {MOST:g}); P95 at {INSIDE:g} x before")
    for process, told in zip(CHANGES, each(partial(detected, runs=max(runs // 2, 1)), CHANGES), strict=True):
        mark = "" if LEAST - 1.5 <= told.failed <= MOST + 1.5 else "<- off"
        more = f"usually {told.times:.2f} x, {told.runs} runs {mark}"
        print(f"{process.words:70} {told.failed:6.1f} %   {more}".rstrip(), flush=True)
    print()


def family(process: Process, runs: int) -> float:
    """Share of the runs in which any of CHECKS is proven to fail, in percent."""
    generator = process.seeded("family")
    checks = [builders.check("latency.p95", "< 1 ms", on_fail=OnFail.BLOCK, scope=f"GET /{at}") for at in range(CHECKS)]
    failing = refuting(checks, checks[0], CONFIDENCE)
    limit_ms, wrong = process.truth.quantile_ms(0.95), 0
    for _ in range(runs):
        times, latencies_ms = process.run(generator, CHECKS, LENGTH_S, 10.0)
        wrong += any(
            answer(reading_of(recording(at_s, ms, LENGTH_S), P95, 0.0, LENGTH_S), P95, limit_ms, failing).proof
            is Proof.NO
            for at_s, ms in zip(times.at_s, latencies_ms, strict=True)
        )
    return 100 * wrong / runs


def detected(process: Process, runs: int) -> Told:
    """Runs that tell a slowdown, and as many others that are slowed down by it."""
    generator = process.seeded("detected")
    limit_ms = process.truth.quantile_ms(0.95) / INSIDE
    checks = builders.config(builders.check("latency.p95", f"< {limit_ms} ms"))
    times, latencies_ms = process.run(generator, 2 * runs, LENGTH_S, 20.0)
    told: list[float] = []
    failed = 0
    for at in range(0, 2 * runs, 2):
        load = builders.load(("shop", "GET /", recording(times.at_s[at], latencies_ms[at], LENGTH_S)))
        verdict = judge(builders.run(replace(load, judged_end_s=LENGTH_S, planned_s=LENGTH_S)), checks)
        slower = next((one.times for one in verdict.sensitivity.detectable), None)
        if slower is None:
            continue
        told.append(slower)
        again = recording(times.at_s[at + 1], slower * latencies_ms[at + 1], LENGTH_S)
        failed += answer(reading_of(again, P95, 0.0, LENGTH_S), P95, limit_ms).proof is Proof.NO
    return Told(median(told), 100 * failed / len(told), len(told))
