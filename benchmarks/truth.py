"""What `readiness run` reports against what a server of known delays wrote down: P50, P95, P99 and max.

`python -m benchmarks.truth [--seconds 12] [--rounds 1] [--share 0.7]`: first the generator's ceiling, users without
think time on one core against the same server without delays on the other: 50, and as many as the rows have, since a
request of one among hundreds costs more. Then so many users that they send 70 % of that; the goal is 1 % or 0.2 ms,
whichever is more. In the last row the service stands still for 2 s of every 10 under an open load: the truth there is
the schedule's, what each of the evenly spaced arrivals had to wait, and the goal is 2 % at P99.
What lies between the two clocks is the network and the generator itself, whose lag stands behind each row. A machine
that others use delays both sides, and no figure is then true to 0.2 ms: foreign CPU is printed too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import delays, machine
from benchmarks.delays import Delays

Times = np.ndarray[tuple[int], np.dtype[np.float64]]

SCENARIO = """from readiness.scenario import User, constant, task
class Bench(User):
    wait_time = constant(0)
    @task
    def item(self): self.client.get("/item")
"""
LIMITS = """version: 1
service: bench
load: {{ {load}, ramp_up: {ramp_up:g}s, warm_up: {warm_up:g}s, duration: {seconds:g}s }}
checks: {{ latency.p95: {{ pass: "< 3 s" }} }}
"""
QUANTILES = {"P50": 0.5, "P95": 0.95, "P99": 0.99, "max": 1.0}
KEYS = {"P50": "p50", "P95": "p95", "P99": "p99", "max": "max"}
RAMP_UP_S, WARM_UP_S = 1.0, 2.0
"""Connecting is in our latency and not in the server's record; in these all users connect."""
STALL_RATE_PER_S, STALL_SECONDS = 200.0, 30.0


@dataclass(frozen=True)
class Run:
    """What one `readiness run` said, and what else happened meanwhile."""

    report: dict[str, Any]
    load: dict[str, Any]
    server_share: float
    """Of the server's core; it spins while it has something to answer."""
    foreign_share: float | None
    """Of all cores: neither ours nor the server's."""

    @property
    def latency_ms(self) -> dict[str, float]:
        """Of the only endpoint."""
        (endpoint,) = self.report["endpoints"]
        found: dict[str, float] = endpoint["latency_ms"]
        return found


def run(server: Delays, load: str, seconds: float, ramp_up_s: float = 0.0, warm_up_s: float = 0.0) -> Run:
    """One `readiness run` on the generator's core."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench.py").write_text(SCENARIO)
        limits = LIMITS.format(load=load, seconds=seconds, ramp_up=ramp_up_s, warm_up=warm_up_s)
        (folder / "thresholds.yaml").write_text(limits)
        line = f"run http://127.0.0.1:{server.port} --quiet --thresholds thresholds.yaml --scenarios bench.py --out out"
        before = machine.busy_s(), machine.cpu_s(server.pid), _children_s()
        subprocess.run(
            [sys.executable, "-m", "readiness", *line.split()],
            cwd=folder,
            check=False,
            capture_output=True,
            timeout=seconds + ramp_up_s + warm_up_s + 90,
            preexec_fn=lambda: machine.pin(machine.GENERATOR_CORE),
        )
        busy_s, served_s, ours_s = machine.busy_s(), machine.cpu_s(server.pid), _children_s()
        report = json.loads((folder / "out" / "report.json").read_text())
        facts = json.loads((folder / "out" / "run.json").read_text())
    foreign = None
    if busy_s is not None and before[0] is not None:
        foreign = (busy_s - before[0] - (served_s - before[1]) - (ours_s - before[2])) / len(machine.cores()) / seconds
    return Run(report, facts["load"], (served_s - before[1]) / seconds, foreign)


def _children_s() -> float:
    used = os.times()
    return used.children_user + used.children_system


def lag(seen: Run) -> str:
    """How the engine fared, as it told itself."""
    instrument = seen.load["instrument"]
    busy = instrument["cpu_s"] / instrument["watched_s"]
    lag_ms = _quantiles_ms(instrument["lag"])
    foreign = "" if seen.foreign_share is None else f", foreign CPU {100 * max(seen.foreign_share, 0):.0f} %"
    return f"engine at {100 * busy:.0f} % of its core, its lag P50 {lag_ms[0]:.2f} P99 {lag_ms[1]:.2f} ms{foreign}"


def _quantiles_ms(packed: dict[str, Any]) -> tuple[float, float]:
    from readiness.measurements import hdr

    histogram = hdr.decode(packed["hdr"], sum_us=packed["sum_us"], min_us=packed["min_us"], max_us=packed["max_us"])
    return histogram.quantile_ms(0.5) or 0.0, histogram.quantile_ms(0.99) or 0.0


def row(
    title: str, seen: Run, truth_ms: Times, *, share: float, least_ms: float = 0.0, judged: str = "P50 P95 P99 max"
) -> bool:
    """Print the row; whether every figure in `judged` is as near the truth as it has to be."""
    good = True
    cells = []
    for name, quantile in QUANTILES.items():
        said = seen.latency_ms[KEYS[name]]
        true = float(np.quantile(truth_ms, quantile, method="inverted_cdf"))
        near = abs(said - true) <= max(share * true, least_ms)
        word = "" if name not in judged else " pass" if near else " MISS"
        good &= near or name not in judged
        cells.append(f"{name} {said:,.2f} / {true:,.2f}{word}")
    sys.stdout.write(f"{title:24} {'  '.join(cells)}  (ms, reported / true)\n{'':24} {lag(seen)}\n")
    sys.stdout.flush()
    return good


def truth_of_schedule(rate_per_s: float, seconds: float) -> Times:
    """Milliseconds that each arrival of an even schedule waits; the server's stalls count from the first one."""
    into_s = (np.arange(int(rate_per_s * seconds)) / rate_per_s) % delays.STALL_EVERY_S
    stalled = into_s >= delays.STALL_EVERY_S - delays.STALL_S
    return 1000 * (delays.SERVICE_S + np.where(stalled, delays.STALL_EVERY_S - into_s, 0.0))


