"""The demo service: `readiness run demo` three times in a row at 50 and at 100 users; what a look-up costs.

`python -m benchmarks.demo [--runs 3] [--users 50 100] [--duration 60s] [--lookups 4000]`; `--runs 0` leaves the runs
out. Cost: logged-in threads look up bags, the popular ones more often as in scenarios/bag_lookup.py, and the CPU time
of the service's process tree is divided by the look-ups; CPU time, so that a busy machine changes it little. The
database's and the cache's own CPU stands beside it.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import psutil

from readiness.demo import stack
from readiness.demo.accounts import PASSWORD
from readiness.demo.profiles import PROFILES
from readiness.demo.seed import BAGS, qr_code
from readiness.demo.service.settings import Tuning

THREADS = 8
WARM_UP = 2000
ZIPF_EXPONENT = 1.4
SERVERS = ("postgres", "valkey-server")
UNLIMITED = Tuning(api_per_hour=10**9, auth_per_hour=10**9)


class Cost(NamedTuple):
    """CPU seconds of one look-up."""

    service_s: float
    servers_s: float


def assessed(users: int, duration: str | None) -> str:
    """One `readiness run demo`, as a line; what did not pass is named."""
    with tempfile.TemporaryDirectory() as out:
        line = ["run", "demo", "--users", str(users), "--out", out, "--format", "json", "--quiet"]
        line += ["--duration", duration] if duration else []
        subprocess.run([sys.executable, "-m", "readiness", *line], capture_output=True, check=False)
        report = json.loads((Path(out) / "report.json").read_text())
    ledger, checks = report["ledger"], {check["name"]: check for check in report["checks"] if check["scope"] is None}
    failed = sum(ledger["failed"].values()) + ledger["in_flight"] + ledger["dropped"]
    p95, p99 = (_ms(checks[f"latency.{name}"]["value"]) for name in ("p95", "p99"))
    others = [f"{check['name']} {check['outcome']}" for check in report["checks"] if check["outcome"] != "pass"]
    return (
        f"{users:5} users  {report['decision']:12}  {ledger['ok']:7,} ok  {failed:4,} failed  "
        f"P95 {p95:>8}  P99 {p99:>8}  {', '.join(others) or 'everything passed'}"
    )


def cost(profile: str, lookups: int) -> Cost:
    """CPU of one look-up; every answer must be a bag."""
    with stack.start(profile, UNLIMITED) as running:
        address = urlsplit(running.url).netloc
        cookie = sign_in(address)
        look_up(address, cookie, WARM_UP)
        before = used()
        look_up(address, cookie, lookups)
        after = used()
    service, servers = ((now - then) / lookups for now, then in zip(after, before, strict=True))
    return Cost(service, servers)


def used() -> tuple[float, float]:
    """CPU seconds so far of the service's tree and of the database's and cache's."""
    service = servers = 0.0
    for guard in psutil.Process().children():
        for server in guard.children(recursive=True):
            times = server.cpu_times()
            spent_s = times.user + times.system
            if any(profile.module in server.cmdline() for profile in PROFILES.values()):
                service += spent_s
            elif server.name() in SERVERS:
                servers += spent_s
    return service, servers


def sign_in(address: str) -> str:
    """The Cookie header of somebody who is logged in."""
    connection = HTTPConnection(address, timeout=30)
    connection.request("GET", "/login")
    form = connection.getresponse()
    found = re.search(r'name="csrf_token" value="([^"]+)"', form.read().decode())
    assert found is not None
    fields = urlencode({"csrf_token": found[1], "username": "user-000", "password": PASSWORD})
    headers = {"Cookie": _cookies(form.msg.get_all), "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", fields, headers)
    answer = connection.getresponse()
    assert answer.status == 303
    return _cookies(answer.msg.get_all)


def look_up(address: str, cookie: str, count: int) -> None:
    """`count` look-ups by THREADS threads on kept-alive connections."""
    weights = tuple(accumulate(rank**-ZIPF_EXPONENT for rank in range(1, BAGS + 1)))
    failed: list[object] = []

    def work(seed: int) -> None:
        ranks = random.Random(seed).choices(range(1, BAGS + 1), cum_weights=weights, k=count // THREADS)
        connection = HTTPConnection(address, timeout=30)
        for rank in ranks:
            qr = qr_code(rank * 7919 % BAGS + 1)
            connection.request("GET", f"/api/bags/{qr}", headers={"Cookie": cookie})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or qr.encode() not in body:
                failed.append((answer.status, qr))
        connection.close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[:3]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--users", type=int, nargs="+", default=[50, 100])
    parser.add_argument("--duration", help="instead of thresholds.yaml's")
    parser.add_argument("--lookups", type=int, default=4000)
    options = parser.parse_args()
    costs = {profile: cost(profile, options.lookups) for profile in PROFILES}
    for profile, one in costs.items():
        ratio = costs["legacy"].service_s / one.service_s
        print(
            f"{profile:10} {1 / one.service_s:8,.0f} look-ups per CPU second of the service  {ratio:5.2f} × legacy"
            f"   service {one.service_s * 1e3:.3f} ms, database and cache {one.servers_s * 1e3:.3f} ms each",
            flush=True,
        )
    for users in options.users:
        for _ in range(options.runs):
            print(assessed(users, options.duration), flush=True)


def _cookies(get_all: Callable[[str], list[str] | None]) -> str:
    return "; ".join(line.partition(";")[0] for line in get_all("Set-Cookie") or [])


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} ms"


if __name__ == "__main__":
    main()
