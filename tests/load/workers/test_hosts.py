"""A worker loads what its owner allowed, whatever the plan says."""

from dataclasses import replace

import pytest

from readiness.load.engine_plan import EnginePlan
from readiness.load.workers.hosts import is_loopback, refusal

PLAN = EnginePlan("id", "https://Shop.example:8443/x", ("203.0.113.7",), (), (), 1, None, 0.0, 0.0, 1.0, 30.0)
SHOP = {"shop.example": ("203.0.113.7", "2001:db8::7")}


def test_a_host_that_was_named_and_has_the_plans_addresses_is_loaded() -> None:
    assert refusal(PLAN, SHOP, "10.0.0.5") is None
    assert refusal(replace(PLAN, addresses=("2001:0db8::0007",)), SHOP, "10.0.0.5") is None


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (replace(PLAN, base_url="https://other.example"), "add --allow-host other.example"),
        (replace(PLAN, base_url="https://shop.example@other.example"), "add --allow-host other.example"),
        (replace(PLAN, addresses=("198.51.100.9",)), "resolved shop.example to 198.51.100.9"),
        (replace(PLAN, addresses=("203.0.113.7", "169.254.169.254")), "169.254.169.254"),
        (replace(PLAN, allowed_addresses=("10.9.9.9",)), "10.9.9.9"),
        (replace(PLAN, addresses=()), "no address"),
        (replace(PLAN, addresses=("::ffff:127.0.0.1",)), "127.0.0.1"),
    ],
)
def test_anything_else_is_refused_and_named(plan: EnginePlan, said: str) -> None:
    assert said in (refusal(plan, SHOP, "10.0.0.5") or "")
    assert refusal(plan, {}, "10.0.0.5")


def test_loopback_is_the_targets_machine_only_where_the_master_is_there_too() -> None:
    plan = replace(PLAN, base_url="http://localhost:80", addresses=("127.0.0.1", "::1"))
    hosts = {"localhost": ("127.0.0.1", "::1")}
    assert refusal(plan, hosts, "127.0.0.1") is None
    assert "not the master's target" in (refusal(plan, hosts, "10.0.0.5") or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST."])
def test_loopback_has_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "*", "10.0.0.5", "::", "example.com", ""])
def test_what_others_can_reach_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)
