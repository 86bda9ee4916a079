"""What `readiness run` reports against what a server of known delays wrote down: P50, P95, P99 and max.

`python -m benchmarks.truth [--users 60] [--seconds 12]`. The goal is 1 % or 0.2 ms, whichever is more. In the last row
the service stands still for 2 s of every 10 under an open load: the truth there is the schedule's, what each of the
evenly spaced arrivals had to wait, and the goal is 2 % at P99. A busy machine delays both sides: the lag that the run
measured of its own engine is printed beside each row.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.delays import STALL_EVERY_S, STALL_S

SCENARIO = """from readiness.scenario import User, constant, task
class Bench(User):
    wait_time = constant(0)
    @task
    def item(self): self.client.get("/item")
"""
LIMITS = """version: 1
service: bench
load: {{ {load}, ramp_up: 0s, warm_up: 0s, duration: {seconds:g}s }}
checks: {{ latency.p95: {{ pass: "< 3 s" }} }}
"""
QUANTILES = (0.5, 0.95, 0.99, 1.0)
SERVICE_S = 0.005


def run(port: int, load: str, seconds: float, folder: Path) -> dict[str, Any]:
    """One `readiness run`; its run.json."""
    (folder / "bench.py").write_text(SCENARIO)
    (folder / "thresholds.yaml").write_text(LIMITS.format(load=load, seconds=seconds))
    line = f"run http://127.0.0.1:{port} --quiet --thresholds thresholds.yaml --scenarios bench.py --out out"
    subprocess.run(
        [sys.executable, "-m", "readiness", *line.split()],
        cwd=folder,
        check=False,
        capture_output=True,
        timeout=seconds + 60,
        preexec_fn=lambda: machine.pin(machine.GENERATOR_CORE),
    )
    document: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text())
    document["run"] = json.loads((folder / "out" / "run.json").read_text())
    return document


def truth_of_schedule(rate_per_s: float, seconds: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Milliseconds that each arrival of an even schedule waits; the server's stalls count from the first one."""
    into_s = (np.arange(int(rate_per_s * seconds)) / rate_per_s) % STALL_EVERY_S
    stalled = into_s >= STALL_EVERY_S - STALL_S
    return 1000 * (SERVICE_S + np.where(stalled, STALL_EVERY_S - into_s, 0.0))


def compare(kind: str, load: str, seconds: float, rate_per_s: float | None = None) -> None:
    """One row."""
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.delays", kind, "7"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            report = run(port, load, seconds, Path(folder))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/record", timeout=30) as answer:
            took_ms = np.array(json.loads(answer.read())["took_us"]) / 1000
    finally:
        server.kill()
        server.wait()
    (endpoint,) = report["endpoints"]
    ledger = report["ledger"]
    assert took_ms.size == ledger["ok"] + ledger["in_flight"], (took_ms.size, ledger)
    truth_ms = took_ms if rate_per_s is None else truth_of_schedule(rate_per_s, seconds)
    said = [endpoint["latency_ms"][name] for name in ("p50", "p95", "p99", "max")]
    wanted = [float(np.quantile(truth_ms, q, method="inverted_cdf")) for q in QUANTILES]
    limits = [max(0.01 * ms, 0.2) for ms in wanted] if rate_per_s is None else [0.02 * ms for ms in wanted]
    cells = "  ".join(
        f"{name} {mine:.2f} / {true:.2f}{'' if abs(mine - true) <= limit else ' (off)'}"
        for name, mine, true, limit in zip(("P50", "P95", "P99", "max"), said, wanted, limits, strict=True)
    )
    sys.stdout.write(f"{kind:10} {ledger['ok']:>8,} requests  {cells}  (ms, reported / true)\n")


def main() -> None:
    """Run the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=12.0)
    options = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        sys.stdout.write("left out: the server of known delays needs epoll\n")
        return
    for kind in ("steps", "lognormal"):
        compare(kind, f"users: {options.users}", options.seconds)
    compare("stall", "rate: 200 /s", 30, rate_per_s=200)


if __name__ == "__main__":
    main()
