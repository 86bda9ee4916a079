"""A window that changed its level says so, and a latency that passed only because of its early half does not pass."""

import random
from collections.abc import Callable

import numpy as np
import pytest

from readiness.config.model import OnFail
from readiness.judge.judge import judge
from readiness.judge.outcome import Outcome
from readiness.judge.verdict import Verdict
from readiness.measurements.histogram import Histogram, merge
from readiness.measurements.run import Recording, Slice
from tests.judge.builders import check, config, load, run

SECONDS = 40


def grown(level_ms: Callable[[int], float], seconds: int, each: int) -> Recording:
    """So many seconds, in which the requests of second s take about level_ms(s)."""
    generator = random.Random(5)
    slices = []
    for second in range(seconds):
        values = [level_ms(second) * 1000 * generator.lognormvariate(0, 0.2) for _ in range(each)]
        slices.append(Slice(float(second), 1.0, Histogram.of_us(np.array(values, np.int64)), 0))
    return Recording(merge(*(part.ok for part in slices)), slices=tuple(slices))


def judged(level_ms: Callable[[int], float], *, passes: str = "< 100 ms", each: int = 100) -> Verdict:
    """The verdict on a run of 40 s."""
    record = grown(level_ms, SECONDS, each)
    return judge(run(load(("shop", "GET /", record))), config(check("latency.p95", passes, on_fail=OnFail.BLOCK)))


def said(verdict: Verdict) -> str:
    return " ".join(note for note in verdict.notes if "not steady" in note)


def test_a_steady_window_passes_and_nothing_is_said() -> None:
    verdict = judged(lambda second: 20)
    assert (verdict.checks[0].outcome, said(verdict)) == (Outcome.PASS, "")


def test_t16_a_service_that_grows_slower_and_slower_does_not_pass_before_it_breaks_the_limit() -> None:
    verdict = judged(lambda second: 20 + second, passes="< 100 ms")
    assert verdict.checks[0].outcome is Outcome.INCONCLUSIVE
    assert "at this pace it breaks the limit within as long again" in verdict.checks[0].message
    assert "rose from" in said(verdict)
    assert any("find out what grows" in step for step in verdict.next_steps)


def test_a_pass_that_the_late_half_alone_would_not_give_is_none() -> None:
    verdict = judged(lambda second: 20 if second < 36 else 95, passes="< 100 ms", each=400)
    assert verdict.checks[0].outcome is not Outcome.PASS


def test_a_service_that_gets_faster_is_told_and_passes() -> None:
    verdict = judged(lambda second: 20 if second < 15 else 8, passes="< 150 ms")
    assert verdict.checks[0].outcome is Outcome.PASS
    assert "the median latency fell" in said(verdict)


def test_growth_that_stays_far_from_the_limit_is_told_and_passes() -> None:
    verdict = judged(lambda second: 5 + second / 8)
    assert verdict.checks[0].outcome is Outcome.PASS
    assert "rose from" in said(verdict)


@pytest.mark.parametrize("seconds_between", [1, 4])
def test_few_requests_tell_no_course(seconds_between: int) -> None:
    verdict = judged(lambda second: 20 + second, each=3 // seconds_between or 1, passes="< 500 ms")
    assert said(verdict) == ""


@pytest.mark.parametrize("seconds", [2, 3, 4, 5])
def test_no_window_too_short_for_the_tests_passes_on_its_early_half(seconds: int) -> None:
    for each in (30, 100, 300, 1000):
        for late_ms in (74, 78, 82, 95):

            def level(second: int, late_ms: int = late_ms) -> int:
                return 20 if second < seconds - 1 else late_ms

            verdict, record = short(level, seconds, each)
            late = merge(*(part.ok for part in record.slices[seconds // 2 :])).quantile_ms(0.95)
            assert late is not None
            assert late < 100 or verdict.checks[0].outcome is not Outcome.PASS, (each, late_ms)
    assert short(lambda second: 20, seconds, 100)[0].checks[0].outcome is Outcome.PASS


def test_a_late_half_that_breaks_the_limit_is_what_a_short_window_is_told() -> None:
    verdict, _ = short(lambda second: 20 if second < 3 else 82, 4, 100)
    assert verdict.checks[0].outcome is Outcome.INCONCLUSIVE
    assert "its late half alone" in verdict.checks[0].message


def short(level_ms: Callable[[int], float], seconds: int, each: int) -> tuple[Verdict, Recording]:
    """The verdict on so few seconds, and what it was about."""
    record = grown(level_ms, seconds, each)
    limits = config(check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK))
    return judge(run(load(("shop", "GET /", record))), limits), record
