"""How often `readiness history` tells a drift of a service that stays the same, and how often it finds a real one.

Every drawn history is a P95 (log-normal around its level) and an error rate (failures of 12,000 requests) over
comparable runs. An alarm is a trend or a shift of either.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from multiprocessing import Pool
from typing import NamedTuple

import numpy as np

from benchmarks.table import Mapper, at_least, at_most
from readiness.judge.history.drifting import FEWEST_RUNS, drifts
from readiness.judge.history.past_run import PastRun
from readiness.judge.outcome import Decision

_HISTORIES = 1_000
_LENGTHS = (8, 12, 20, 40)
_LOOKED = 40
_REQUESTS = 12_000


class Service(NamedTuple):
    """What every run of it finds."""

    words: str
    spread: float
    """Of the logarithm of P95 between runs."""
    alike: float = 0.0
    """Correlation of neighbouring runs: a machine that is busy this week."""
    failing: float = 1e-4
    """Share of requests."""
    drift: float = 0.0
    """Growth of P95 by run."""
    step: float = 0.0
    """Growth of P95 at the middle of the history."""


STEADY = (
    Service("steady, runs vary by 5 %", 0.05),
    Service("steady, runs vary by 30 %", 0.3),
    Service("steady, no failures at all", 0.05, failing=0.0),
    Service("steady, neighbours alike (0.3)", 0.05, alike=0.3),
    Service("steady, neighbours alike (0.6)", 0.05, alike=0.6),
)
GOALS = {"steady, neighbours alike (0.3)": 2.0, "steady, neighbours alike (0.6)": 5.0}
DRIFTING = (
    (Service("P95 grows by 1 % a run, runs vary by 5 %", 0.05, drift=0.01), 20, 75.0),
    (Service("P95 grows by 1 % a run, runs vary by 5 %", 0.05, drift=0.01), 40, 99.0),
    (Service("P95 is 15 % higher from the middle on, runs vary by 5 %", 0.05, step=0.15), 20, 50.0),
)


def drawn(service: Service, count: int, seed: int) -> list[PastRun]:
    """One history."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.0, 1.0, count)
    for i in range(1, count):
        noise[i] = service.alike * noise[i - 1] + (1 - service.alike**2) ** 0.5 * noise[i]
    grown = service.drift * np.arange(count) + service.step * (np.arange(count) >= count // 2)
    p95_ms = 100 * np.exp(grown + service.spread * noise)
    failed = rng.binomial(_REQUESTS, service.failing, count)
    return [
        PastRun(f"{i}", f"{i:04}", "t", None, "p", Decision.READY, 90.0, float(ms), _REQUESTS, int(bad))
        for i, (ms, bad) in enumerate(zip(p95_ms, failed, strict=True))
    ]


def alarm(job: tuple[Service, int, int]) -> bool:
    """Whether a history of that length rings."""
    service, count, seed = job
    return any(drift.found for drift in drifts(drawn(service, count, seed)))


def alarm_at_any_look(job: tuple[Service, int, int]) -> bool:
    """Whether it rings after any of its runs."""
    service, count, seed = job
    runs = drawn(service, count, seed)
    return any(drift.found for n in range(FEWEST_RUNS, count + 1) for drift in drifts(runs[:n]))


def main(mapper: Mapper = map, histories: int = _HISTORIES) -> None:
    """Print all figures."""

    def percent(rings: Callable[[tuple[Service, int, int]], bool], service: Service, count: int, of: int) -> float:
        return 100 * sum(mapper(rings, [(service, count, seed) for seed in range(of)])) / of

    for service in STEADY:
        for count in _LENGTHS:
            at_most(f"{service.words}: alarm, {count} runs", percent(alarm, service, count, histories),
                    GOALS.get(service.words, 1.0))  # fmt: skip
    few = histories // 4
    found = percent(alarm_at_any_look, STEADY[0], _LOOKED, few)
    at_most(f"{STEADY[0].words}: any alarm, looked at after each of {_LOOKED} runs", found, 10.0)
    for service, count, goal in DRIFTING:
        at_least(f"{service.words}: found in {count} runs", percent(alarm, service, count, few), goal)


if __name__ == "__main__":
    with Pool() as pool:
        main(pool.imap, int(sys.argv[1]) if len(sys.argv) > 1 else _HISTORIES)
