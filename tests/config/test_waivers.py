"""Waivers and attested items: a name, a reason and a last day, or they are refused with their line."""

from datetime import date

import pytest

from readiness.config.lint import lint
from readiness.config.load import parse
from readiness.config.model import Config
from readiness.config.waivers import Attestation, Waiver
from readiness.errors import ConfigError

TODAY = date(2026, 3, 1)
CHECKS = """version: 1
service: shop
checks:
  http.success_rate: { pass: "> 99 %", on_fail: block }
  latency.p95: { pass: "< 100 ms", on_fail: block }
  latency.p99: { pass: "< 300 ms" }
"""
GOOD = "{ check: latency.p95, owner: Ana, reason: soon, expires: 2026-03-01 }"


def read(more: str) -> Config:
    return parse((CHECKS + more).encode(), "t.yaml", {}, TODAY)


def problem(more: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(more)
    return str(caught.value)


def test_a_waiver_counts_on_its_last_day() -> None:
    assert read(f"waivers:\n  - {GOOD}\n").waivers == (Waiver("latency.p95", "Ana", "soon", date(2026, 3, 1), 8),)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("2026-03-01", "2026-02-28"), "t.yaml:8: waivers[0].expires: the waiver of latency.p95 expired on 2026-02-28"),
        (("reason: soon, ", ""), "t.yaml:8: waivers[0].reason: is required"),
        (("reason: soon", 'reason: ""'), "t.yaml:8: waivers[0].reason: must not be empty"),
        (("owner: Ana, ", ""), "t.yaml:8: waivers[0].owner: is required"),
        ((", expires: 2026-03-01", ""), "t.yaml:8: waivers[0].expires: is required"),
        (("2026-03-01", "2026-02-30"), "must be a day such as 2026-12-31, not '2026-02-30'"),
        (("2026-03-01", "soon"), "must be a day such as 2026-12-31, not 'soon'"),
        (("latency.p95", "latency.p59"), 'waivers[0].check: is not under checks; did you mean "latency.p95"?'),
    ],
)
def test_f13_a_waiver_that_is_not_whole_or_not_valid_is_refused(change: tuple[str, str], said: str) -> None:
    assert said in problem(f"waivers:\n  - {GOOD.replace(*change)}\n")


def test_two_waivers_of_one_check_and_waivers_of_every_blocking_check_are_refused() -> None:
    assert "t.yaml:9: waivers[1].check: latency.p95 is waived twice (first on line 8)" in problem(
        f"waivers:\n  - {GOOD}\n  - {GOOD}\n"
    )
    both = f"waivers:\n  - {GOOD}\n  - {GOOD.replace('latency.p95', 'http.success_rate')}\n"
    assert "every blocking check is waived" in problem(both)


def test_a_waiver_of_a_check_that_does_not_block_is_linted() -> None:
    found = [line for line in lint(read(f"waivers:\n  - {GOOD.replace('p95', 'p99')}\n")) if "waived" in line]
    assert found == [
        "t.yaml:6: checks.latency.p99: is waived on line 8, but is on_fail: condition: "
        "a waiver only keeps a check from blocking"
    ]


def test_an_attestation_may_have_expired_but_not_lie_ahead() -> None:
    item = "{ title: Backup, who: Ops, when: 2026-01-01, expires: 2026-02-01 }"
    assert read(f"attested: [{item}]\n").attested == (
        Attestation("Backup", "Ops", date(2026, 1, 1), date(2026, 2, 1), 7),
    )
    assert "2026-04-01 has not come yet" in problem(f"attested: [{item.replace('01-01', '04-01')}]\n")
    assert "is before when" in problem(
        f"attested: [{item.replace('02-01', '01-01').replace('when: 2026-01-01', 'when: 2026-01-02')}]\n"
    )
    assert "attested[0].who: is required" in problem(f"attested: [{item.replace('who: Ops, ', '')}]\n")
