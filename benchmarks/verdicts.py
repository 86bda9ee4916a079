"""How often a verdict is wrong or open, for services whose truth is known (docs/explanation/evidence.md).

`python -m benchmarks verdicts` draws 1,000 runs a cell, `python -m benchmarks verdicts 200` draws 200 (ten minutes on
two cores; the cells are spread on all there are), and `python -m benchmarks verdicts 200 power until_decided` gives
those parts alone.
Seeds are fixed. Where the true value lies exactly on the limit, each answer is wrong: READY and NOT READY are counted
for P95, P99, the mean, throughput, and the success rate of a service that fails its slowest 5 %. Beside it stands how
often a plain comparison of the value would say READY.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import claims, comparing, possible, power, until_decided
from benchmarks.judged import (
    MEAN,
    P95,
    P99,
    SUCCESS,
    THROUGHPUT,
    Shares,
    answer,
    failing,
    recording,
    shares,
    throughput,
)
from benchmarks.processes import PROCESSES, Process
from benchmarks.table import MARGIN, Mapper
from benchmarks.throughputs import ARRIVALS, Arrivals
from readiness.judge.readings import reading_of

RUNS = 1000
LENGTH_S = 60.0
PER_S = 50.0
NAMES = ("P95", "P99", "mean", "success")
POWER_RATIOS = (0.8, 0.5)


@dataclass(frozen=True)
class Row:
    """A process: what its runs answer on the limit, by NAMES; and the share of READY at POWER_RATIOS of the limit."""

    process: Process
    cells: tuple[Shares, ...]
    power: tuple[float, ...]

    def goal(self, name: str) -> float:
        """In percent, of each wrong answer."""
        return self.process.mean_goal if name == "mean" else self.process.goal


def main() -> None:
    options = sys.argv[1:]
    runs = int(options.pop(0)) if options and options[0].isdigit() else RUNS
    started_s = time.perf_counter()
    with multiprocessing.Pool() as pool:
        for name in options or PARTS:
            PARTS[name](pool.imap, runs)
            print(f"took {time.perf_counter() - started_s:.0f} s\n", flush=True)


def errors(each: Mapper, runs: int) -> None:
    """Print the errors on the limit, and the worst of each group as Markdown."""
    print(f"The true value is on the limit, {LENGTH_S:g} s at {PER_S:g}/s, {runs} runs a cell:")
    print(f"wrong READY / wrong NOT READY in % (READY by a plain comparison); ! is over the goal by {MARGIN:g} points.")
    print("Last: share of READY by P95 at 0.8 and at 0.5 x the limit.\n")
    rows: list[Row] = []
    for row in each(partial(measure, runs=runs), PROCESSES):
        if not rows or rows[-1].process.group != row.process.group:
            print(f"{row.process.group} (goal {row.process.goal:g})")
        rows.append(row)
        cells = "  ".join(_cell(row, at) for at in range(len(NAMES)))
        print(f"  {row.process.name:34}{cells}  {_powers(row)}", flush=True)
    print("\nthroughput")
    rates = list(each(partial(measure_rate, runs=runs), ARRIVALS))
    for arrivals, cell in zip(ARRIVALS, rates, strict=True):
        print(f"  {arrivals.name:34}{_told('rate', cell, arrivals.goal)}  goal {arrivals.goal:g}")
    print(f"\n{markdown(rows, tuple(zip(ARRIVALS, rates, strict=True)))}\n")


PARTS: Mapping[str, Callable[[Mapper, int], None]] = {
    "errors": errors,
    "power": power.report,
    "until_decided": until_decided.report,
    "comparing": comparing.report,
    "claims": claims.report,
    "possible": possible.report,
}


def measure(process: Process, runs: int) -> Row:
    """One row of the table."""
    generator = process.seeded()
    times, latencies_ms = process.run(generator, runs, LENGTH_S, PER_S)
    p95_ms, p99_ms = (process.truth.quantile_ms(q) for q in (0.95, 0.99))
    answers, passed = [], []
    for at_s, ms in zip(times.at_s, latencies_ms, strict=True):
        record, failures = recording(at_s, ms, LENGTH_S), failing(at_s, ms >= p95_ms, LENGTH_S)
        p95, p99, mean = (reading_of(record, metric, 0.0, LENGTH_S) for metric in (P95, P99, MEAN))
        answers.append(
            (
                answer(p95, P95, p95_ms),
                answer(p99, P99, p99_ms),
                answer(mean, MEAN, process.truth.mean_ms),
                answer(reading_of(failures, SUCCESS, 0.0, LENGTH_S), SUCCESS, 95.0),
            )
        )
        passed.append([answer(p95, P95, p95_ms / ratio) for ratio in POWER_RATIOS])
    cells = tuple(shares(column) for column in zip(*answers, strict=True))
    return Row(process, cells, tuple(shares(column).ready for column in zip(*passed, strict=True)))


def measure_rate(arrivals: Arrivals, runs: int) -> Shares:
    """Of throughput."""
    generator = np.random.default_rng(zlib.crc32(arrivals.name.encode()))
    drawn = arrivals.draw(generator, runs, round(LENGTH_S), PER_S)
    return shares(answer(throughput(by_second), THROUGHPUT, PER_S) for by_second in drawn)


def markdown(rows: Sequence[Row], rates: Sequence[tuple[Arrivals, Shares]]) -> str:
    """The worst cell of each group, as docs/explanation/evidence.md shows it."""
    lines = [
        "| wrong READY / wrong NOT READY, % | P95 | P99 | mean | success rate | goal | plain READY |",
        "|---|---|---|---|---|---|---|",
    ]
    for group in dict.fromkeys(row.process.group for row in rows):
        inside = [row for row in rows if row.process.group == group]
        worst = [_worst([row.cells[at] for row in inside]) for at in range(len(NAMES))]
        plain = max(cell.plain for row in inside for cell in row.cells)
        goals = {row.goal(name): name for row in inside for name in reversed(NAMES)}
        told = ", ".join(
            f"{goal:g}" if name == NAMES[0] else f"{name} {goal:g}" for goal, name in sorted(goals.items())
        )
        lines.append(f"| {group} | {' | '.join(worst)} | {told} | {plain:.0f} |")
    lines += ["", "| throughput | wrong READY / wrong NOT READY, % | goal | plain READY |", "|---|---|---|---|"]
    lines += [f"| {one.name} | {_worst([cell])} | {one.goal:g} | {cell.plain:.0f} |" for one, cell in rates]
    return "\n".join(lines)


def _worst(cells: Sequence[Shares]) -> str:
    return f"{max(cell.ready for cell in cells):.1f} / {max(cell.not_ready for cell in cells):.1f}"


def _cell(row: Row, at: int) -> str:
    return _told(NAMES[at], row.cells[at], row.goal(NAMES[at]))


def _told(name: str, cell: Shares, goal: float) -> str:
    mark = "!" if cell.worst > goal + MARGIN else " "
    return f"{name} {cell.ready:4.1f}/{cell.not_ready:4.1f}{mark}({cell.plain:2.0f})"


def _powers(row: Row) -> str:
    return "READY " + " ".join(f"{share:5.1f}" for share in row.power)


if __name__ == "__main__":
    main()
