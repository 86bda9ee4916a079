"""Rows G8, N2, N3, N9, N11 and N15 in a network of their own, with nothing but a loopback device, of which we are root.

Run by test_failure_classes.py.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.harness import Result, crowd
from tests.e2e.invariants import assert_invariants, foreign_doubts
from tests.e2e.test_failure_classes import LIMITS, assert_ours, failed
from tests.e2e.test_peers import BASES, scenario
from tests.faultd.client import ROOT
from tests.faultd.fixture import StartFaultd

PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_g8_ports_that_ran_out_are_ours(cli: Cli, faultd: StartFaultd) -> None:
    server = faultd()
    before = PORTS.read_text()
    PORTS.write_text("30000 30011")
    try:
        result = cli.run(server.url, "--users", "30", scenario="bare.py", checks=LIMITS, duration="2s")
    finally:
        PORTS.write_text(before)
    assert result.exit_code == 3, str(result)
    assert_invariants(result, server, planned_s=2)
    assert_ours(result, {"local_ports"})


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Path]:
    """What stands in /etc/hosts here; may be changed at any time."""
    file = tmp_path / "hosts"
    file.write_text("::1 localhost\n127.0.0.1 localhost\n")
    subprocess.run(["mount", "--bind", str(file), "/etc/hosts"], check=True)
    yield file
    subprocess.run(["umount", "/etc/hosts"], check=True)


@pytest.fixture
def silent_name_service(tmp_path: Path) -> Iterator[None]:
    """It takes every question and answers none; the system's resolver would wait minutes for it."""
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")
    subprocess.run(["mount", "--bind", str(file), "/etc/resolv.conf"], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 53))
        yield
    subprocess.run(["umount", "/etc/resolv.conf"], check=True)


@pytest.mark.usefixtures("silent_name_service")
def test_n15_a_name_service_that_never_answers_is_left_when_the_target_has_a_name(cli: Cli) -> None:
    more = "target: { allowed_hosts: [shop.example] }\n"
    result = cli.run("http://shop.example", "--allow-host", "shop.example", checks=LIMITS, more=more)
    assert result.exit_code == 3, str(result)
    assert "the name service gave no answer within 12 s" in result.said.replace("\n", " ")
    assert result.wall_s < 40 * crowd()


@pytest.mark.usefixtures("silent_name_service")
def test_n15_a_name_service_that_never_answers_is_left_when_others_have_names(cli: Cli, faultd: StartFaultd) -> None:
    probes = """
probes:
  custom: { memory: { info: used_memory } }
  prometheus: { queries: { up: { query: up, take: last } } }
"""
    env = {
        "READINESS_CACHE_URL": "redis://cache.example",
        "READINESS_PROMETHEUS_URL": "http://numbers.example:9090",
        "READINESS_DATABASE_URL": "postgresql://reader:x@database.example/bags",
    }
    checks = (
        LIMITS + '  custom.memory: { pass: "> 0" }\n  custom.up: { pass: "== 1" }\n  pool.headroom: { pass: "> 1 %" }\n'
    )
    server = faultd()
    result = cli.run(server.url, scenario="bare.py", checks=checks, more=probes, duration="1s", env=env)
    assert result.exit_code == 3, str(result)
    assert result.ledger["ok"] > 0
    for name in ("custom.memory", "custom.up", "pool.headroom"):
        assert result.check(name)["outcome"] == "error", str(result)
    assert result.wall_s < 59 * crowd(), "the system's resolver waits for 150 s"


def test_n2_a_name_that_leads_elsewhere_is_refused_before_anything_is_sent(cli: Cli, hosts: Path) -> None:
    hosts.write_text("203.0.113.9 shop.test\n")
    result = cli.run("http://shop.test", checks=LIMITS)
    assert result.exit_code == 5, str(result)
    assert "shop.test (203.0.113.9) is not this machine" in result.stderr


def test_n3_all_users_stay_with_the_addresses_of_the_start(cli: Cli, faultd: StartFaultd, hosts: Path) -> None:
    server, canary = faultd(mode="hangup"), faultd(host="127.0.0.2")
    hosts.write_text("127.0.0.1 shop.test\n")
    named = server.url.replace("127.0.0.1", "shop.test")
    running = cli.start(named, scenario="both_clients.py", checks=LIMITS, duration="6s")
    server.wait(40, "/api/*")
    hosts.write_text("127.0.0.2 shop.test\n")
    server.wait(server.seen("/api/ours") + 20, "/api/ours")
    hosts.write_text("")
    result = running.finish()
    assert result.exit_code == 3, str(result)  # what is asked of another host says nothing of the target
    assert canary.counts()["connections"] == 0
    assert failed(result, "/api/ours") == failed(result, "/api/ordinary") == {}
    assert set(failed(result, "/api/nowhere")) == {"not_allowed"}


