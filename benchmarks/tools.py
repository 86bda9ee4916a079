"""The same work for each load tool: k6, plain Locust, and `readiness run` whole (ledger, histograms, report)."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from readiness.load import compiled

_OURS = """from readiness.scenario import User, constant, constant_throughput, task
class Bench(User):
    wait_time = {wait}
    @task
    def item(self):
        {work}
"""
_STOCK_IMPORT = "from locust import {kind} as User, constant, constant_throughput, task"
_GET = 'self.client.get("/item")'
_ASSERTS = """with self.client.get("/item", catch_response=True) as response:
            assert response.status_code == 200
            assert response.json()["id"] == 1"""
_K6 = """import http from "k6/http";
import {{ check, sleep }} from "k6";
export const options = {{vus: {users}, duration: "{seconds:g}s", noUsageReport: true, insecureSkipTLSVerify: true}};
export default function () {{ {work} }}
"""
_K6_GET = 'http.get("{url}/item");'
_K6_ASSERTS = 'const r = http.get("{url}/item"); check(r, {{s: r => r.status === 200, i: r => r.json().id === 1}});'
_LIMITS = """version: 1
service: bench
load: {{ users: {users}, ramp_up: {ramp_up:g}s, warm_up: 0s, duration: {seconds:g}s{trace} }}
checks:
  http.success_rate: {{ pass: "> 99 %" }}
  latency.p95: {{ pass: "< 1 s" }}
"""
INSIDE = """  latency.ttfb.p95: { pass: "< 1 s" }
  service.tracing: { pass: ">= 0" }
  target.cpu: { pass: "<= 100 %" }
  target.memory.max: { pass: "< 9000 MB" }
probes: { process: {} }
"""
"""Further lines of limits, to see inside the target; with TRACE in `load`."""
TRACE = ", trace: traceparent"


@dataclass(frozen=True)
class Work:
    """What every user does."""

    url: str
    authority: Path
    """Certificates that the tools are to trust."""
    users: int = 50
    seconds: float = 3.0
    asserts: bool = False
    """Parse the JSON and look at two things."""
    paced: bool = False
    """One request a second and user, instead of one after the other."""
    ramp_up_s: float = 0.0
    stock: str = "FastHttpUser"
    """The class of an ordinary locustfile."""


def k6_path() -> str | None:
    """Its wheel puts it beside Python."""
    return shutil.which("k6", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def command(tool: str, work: Work, folder: Path) -> tuple[list[str], dict[str, str]]:
    """The tool's command line and what its environment needs; its files are written to `folder`."""
    wait = "constant_throughput(1)" if work.paced else "constant(0)"
    scenario = folder / "bench.py"
    text = _OURS.format(wait=wait, work=_ASSERTS if work.asserts else _GET)
    if tool == "k6":
        calls = (_K6_ASSERTS if work.asserts else _K6_GET).format(url=work.url) + (" sleep(1);" if work.paced else "")
        (folder / "bench.js").write_text(
            _K6.format(users=work.users, seconds=work.seconds + work.ramp_up_s, work=calls)
        )
        return [k6_path() or "k6", "run", "--quiet", str(folder / "bench.js")], {"GOMAXPROCS": "1"}
    if tool == "locust":
        scenario.write_text(text.replace(text.partition("\n")[0], _STOCK_IMPORT.format(kind=work.stock)))
        rate = work.users / work.ramp_up_s if work.ramp_up_s else work.users
        options = f"--headless -u {work.users} -r {rate:g} -t {work.seconds + work.ramp_up_s:g}s -s 1 --only-summary"
        return [sys.executable, "-m", "locust", "-f", str(scenario), *options.split(), "-H", work.url], {}
    if tool == "readiness, same file":
        scenario = folder / "unmodified.py"
        text = text.replace(text.partition("\n")[0], _STOCK_IMPORT.format(kind=work.stock))
    scenario.write_text(text)
    limits = folder / "thresholds.yaml"
    inside = tool == "readiness, inside"
    text = _LIMITS.format(users=work.users, seconds=work.seconds, ramp_up=work.ramp_up_s, trace=TRACE if inside else "")
    limits.write_text(text + INSIDE if inside else text)
    files = ["--thresholds", str(limits), "--scenarios", str(scenario), "--out", str(folder / "out")]
    interpreted = {compiled.OFF: "1"} if tool == "readiness, interpreted" else {}
    return [sys.executable, "-m", "readiness", "run", work.url, *files, "--quiet"], interpreted


def start(tool: str, work: Work, folder: Path) -> "subprocess.Popen[bytes]":
    """The tool at work on the generator's core."""
    line, environment = command(tool, work, folder)
    return subprocess.Popen(
        line,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "SSL_CERT_FILE": str(work.authority), **environment},
        preexec_fn=lambda: machine.pin(machine.GENERATOR_CORE),
    )
