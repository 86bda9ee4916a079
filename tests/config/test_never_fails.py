"""lint names limits that nothing can fail, and waivers that hardly end."""

from __future__ import annotations

from datetime import date

import pytest

from readiness.config.load import parse
from readiness.config.never_fails import long_waivers, never_fails

CLOSED = "load: { users: 8, duration: 8s, timeout: 10s }\n"
OPEN = "load: { rate: 8 /s, duration: 8s, timeout: 10s }\n"
BLOCKING = 'latency.p95: { pass: "< 1 s", on_fail: block }'
BAGS = """database:
  counts: { bags: { table: bags }, parents: { table: parents } }
  invariants: { same: "bags + 2 * parents == parents + bags + parents", real: "bags == parents" }
"""


def found(check: str, rest: str = CLOSED) -> tuple[str, ...]:
    return never_fails(parse(f"version: 1\nservice: shop\n{rest}checks:\n  {check}\n".encode(), "t.yaml", {}))


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ('http.success_rate: { pass: ">= 0 %", on_fail: block }', "no value can fail it"),
        ('http.success_rate: { pass: "> 0 %", on_fail: block }', "only where not one request succeeds"),
        ('http.error_rate: { pass: "<= 100 %", on_fail: block }', "no value can fail it"),
        ('http.error_rate: { pass: "< 100 %", on_fail: block }', "only where every request fails"),
        ('throughput: { pass: "> 0 /s", on_fail: block }', "only where not one request succeeds"),
        ('latency.p50: { pass: "< 3600 s", on_fail: block }', "fails by failed requests alone"),
        ('latency.mean: { pass: "< 11 s", on_fail: block }', "cannot fail"),
        ('data.same: { pass: "== 0", on_fail: block }', "both sides of the invariant are the same"),
    ],
)
def test_a_limit_that_nothing_can_fail_is_named(check: str, said: str) -> None:
    (sentence,) = found(check, CLOSED + BAGS)
    assert said in sentence
    assert sentence.startswith("t.yaml:")


@pytest.mark.parametrize(
    ("check", "rest"),
    [
        ('http.success_rate: { pass: "> 1 %", on_fail: block }', CLOSED),
        ('http.error_rate: { pass: "<= 99 %", on_fail: block }', CLOSED),
        (f'http.success_rate: {{ pass: ">= 0 %", on_fail: note, weight: 0 }}\n  {BLOCKING}', CLOSED),
        ('latency.p50: { pass: "< 10 s", on_fail: block }', CLOSED),
        ('latency.p50: { pass: "< 11 s", on_fail: block }', OPEN),  # it counts from when a request was due
        ('data.real: { pass: "== 0", on_fail: block }', CLOSED + BAGS),
        ('data.same: { pass: "== 1", on_fail: block }', CLOSED + BAGS),
        ('data.bags: { pass: ">= 0", on_fail: block }', CLOSED + BAGS),
    ],
)
def test_a_limit_that_something_fails_is_not(check: str, rest: str) -> None:
    assert found(check, rest) == ()


def test_a_waiver_that_ends_in_more_than_a_year_is_named() -> None:
    text = """version: 1
service: shop
checks:
  latency.p95: { pass: "< 1 s", on_fail: block }
  http.success_rate: { pass: "> 99 %%", on_fail: block }
waivers:
  - { check: latency.p95, owner: Ann Example, reason: not yet, expires: %s }
"""
    today = date(2026, 11, 30)
    for day, n in (("9999-12-31", 1), ("2027-12-02", 1), ("2027-11-30", 0), ("2026-12-31", 0)):
        config = parse((text % day).encode(), "t.yaml", {}, today)
        assert len(long_waivers(config, today)) == n, day