def ceiling_per_s(program: Path, users: int) -> float:
    """Requests a second of so many users without think time, where nothing but the generator takes time."""
    with delays.serve(program, "none") as server:
        seen = run(server, f"users: {users}", 4.0, RAMP_UP_S, 0.0)
    per_s = float(sum(one["requests"] for one in seen.report["endpoints"])) / 4.0
    sys.stdout.write(f"ceiling of the generator with {users:,} users: {per_s:,.0f}/s\n")
    sys.stdout.flush()
    return per_s


def known(program: Path, kind: str, ceiling: float, share: float, seconds: float) -> bool:
    """A row of users without think time, so many that they send `share` of the ceiling."""
    users = max(round(share * ceiling * delays.MEAN_S[kind]), 1)
    with delays.serve(program, kind) as server:
        seen = run(server, f"users: {users}", seconds, RAMP_UP_S, WARM_UP_S)
        record = server.record()
    ledger = seen.report["ledger"]
    assert len(record) == ledger["ok"] + ledger["in_flight"], (len(record), ledger)
    came_s, took_s = record.T
    judged = (came_s >= RAMP_UP_S + WARM_UP_S) & (came_s < RAMP_UP_S + WARM_UP_S + seconds)
    truth_ms = took_s[judged] * 1000
    per_s = truth_ms.size / seconds
    return row(f"{kind}, {per_s:,.0f}/s ({100 * per_s / ceiling:.0f} %)", seen, truth_ms, share=0.01, least_ms=0.2)


def stalls(program: Path) -> bool:
    """The row of an open load on a service that stands still again and again."""
    with delays.serve(program, "stall") as server:
        seen = run(server, f"rate: {STALL_RATE_PER_S:g} /s", STALL_SECONDS)
    truth_ms = truth_of_schedule(STALL_RATE_PER_S, STALL_SECONDS)
    return row("stalls, 200 arrivals/s", seen, truth_ms, share=0.02, judged="P95 P99 max")


def main() -> None:
    """Run the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.7, help="of the ceiling")
    parser.add_argument("--no-stalls", action="store_true", help="leave the open row out")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            program = delays.build(Path(folder))
            alone = ceiling_per_s(program, 50)
            ceilings = {
                kind: ceiling_per_s(program, round(options.share * alone * mean_s))
                for kind, mean_s in delays.MEAN_S.items()
            }
            for _ in range(options.rounds):
                for kind, ceiling in ceilings.items():
                    known(program, kind, ceiling, options.share, options.seconds)
            if not options.no_stalls:
                stalls(program)
    except (FileNotFoundError, subprocess.CalledProcessError) as problem:
        sys.stdout.write(f"left out: {problem}\n")


if __name__ == "__main__":
    main()
