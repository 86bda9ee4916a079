"""A load that may end early: when it is judged, what is decided, what is hopeless, how its verdict is bounded."""

from dataclasses import replace
from itertools import pairwise

import pytest

from readiness.config.model import Limit, Operator, StopRule
from readiness.judge.early_stop import MIN_JUDGED_S, checkpoints, hopeless, is_due, undecided
from readiness.judge.judge import judge
from readiness.judge.proof import CHECKPOINTS
from readiness.judge.verdict import Decision, Outcome
from readiness.measurements.run import DECIDED, Load, Second
from tests.judge.builders import check, config, load, recording, run

CHECKS = config(check("latency.p95", "< 100 ms"), check("http.error_rate", "< 1 %"), check("data.x", "== 0"))


def seen(count: int, slow: int = 0, judged_s: float = 20.0) -> Load:
    found = load(("shop", "GET /", recording([500.0] * slow + [10.0] * (count - slow))))
    return replace(found, looked=True, judged_end_s=judged_s, planned_s=300.0)


def test_a_load_goes_on_until_each_of_its_checks_is_decided() -> None:
    assert undecided(seen(200), CHECKS) == ("http.error_rate",)
    assert undecided(seen(1000), CHECKS) == ()
    assert undecided(seen(1000, slow=60), CHECKS) == ("latency.p95",)
    assert undecided(seen(1000, slow=200), CHECKS) == ()


@pytest.mark.parametrize("most_s", [10.0, 15.0, 60.0, 120.0, 300.0, 3600.0, 604800.0])
def test_checkpoints_are_few_and_none_comes_before_correlation_could_show(most_s: float) -> None:
    times = checkpoints(most_s)
    assert len(times) <= CHECKPOINTS
    assert list(times) == sorted(times)
    assert all(MIN_JUDGED_S <= time_s <= most_s for time_s in times)
    assert times[-1:] == ((most_s,) if most_s >= MIN_JUDGED_S else ())


def test_the_first_checkpoint_comes_after_a_third_and_each_is_1_4_times_as_late_as_the_one_before() -> None:
    assert checkpoints(120.0) == pytest.approx((42.4, 60.0, 84.9, 120.0), rel=0.01)


@pytest.mark.parametrize("most_s", [20.0, 100.0, 120.0, 600.0])
def test_a_load_that_is_seen_every_second_is_judged_once_for_each_checkpoint(most_s: float) -> None:
    seen_s = [float(at) + 0.02 for at in range(int(most_s) + 1)]
    judged = [now for before, now in pairwise(seen_s) if is_due(before, now, most_s)]
    assert len(judged) == len(checkpoints(most_s))
    assert all(0 <= now - time_s < 1 for now, time_s in zip(judged, checkpoints(most_s), strict=True))


def test_one_look_serves_all_checkpoints_that_passed_meanwhile() -> None:
    assert is_due(10.0, 100.0, 120.0)
    assert not is_due(100.0, 119.0, 120.0)


def test_a_verdict_after_many_looks_asks_for_more_than_after_one() -> None:
    few = seen(62)
    p95 = config(check("latency.p95", "< 100 ms"))
    assert judge(run(few), p95).checks[0].outcome is Outcome.INCONCLUSIVE
    assert judge(run(replace(few, looked=False)), p95).checks[0].outcome is Outcome.PASS


def test_a_load_that_ended_as_decided_is_no_doubt_and_an_aborted_one_is() -> None:
    p95 = config(check("latency.p95", "< 100 ms"))
    assert judge(run(replace(seen(1000), ending=DECIDED)), p95).decision is Decision.READY
    aborted = judge(run(replace(seen(1000), ending="http.error_rate was > 50 % for 10 s")), p95)
    assert aborted.decision is Decision.INCONCLUSIVE
    assert "ended early: http.error_rate" in aborted.reason


RULE = StopRule("http.error_rate", Limit(Operator.GREATER, 50.0, "> 50 %"), 3.0)


def seconds(*failed: int) -> Load:
    series = tuple(Second(float(at), 1.0, 5, 10 - count, count, 1.0, 1.0, 1.0) for at, count in enumerate(failed))
    return replace(seen(100), series=series)


def test_only_a_whole_stretch_of_bad_seconds_is_hopeless() -> None:
    assert hopeless(seconds(0, 9, 9, 9), (RULE,)) == "http.error_rate was > 50 % for 3 s (load.abort_when)"
    assert hopeless(seconds(9, 9, 0, 9), (RULE,)) is None
    assert hopeless(seconds(9, 9), (RULE,)) is None
    assert hopeless(seconds(0, 9, 9, 9), ()) is None
