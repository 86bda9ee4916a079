"""Limits from one run have room, and say where they come from."""

from __future__ import annotations

from dataclasses import replace

from readiness.cli.init_measure import proposals
from readiness.init.limits import MEASURED, ProposedLoad, starters
from readiness.judge.outcome import Outcome
from readiness.judge.verdict import CheckResult

P95 = CheckResult(
    name="latency.p95", scope=None, title="P95", outcome=Outcome.PASS, value=90.0, low=82.0, high=95.0, unit="ms",
    samples=300, pass_limit="< 1000 ms", warn_limit=None, weight=1.0, on_fail="block", message="", source="load",
)  # fmt: skip
SUCCESS = replace(P95, name="http.success_rate", value=100.0, low=99.2, high=100.0, unit="%")


def test_a_limit_is_half_as_much_again_as_the_upper_end_in_two_digits() -> None:
    limits = {one.check: one for one in proposals((P95, SUCCESS), starters())}
    assert limits["latency.p95"].limit == "< 150 ms"
    assert limits["latency.p95"].why == f"{MEASURED} (measured 82 to 95 ms)"
    assert limits["latency.p95"].on_fail == "block"
    assert limits["http.success_rate"].limit == "> 99 %"
    assert limits["latency.p99"] == starters()[2]


def test_what_was_not_measured_or_is_too_bad_to_be_a_limit_stays_as_it_was() -> None:
    unknown = replace(P95, value=None, low=None, high=None)
    bad = replace(SUCCESS, value=40.0, low=35.0, high=45.0)
    assert proposals((unknown, bad), starters()) == starters()


def test_times_are_rounded_up_and_never_so_small_that_a_busy_machine_decides() -> None:
    for high_ms, limit in ((0.2, "< 20 ms"), (2.14, "< 20 ms"), (21.4, "< 33 ms"), (2345.0, "< 3600 ms")):
        assert proposals((replace(P95, high=high_ms),), starters())[1].limit == limit


def test_the_load_of_a_log_is_long_enough_to_prove_the_starter_limits() -> None:
    for log_per_s, planned_per_s, duration_s in ((None, None, 60), (100.0, 100.0, 60), (2.0, 2.0, 170)):
        load = ProposedLoad(rate_per_s=log_per_s)
        assert (load.planned_per_s, load.duration_s) == (planned_per_s, duration_s)
    for sent_per_s, duration_s in ((50.0, 60), (2.87, 180), (0.1, 300)):
        assert ProposedLoad(sent_per_s=sent_per_s).duration_s == duration_s, "with room: answers take time"
    rare = ProposedLoad(rate_per_s=0.05)
    assert rare.planned_per_s is not None
    assert rare.duration_s == 300
    assert rare.planned_per_s * rare.duration_s >= 299


def test_where_no_upper_end_is_known_the_limit_comes_from_the_value_and_not_from_the_limit_of_the_run() -> None:
    (_, p95, _) = proposals((replace(P95, value=10.0, low=8.0, high=1000.0),), starters())
    assert p95.limit == "< 30 ms"
    assert p95.why == f"{MEASURED} (measured 10 ms, with too few requests for an upper end)"
