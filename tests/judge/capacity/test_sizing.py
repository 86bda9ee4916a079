"""Instances are never fewer than what one of them was seen to do asks for, whatever its CPU time says."""

from __future__ import annotations

import pytest

from readiness.judge.capacity.attempt import Attempt, ServiceCpu, TrialFinding
from readiness.judge.capacity.sizing import lines, size, wanted
from readiness.judge.verdict import Latency

ONE_THREAD = Attempt(
    height=100.0,
    proof=True,
    finding=TrialFinding.KEPT,
    reason="",
    held_s=10.0,
    requests=2000,
    failures=0,
    throughput_per_s=200.0,
    latency_ms=Latency(4.0, 5.0, 4.0, 5.0, 6.0, 7.0, 8.0),
    cpu_share=0.1,
    cpu=ServiceCpu(cpu_s=9.0, window_s=10.0, cores=8.0, requests_per_s=200.0, mix={"GET /a": 1.0}),
)
"""It fills one of its eight cores with 200 requests per second, and can use no other."""


@pytest.mark.parametrize(
    ("asked", "unit", "instances"),
    [("900 requests/s", "/s", 5), ("900 requests/s", "users", 5), ("450/s", "/s", 5), ("450 users", "users", 5)],
)
def test_one_instance_takes_no_more_than_it_was_seen_to_take(asked: str, unit: str, instances: int) -> None:
    found = size([ONE_THREAD], wanted(asked, "100%", unit), more_may_hold=True)
    assert (found.by_cpu, found.by_limits, found.instances) == (1, instances, instances + 1)
    said = " ".join(lines(found))
    largest = "200 requests per second" if "requests" in asked else "100 "
    assert f"{instances} so that none takes more than the {largest}" in said
    assert "a search to a larger maximum may show more" in said


def test_where_the_share_of_the_cores_asks_for_more_it_decides() -> None:
    found = size([ONE_THREAD], wanted("900 requests/s", "2%", "/s"))
    assert found.instances == (found.by_cpu or 0) + 1
    assert (found.by_cpu or 0) > (found.by_limits or 0)