@pytest.fixture
def shops(hosts: Path) -> Iterator[Callable[..., str]]:
    """`shops("ok", "fails")`: two servers, one at each address of the name in the URL; None is nobody."""
    running: list[subprocess.Popen[str]] = []

    def start(*modes: str | None) -> str:
        hosts.write_text("127.0.0.1 shop.test\n127.0.0.2 shop.test\n")
        for place, mode in enumerate(modes, 1):
            if mode is not None:
                line = [sys.executable, "-m", "tests.e2e.peer", f"127.0.0.{place}", "8123", mode, "0"]
                running.append(subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True))
                assert (running[-1].stdout or sys.stdin).readline() == "8123\n"
        return "http://shop.test:8123"

    yield start
    for process in running:
        process.kill()
        process.communicate()


def opened(result: Result) -> list[int]:
    """Connections to each address."""
    return [one.get("opened", 0) for one in result.run["load"]["connections"]["addresses"]]


@pytest.mark.parametrize("base", BASES)
def test_each_address_of_a_name_gets_its_share(cli: Cli, shops: Callable[..., str], tmp_path: Path, base: str) -> None:
    url, file = shops("ok", "ok"), scenario(tmp_path, base)
    result = cli.run(url, "--users", "8", scenario=file, checks=LIMITS, duration="1s")
    assert foreign_doubts(result.report) == []
    assert result.ledger["failed"] == {}
    first, second = opened(result)
    assert abs(first - second) <= 1 <= first


@pytest.mark.parametrize("base", BASES)
def test_a_failing_second_address_fails_its_share(
    cli: Cli, shops: Callable[..., str], tmp_path: Path, base: str
) -> None:
    url, file = shops("ok", "fails"), scenario(tmp_path, base)
    result = cli.run(url, "--users", "8", scenario=file, checks=LIMITS, duration="1s")
    assert result.exit_code == 1, str(result)
    assert set(result.ledger["failed"]) == {"http_5xx"}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("modes", [("ok", None), (None, "ok")])
@pytest.mark.parametrize("users", ["1", "8"])
def test_a_dead_address_is_a_doubt_though_the_other_takes_its_load(
    cli: Cli, shops: Callable[..., str], tmp_path: Path, base: str, modes: tuple[str | None, ...], users: str
) -> None:
    url, file = shops(*modes), scenario(tmp_path, base)
    result = cli.run(url, "--users", users, scenario=file, checks=LIMITS, duration="1s")
    assert result.exit_code == 3, str(result)
    assert result.ledger["failed"] == {}
    dead = "127.0.0.2" if modes[1] is None else "127.0.0.1"
    assert any(f"{dead}, an address of the target, took no connection" in doubt for doubt in result.report["doubts"])


def test_localhost_needs_only_one_of_its_two_addresses(cli: Cli, faultd: StartFaultd, hosts: Path) -> None:
    server = faultd()
    result = cli.run(server.url.replace("127.0.0.1", "localhost"), scenario="bare.py", checks=LIMITS, duration="1s")
    assert foreign_doubts(result.report) == []
    assert "no load went to ::1, an address of the target: it took no connection" in result.report["notes"]


def test_n9_a_target_that_swallows_everything_ends_in_bounds(cli: Cli) -> None:
    subprocess.run(["ip", "route", "add", "203.0.113.0/24", "dev", "lo"], check=True)  # it comes back, and is nobody's
    more = "target: { allowed_hosts: [203.0.113.1] }\n"
    result = cli.run("http://203.0.113.1", "--allow-host", "203.0.113.1", checks=LIMITS, more=more)
    assert result.exit_code == 3, str(result)
    assert_invariants(result)
    assert "connect_timeout" in result.said


def test_n11_a_name_with_an_address_that_this_machine_has_no_way_to_is_reached_by_the_other(
    cli: Cli, faultd: StartFaultd, hosts: Path
) -> None:
    server = faultd(mode="hangup")
    named = server.url.replace("127.0.0.1", "localhost")
    result = cli.run(named, scenario="bare.py", checks=LIMITS, duration="1s")
    assert_invariants(result, server, planned_s=1)
    assert set(failed(result)) <= {"reset"}  # of a request that met the close nobody can say whether it was read
    Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6").write_text("1")
    server.set_mode("die", after=20)
    result = cli.run(named, scenario="bare.py", checks=LIMITS, duration="1s")
    assert result.exit_code == 1, str(result)
    assert result.ledger["ok"] >= 10
    assert set(failed(result)) <= {"connect_refused", "reset"}
