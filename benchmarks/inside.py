"""What it costs to see inside the target: `readiness run` with and without it, side by side.

`python -m benchmarks.inside [--seconds 4] [--users 50] [--rounds 5]`: users without think time on one core, nginx on
the other, rounds interleaved. With it, the run sends `traceparent` with 5 % of the requests, asks whether the service
shows the id, times first bytes, and samples CPU, memory, descriptors and threads of the service's processes. CPU time
of all processes of `readiness run` and of nginx for each request, while the load is in full swing; medians, and the
median of the rounds' ratios. Goals: 2 % of the generator, 1 % of the service. Prometheus and Kubernetes are asked
about the load, and not by it: they are not in here.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import machine
from benchmarks.engine import PROBES, SWING, Instant
from benchmarks.server import Nginx, nginx
from benchmarks.tools import INSIDE, TRACE

_SCENARIO = """from readiness.scenario import User, constant, task
class Bench(User):
    wait_time = constant(0)
    @task
    def item(self):
        self.client.get("/item")
"""
_BARE = """version: 1
service: bench
load: {{ users: {users}, ramp_up: 0s, warm_up: 0s, duration: {seconds:g}s{trace} }}
checks:
  http.success_rate: {{ pass: "> 99 %" }}
  latency.p95: {{ pass: "< 1 s" }}
"""


def spent_us(inside: bool, users: int, seconds: float, server: Nginx) -> tuple[float, float]:
    """CPU time of a request in one run, in µs: of the generator and of the service."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench.py").write_text(_SCENARIO)
        limits = _BARE.format(users=users, seconds=seconds, trace=TRACE if inside else "") + (INSIDE if inside else "")
        (folder / "limits.yaml").write_text(limits)
        files = ["--thresholds", "limits.yaml", "--scenarios", "bench.py", "--out", "out"]
        before = server.requests()
        process = subprocess.Popen(
            [sys.executable, "-m", "readiness", "run", server.url, *files, "--quiet"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: machine.pin(machine.GENERATOR_CORE),
        )
        try:
            asked = 1
            while process.poll() is None and server.requests() - before - asked < 4 * PROBES + users:
                asked += 1
                time.sleep(0.05)
            first = Instant.now(process.pid, server)
            time.sleep(seconds * SWING)
            last = Instant.now(process.pid, server)
            code = process.wait(60.0)
        finally:
            process.kill()
            process.wait()
    assert code in (0, 3, 4), code  # a pass that the generator could explain is INCONCLUSIVE
    requests = last.requests - first.requests
    return 1e6 * (last.tool_s - first.tool_s) / requests, 1e6 * (last.server_s - first.server_s) / requests


def main() -> None:
    """Run the rounds and print both costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    machine.pin(machine.SERVER_CORE)
    seen: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        try:
            with nginx(Path(folder)) as server:
                for number in range(options.rounds):
                    for inside in (False, True) if number % 2 else (True, False):
                        seen[inside].append(spent_us(inside, options.users, options.seconds, server))
        except FileNotFoundError as problem:
            print(f"left out: {problem}")
            return
    for place, (who, goal) in enumerate((("generator", 2), ("service", 1))):
        bare, full = ([costs[place] for costs in seen[inside]] for inside in (False, True))
        ratio = statistics.median(after / before for before, after in zip(bare, full, strict=True))
        print(
            f"{who:10} {statistics.median(bare):6.2f} µs a request without, {statistics.median(full):6.2f} µs with: "
            f"{100 * (ratio - 1):+.1f} % (goal: {goal} %)"
        )


if __name__ == "__main__":
    main()
