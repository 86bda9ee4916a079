"""`readiness run --drills` against a service with one dependency: a careful one, and one without any timeout."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.drills.shop import serve_stock
from tests.e2e.conftest import LOOSE, Cli
from tests.e2e.invariants import assert_invariants
from tests.faultd.client import free_port, until

ROOT = Path(__file__).parents[2]
CHECKS = f"""{LOOSE}
  drill.error_rate@slow: {{ pass: "< 10 %", on_fail: block }}
  drill.longest_answer@hangs: {{ pass: "< 3.5 s" }}
  drill.unanswered@hangs: {{ pass: "< 10 %" }}
  drill.recovery@hangs: {{ pass: "< 3.5 s" }}
  drill.fails_fast@refuses: {{ pass: "< 3 s" }}
"""
TRUTHS = """  drill.health@hangs: { pass: "== 1" }
  drill.breaker@hangs: { pass: "== 1" }
"""
BREAKER = """probes:
  circuit_breaker: { statistics: /breaker, states: [/stock] }
"""


class Shop:
    """A service behind which a proxy may stand, and its dependency."""

    def __init__(self, url: str, proxy_port: int, stock_port: int) -> None:
        self.url = url
        self.proxy_port = proxy_port
        self.stock_port = stock_port

    def sections(self, *, used: bool = True) -> str:
        """Proxy and drills; with `used` false the service knows nothing of the proxy."""
        port = self.proxy_port if used else free_port()
        return f"""proxies:
  stock: {{ listen: 127.0.0.1:{port}, to: 127.0.0.1:{self.stock_port} }}
drills:
  hangs: {{ proxy: stock, fault: hang, for: 4s, before: 3s, after: 4s, rate: 40 /s }}
  refuses: {{ proxy: stock, fault: refuse, for: 3s, before: 2s, after: 3s, rate: 25 /s }}
  slow: {{ proxy: stock, fault: {{ latency: 40ms, jitter: 10ms }}, for: 3s, before: 2s, after: 3s, rate: 25 /s }}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """`shop("careless")` starts one."""
    started: list[subprocess.Popen[bytes]] = []

    def make(*how: str, direct: bool = False) -> Shop:
        log = tmp_path / "stock.log"
        log.touch()
        stock, proxy = serve_stock(log), free_port()
        line = [sys.executable, "-m", "tests.drills.shop", str(stock if direct else proxy), *how]
        process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        started.append(process)
        assert process.stdout is not None
        return Shop(f"http://127.0.0.1:{int(process.stdout.readline())}", proxy, stock)

    yield make
    for process in started:
        process.kill()
        process.communicate()


def test_a_careful_service_passes_its_drills(cli: Cli, shop: Callable[..., Shop]) -> None:
    careful = shop()
    more = careful.sections() + BREAKER
    result = cli.run(careful.url, "--drills", scenario="stock.py", checks=CHECKS + TRUTHS, more=more)
    assert_invariants(result, planned_s=45)
    drills = [one for one in result.report["checks"] if one["name"].startswith("drill.")]
    assert {one["outcome"] for one in drills} == {"pass"}, str(result) + json.dumps(drills, indent=1)
    assert result.run["plan"]["drills"] == "hangs, refuses, slow"
    hangs, refuses, _ = result.report["drills"]
    assert (hangs["what"], refuses["what"]) == ("stock hung for 4 s", "stock refused connections for 3 s")
    assert "of requests failed, the slowest answer took" in hangs["showed"]
    assert "service back" in hangs["showed"]
    for one in result.run["drills"]:
        failed_s = [second["at_s"] for second in one["series"] if second["failed"]]
        assert all(at_s >= one["begin_s"] - 1 for at_s in failed_s), "nothing failed before the fault"
    with socket.create_server(("127.0.0.1", careful.proxy_port)):
        pass  # the proxy is gone


STORM = "  storms: { proxy: stock, fault: reset, for: 3s, before: 2s, after: 3s, rate: 25 /s }\n"


