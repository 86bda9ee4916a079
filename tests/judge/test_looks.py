"""A load that may end at any look: what is decided, what is hopeless, and how its verdict is bounded."""

from dataclasses import replace

from readiness.config.model import Limit, Operator, StopRule
from readiness.judge.judge import judge
from readiness.judge.looks import hopeless, undecided
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


def test_nothing_is_decided_before_correlation_could_show() -> None:
    assert undecided(seen(5000, judged_s=4.0), CHECKS) == ("latency.p95", "http.error_rate")


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
