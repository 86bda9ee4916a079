"""Several workers: what a second process gains, and what each worker costs the master.

`python -m benchmarks.workers [--rounds 5]`. First part: `readiness run` with one and with two processes against a cheap
server, and a scenario that computes a little with each answer, so that the generator is the limit; requests a second of
the measurement window, rounds interleaved. Second part: the master alone on its core, with 2, 8 and 32 simulated
workers that send the numbers of 10 and of 100 endpoints each: CPU share, memory, and how late a batch reaches the
parent.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from benchmarks.client import _on_core
from readiness.load.engine_events import Batch, Done, loads
from readiness.load.engine_plan import EnginePlan, ScenarioFile
from readiness.load.engine_plan import dumps as plan_text
from readiness.load.workers.settings import Workers
from readiness.load.workers.settings import dumps as settings_text

SCENARIO = """
from readiness.scenario import User, constant, task
class Bench(User):
    wait_time = constant(0)
    @task
    def item(self):
        answer = self.client.get("/item")
        assert sum(n * n for n in range(6000)) and answer.ok
"""
THRESHOLDS = """version: 1
service: bench
load: { users: 20, ramp_up: 0s, warm_up: 1s, duration: 4s }
checks: { throughput: { pass: "> 1 /s" } }
"""
TOKEN = "9f1c2ab47d3e8056c4b1e7f0a2d96385"
SECONDS = 8


def main() -> None:
    """Both parts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    processes(rounds)
    for endpoints in (10, 100):
        for count in (2, 8, 32):
            master(count, endpoints)


def processes(rounds: int) -> None:
    """One against two."""
    found: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "bench.py").write_text(SCENARIO)
        (place / "thresholds.yaml").write_text(THRESHOLDS)
        server = subprocess.Popen(
            [sys.executable, "-c", "from benchmarks.client import serve; serve()"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{server.stdout.readline().split()[-1]}"
            for _ in range(rounds):
                for count, rates in found.items():
                    rates.append(_rate(url, place, count))
        finally:
            server.kill()
            server.wait()
    one, two = statistics.median(found[1]), statistics.median(found[2])
    ratios = [b / a for a, b in zip(found[1], found[2], strict=True)]
    print(f"one process {one:,.0f}/s, two {two:,.0f}/s on {os.cpu_count()} cores", end=": ")
    print(f"{statistics.median(ratios):.2f} x (rounds {min(ratios):.2f} to {max(ratios):.2f})")


def _rate(url: str, place: Path, count: int) -> float:
    script = Path(sys.executable).with_name("readiness")
    argv = [
        str(script),
        "run",
        url,
        "--scenarios",
        "bench.py",
        "--processes",
        str(count),
        "--quiet",
        "--format",
        "json",
    ]
    subprocess.run(argv, cwd=place, check=True, capture_output=True)
    report = json.loads((place / "reports/latest/report.json").read_text())
    return float(report["checks"][0]["value"])


def master(count: int, endpoints: int) -> None:
    """The cost of `count` simulated workers with `endpoints` each."""
    read_fd, write_fd = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "bench.py"
        scenario.write_text(SCENARIO)
        plan = EnginePlan("bench", "http://127.0.0.1:1", (), (), (ScenarioFile("bench", str(scenario), None),), count,
                          None, 0.0, 0.0, float(SECONDS), 30.0)  # fmt: skip
        port = _free_port()
        child = subprocess.Popen(
            [sys.executable, "-m", "readiness.load.start", "readiness.load.workers.master", str(write_fd)],
            stdin=subprocess.PIPE,
            pass_fds=(write_fd,),
            preexec_fn=partial(_on_core, 1),
        )
        os.close(write_fd)
        assert child.stdin is not None
        settings = Workers(0, TOKEN, remote=count, port=port, wait_s=60)
        child.stdin.write((settings_text(settings) + plan_text(plan)).encode())
        child.stdin.flush()
        crowd = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.simulated_workers", str(port), str(count), str(endpoints), str(SECONDS)],
            env={**os.environ, "READINESS_WORKER_TOKEN": TOKEN, "SCENARIO": str(scenario)},
            preexec_fn=partial(_on_core, 0),
        )
        usage: list[tuple[float, float, float]] = []
        watching = threading.Thread(target=_watch, args=(child.pid, usage), daemon=True)
        watching.start()
        late_s, done = _read(read_fd)
        child.stdin.close()
        child.wait(timeout=20)
        crowd.wait(timeout=20)
    # The middle of the load: without the start, the greetings and the farewell.
    inside = usage[len(usage) // 3 : -4]
    cpu = (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])
    peak = max(memory for _, _, memory in usage)
    print(
        f"{count:>3} workers, {endpoints:>3} endpoints: {100 * cpu:5.1f} % of a core ({100 * cpu / count:.2f} each), "
        f"{peak / 1e6:,.0f} MB, batches {1000 * statistics.median(late_s):,.0f} ms late "
        f"(worst {1000 * max(late_s):,.0f}), {'complete' if done else 'NOT COMPLETE'}"
    )


def _read(fd: int) -> tuple[list[float], bool]:
    """How late each batch came after its second, and whether the end marker did."""
    late_s: list[float] = []
    began_s = 0.0
    done = False
    with os.fdopen(fd, "rb") as events:
        for line in events:
            match loads(line):
                case Batch(at_s=at_s, cells=cells) if cells:
                    began_s = began_s or time.monotonic() - at_s
                    late_s.append(max(time.monotonic() - began_s - at_s, 0.0))
                case Done():
                    done = True
                    break
                case _:
                    pass
    return late_s, done


def _watch(pid: int, usage: list[tuple[float, float, float]]) -> None:
    """(time, CPU seconds, bytes of memory) every quarter of a second."""
    import psutil

    process = psutil.Process(pid)
    while True:
        try:
            times = process.cpu_times()
            usage.append((time.monotonic(), times.user + times.system, process.memory_info().rss))
        except psutil.Error:
            return
        time.sleep(0.25)


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    main()