def test_a_service_without_a_timeout_and_one_that_storms_are_found(cli: Cli, shop: Callable[..., Shop]) -> None:
    careless = shop("careless")
    more = careless.sections().partition("  refuses:")[0].replace("drills:\n", f"drills:\n{STORM}")
    checks = f"""{LOOSE}
  drill.connections_per_request@storms: {{ pass: "< 3" }}
  drill.longest_answer@hangs: {{ pass: "< 3.5 s" }}
"""
    result = cli.run(careless.url, "--drills", scenario="stock.py", checks=checks, more=more)
    # It tries each request twenty times at once, just when its dependency is weakest.
    assert result.check("drill.connections_per_request@storms")["outcome"] == "fail", str(result)
    assert result.check("drill.connections_per_request@storms")["value"] > 10
    assert result.check("drill.longest_answer@hangs")["outcome"] == "fail", str(result)
    assert result.check("drill.longest_answer@hangs")["value"] > 3500


def test_what_was_not_drilled_is_never_passed(cli: Cli, shop: Callable[..., Shop]) -> None:
    # Without the flag nothing is broken; what does not block is left out and says so, what blocks is not measured.
    careful = shop(direct=True)
    for on_fail, outcome, exit_code in (("condition", "not_applicable", 0), ("block", "error", 3)):
        check = f'{LOOSE}  drill.error_rate@slow: {{ pass: "< 10 %", on_fail: {on_fail} }}\n'
        result = cli.run(careful.url, scenario="stock.py", checks=check, more=careful.sections())
        assert result.check("drill.error_rate@slow")["outcome"] == outcome
        assert "give `readiness run` --drills" in result.check("drill.error_rate@slow")["message"]
        assert result.exit_code == exit_code, str(result)
    # A proxy that the service does not use proves nothing, whatever the numbers are.
    used = cli.run(careful.url, "--drills", scenario="stock.py", checks=CHECKS, more=careful.sections(used=False))
    assert used.exit_code == 3, str(used)
    assert "nothing went through the proxy stock before the fault" in used.check("drill.recovery@hangs")["message"]


def test_what_cannot_be_drilled_is_refused_before_anything_is_sent(cli: Cli, shop: Callable[..., Shop]) -> None:
    careful = shop()
    none = cli.run(careful.url, "--drills", scenario="stock.py")
    assert none.exit_code == 2, str(none)
    assert "has no drills" in none.stderr
    for command, said in (
        ("[demo, kill, database]", "demo is a part of `readiness run demo`; for your own service write a program"),
        ("[demo, kill]", "demo is a part of"),
        ("[demo, restore, database]", "demo is a part of"),
    ):
        part = cli.run(
            careful.url, "--drills", scenario="stock.py", more=f"drills: {{ one: {{ command: {command} }} }}\n"
        )
        assert (part.exit_code, said in part.stderr) == (2, True), str(part)
    demos = "proxies: { database: demo }\ndrills: { one: { proxy: database, fault: hang, for: 1s } }\n"
    foreign = cli.run(careful.url, "--drills", scenario="stock.py", more=demos)
    assert foreign.exit_code == 2, str(foreign)
    assert "proxies.database: demo stands for the ports of `readiness run demo`" in foreign.stderr
    with socket.create_server(("127.0.0.1", careful.proxy_port)):
        taken = cli.run(careful.url, "--drills", scenario="stock.py", more=careful.sections())
    assert taken.exit_code == 2, str(taken)
    assert f"127.0.0.1:{careful.proxy_port} is taken by another process" in taken.stderr


def test_ctrl_c_in_a_drill_ends_the_fault_and_leaves_nothing(cli: Cli, shop: Callable[..., Shop]) -> None:
    careful = shop()
    running = cli.start(careful.url, "--drills", scenario="stock.py", checks=CHECKS, more=careful.sections())
    assert until(lambda: _hangs(careful.proxy_port))
    running.signal(signal.SIGINT)
    result = running.finish()
    assert result.exit_code == 130, str(result)
    with socket.create_server(("127.0.0.1", careful.proxy_port)):
        pass


def _hangs(port: int) -> bool:
    """Whether whoever asks at the proxy gets no answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"how many?\n")
            connection.recv(1)
    except TimeoutError:
        return True
    except OSError:
        pass
    return False
