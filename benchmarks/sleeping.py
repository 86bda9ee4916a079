"""Many users that mostly wait: CPU and memory of 5,000 at one request a second each, beside k6 and plain Locust.

`python -m benchmarks.sleeping [--users 5000] [--seconds 10]`: users arrive over 5 s, then the middle of the rest is
looked at. Memory is what all processes of the tool hold in RAM, what they share counted once; for `readiness run` the
engine's alone stands in brackets, the rest is the command that judges; `inside` sends trace ids, times first bytes and
watches the service's processes beside it. CPU is in cores.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import machine, tools
from benchmarks.engine import available
from benchmarks.server import Nginx, nginx
from benchmarks.tools import Work

RAMP_UP_S = 5.0


def measure(tool: str, work: Work, server: Nginx) -> str:
    """One line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        process = tools.start(tool, work, Path(folder))
        try:
            before, asked = server.requests(), 1
            while process.poll() is None and server.requests() - before - asked < 100:
                asked += 1
                time.sleep(0.1)
            time.sleep(RAMP_UP_S + 1.5)
            pids = machine.tree(process.pid)
            used_s, requests, start_s = sum(map(machine.cpu_s, pids)), server.requests(), time.perf_counter()
            time.sleep(work.seconds / 2)
            took_s = time.perf_counter() - start_s
            used_s, requests = sum(map(machine.cpu_s, pids)) - used_s, server.requests() - requests - 1
            held_mb, largest_mb = machine.held_mb(pids), max(map(machine.resident_mb, pids))
            process.wait(60)
        finally:
            process.kill()
            process.wait()
    largest = f" ({largest_mb:.0f})" if len(pids) > 1 else ""
    return f"{requests / took_s:>7,.0f}/s  {used_s / took_s:.2f} cores  {held_mb:>6,.0f}{largest} MB"


def main() -> None:
    """Run each tool once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < options.users + 500:
        sys.stdout.write(f"left out: {options.users} users need as many descriptors, the limit is {hard}\n")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, options.users + 500), hard))
    machine.pin(machine.SERVER_CORE)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with nginx(Path(folder)) as server:
                work = Work(
                    server.url, server.authority, options.users, options.seconds, paced=True, ramp_up_s=RAMP_UP_S
                )
                for tool in ("k6", "locust", "readiness", "readiness, inside"):
                    if available(tool):
                        sys.stdout.write(f"{tool:17} {measure(tool, work, server)}\n")
                        sys.stdout.flush()
        except FileNotFoundError as problem:
            sys.stdout.write(f"left out: {problem}\n")


if __name__ == "__main__":
    main()
