"""How often `compare` shouts at two runs of the same service, and how often it finds a slower one.

Holm at 95 % over all metrics and endpoints: at most 5 % of the same-service pairs may shout.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.correlated import Floats
from benchmarks.judged import recording
from benchmarks.processes import GOOD, Process, independent, two_states, wandering, wandering_chance
from benchmarks.table import Mapper, at_most
from readiness.judge.compare.compare import compare
from readiness.judge.compare.comparison import ComparisonOutcome
from readiness.measurements.run import Run
from tests.judge import builders

LENGTH_S = 60.0
SLOWER = (1.0, 1.1, 1.25)


@dataclass(frozen=True)
class Service:
    """`endpoints` that are drawn each for itself, with `per_s` requests a second each."""

    process: Process
    endpoints: int
    per_s: float


SERVICES = (
    *(
        Service(process, 1, 50.0)
        for process in (independent(0.5), *(wandering(tau_s, 0.75) for tau_s in (1.0, 3.0, 10.0)))
    ),
    Service(wandering(3.0, 2.0), 1, 50.0),
    Service(wandering_chance(3.0), 1, 50.0),
    Service(two_states(1, 10), 1, 50.0),
    Service(independent(0.5), 4, 20.0),
    Service(wandering(1.0, 0.75), 4, 20.0),
)


@dataclass(frozen=True)
class Found:
    """Of the pairs of one service, in percent, by SLOWER: a regression; too little data to say."""

    regression: tuple[float, ...]
    too_little: tuple[float, ...]


def main() -> None:
    report(map, int(sys.argv[1]) if len(sys.argv) > 1 else 200)


def report(each: Mapper, runs: int) -> None:
    """Print a line for each service; a pair costs much more than a run, so there are half as many for an endpoint."""
    pairs = max(runs // 2, 1)
    print(f"compare, the same build twice ({pairs} pairs / endpoints): wrong regression")
    for service, found in zip(SERVICES, each(partial(compared, pairs=pairs), SERVICES), strict=True):
        more = f"too little {found.too_little[0]:.0f} %; found:"
        for slower, share in zip(SLOWER[1:], found.regression[1:], strict=True):
            more += f" {100 * (slower - 1):.0f} % slower {share:.0f} %"
        at_most(_words(service), found.regression[0], GOOD, more)
    print()


def compared(service: Service, pairs: int) -> Found:
    """Pairs of runs, of which the second is slower on every endpoint; the more endpoints, the fewer pairs."""
    pairs = max(pairs // service.endpoints, 1)
    generator = np.random.default_rng(zlib.crc32(_words(service).encode()))
    outcomes: list[list[ComparisonOutcome]] = [[] for _ in SLOWER]
    drawn = [service.process.run(generator, 2 * pairs, LENGTH_S, service.per_s) for _ in range(service.endpoints)]
    for pair in range(pairs):
        base, head = ([(times.at_s[2 * pair + side], ms[2 * pair + side]) for times, ms in drawn] for side in (0, 1))
        before = _run(base, 1.0, "base")
        for seen, slower in zip(outcomes, SLOWER, strict=True):
            seen.append(compare(before, _run(head, slower, "head"), files=("a", "b"), worse_by=0.0).outcome)
    return Found(
        tuple(100 * sum(one is ComparisonOutcome.REGRESSION for one in seen) / pairs for seen in outcomes),
        tuple(100 * sum(one is ComparisonOutcome.TOO_LITTLE for one in seen) / pairs for seen in outcomes),
    )


def _words(service: Service) -> str:
    return f"{service.process.words}, {service.endpoints} x {service.per_s:g}/s"


def _run(endpoints: list[tuple[Floats, Floats]], slower: float, name: str) -> Run:
    rows = [
        ("shop", f"GET /{index}", recording(at_s, slower * ms, LENGTH_S)) for index, (at_s, ms) in enumerate(endpoints)
    ]
    load = builders.load(*rows)
    series = tuple(replace(load.series[0], at_s=float(at)) for at in range(round(LENGTH_S)))
    load = replace(load, judged_end_s=LENGTH_S, planned_s=LENGTH_S, series=series)
    return replace(builders.run(load), id=name)


if __name__ == "__main__":
    main()
