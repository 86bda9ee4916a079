"""Rows G8, N2, N3, N9 and N11 in a network of their own, with nothing but a loopback device, of which we are root.

Run by test_failure_classes.py.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.invariants import assert_invariants
from tests.e2e.test_failure_classes import LIMITS, assert_ours, failed
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


def test_n2_a_name_that_leads_elsewhere_is_refused_before_anything_is_sent(cli: Cli, hosts: Path) -> None:
    hosts.write_text("203.0.113.9 shop.test\n")
    result = cli.run("http://shop.test", checks=LIMITS)
    assert result.exit_code == 5, str(result)
    assert "shop.test (203.0.113.9) is not this machine" in result.stderr


def test_n3_our_users_stay_with_the_addresses_of_the_start_and_ordinary_ones_tell_of_dns(
    cli: Cli, faultd: StartFaultd, hosts: Path
) -> None:
    server, canary = faultd(mode="hangup"), faultd(host="127.0.0.2")
    hosts.write_text("127.0.0.1 shop.test\n")
    named = server.url.replace("127.0.0.1", "shop.test")
    running = cli.start(named, scenario="both_clients.py", checks=LIMITS, duration="6s")
    server.wait(40, "/api/*")
    hosts.write_text("127.0.0.2 shop.test\n")
    server.wait(server.seen("/api/ours") + 20, "/api/ours")
    hosts.write_text("")
    result = running.finish()
    assert result.exit_code == 1, str(result)
    assert canary.counts()["connections"] == 0
    assert failed(result, "/api/ours") == {}
    assert "dns" in failed(result, "/api/ordinary")


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
    assert result.ledger["failed"] == {}
    Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6").write_text("1")
    server.set_mode("die", after=20)
    result = cli.run(named, scenario="bare.py", checks=LIMITS, duration="1s")
    assert result.exit_code == 1, str(result)
    assert result.ledger["ok"] >= 10
    assert set(failed(result)) <= {"connect_refused", "reset"}
