"""What a service said of itself in a drill, against what its requests saw."""

from __future__ import annotations

import pytest

from readiness.config.probes import CircuitBreakerSettings
from readiness.drills.self_reports import DrillTimes, Fared, breaker, readiness
from readiness.errors import NotMeasured
from readiness.probes.health import HealthSample
from readiness.probes.sampler import NumberPlace, NumberSample, Readings
from readiness.probes.self_reports import SelfReports

TIMES = DrillTimes(5.0, 15.0, 30.0)
BREAKERS = CircuitBreakerSettings(statistics="/state", states=("/db",))
PLACE = NumberPlace("json", "/state", "/db")
ALL = range(0, 31, 2)
DOWN = Fared(served=0.1, bad=0.9, allowed=0.05)
IN_PART = Fared(served=0.7, bad=0.3, allowed=0.05)
WELL = Fared(served=1.0, bad=0.03, allowed=0.05)
LATE = Fared(served=2.4, bad=0.9, allowed=0.05)
"""Three times the load: nearly all answers are slower than the file allows, and there are more of them than before."""


def said(no: range | tuple[int, ...], *, problem: str | None = None) -> SelfReports:
    """A probe request every two seconds, answered 503 at the seconds of `no`; breakers that were open then."""
    samples = tuple(HealthSample(float(at), 3.0, *(("http_5xx", "503") if at in no else (None, "200"))) for at in ALL)
    states = tuple(NumberSample(float(at), "open" if at in no else "closed") for at in ALL)
    return SelfReports("/ready", samples, problem, BREAKERS, Readings({PLACE: states}, began=True))


def test_readiness_says_no_while_the_service_cannot_serve_and_yes_soon_after() -> None:
    truth = readiness(said(range(6, 18)), TIMES, DOWN)
    assert truth.holds
    assert [(one.observed, one.ok) for one in truth.details] == [
        ("10 % of those before it: it could not serve", None),
        ("90 %", None),
        ("503 × 5", True),
        ("ready 3 s after it, 503 × 1 before", True),
    ]


@pytest.mark.parametrize(
    ("no", "fared"),
    [
        ((), DOWN),
        ((6, 8), DOWN),
        (range(6, 30), DOWN),
        (range(6, 28), DOWN),
        (range(6, 16), WELL),
    ],
    ids=["never no", "yes again in the fault", "never yes again", "yes too late", "no although it could serve"],
)
def test_readiness_that_misleads_is_found(no: range | tuple[int, ...], fared: Fared) -> None:
    assert not readiness(said(no), TIMES, fared).holds


def test_a_service_that_serves_on_stays_ready() -> None:
    assert readiness(said(()), TIMES, WELL).holds
    assert readiness(said((8,)), TIMES, WELL).holds


@pytest.mark.parametrize("fared", [IN_PART, LATE], ids=["in part", "late, but more than usual"])
def test_a_service_that_serves_in_part_or_late_may_say_either_but_is_ready_soon_after(fared: Fared) -> None:
    for no in ((), range(6, 16)):
        assert readiness(said(no), TIMES, fared).holds
    assert not readiness(said(range(6, 31)), TIMES, fared).holds


def test_a_probe_request_that_waits_in_vain_as_the_fault_begins_says_no() -> None:
    waits = HealthSample(4.0, 12_000.0, "timeout", "/ready: timed out after 5 s")
    reports = said(())
    kept = tuple(one for one in reports.samples if not 4 <= one.start_s < 16)
    stuck = SelfReports("/ready", (*kept[:2], waits, *kept[2:]), None, BREAKERS, reports.readings)
    assert readiness(stuck, TIMES, DOWN).holds


def test_an_answer_that_the_end_of_the_fault_gave_says_nothing_of_the_fault() -> None:
    reports = said(range(6, 14))
    late = HealthSample(14.5, 900.0, None, "200")
    held = HealthSample(13.5, 2_000.0, None, "200")
    for one, holds in ((late, True), (held, True), (HealthSample(14.5, 100.0, None, "200"), False)):
        kept = tuple(sample for sample in reports.samples if sample.start_s != 14)
        samples = tuple(sorted((*kept, one), key=lambda sample: sample.start_s))
        told = SelfReports("/ready", samples, None, BREAKERS, reports.readings)
        assert readiness(told, TIMES, DOWN).holds is holds


@pytest.mark.parametrize(
    ("reports", "why"),
    [
        (said(range(31)), "said 503 before the fault already"),
        (said((), problem="/ready: not a path of the target"), "not a path"),
        (SelfReports("/ready", (), None, BREAKERS, Readings({}, began=True)), "answered before the fault"),
        (SelfReports("/ready", said(()).samples[:3], None, BREAKERS, Readings({}, began=True)), "while the fault"),
    ],
)
def test_readiness_that_nobody_heard_is_not_measured(reports: SelfReports, why: str) -> None:
    with pytest.raises(NotMeasured, match=why):
        readiness(reports, TIMES, DOWN)


def test_a_breaker_opens_in_the_fault_and_closes_after_it() -> None:
    assert breaker(said(range(8, 18)), TIMES, bad_share=0.9).holds
    assert not breaker(said(()), TIMES, bad_share=0.9).holds, "it never opened"
    assert not breaker(said(range(8, 31)), TIMES, bad_share=0.9).holds, "it stayed open"


@pytest.mark.parametrize(
    ("reports", "why"),
    [
        (said(()), "had a reason to open"),
        (said(range(31)), "not closed before"),
        (SelfReports("/ready", (), None, CircuitBreakerSettings(), Readings({}, began=True)), "needs statistics"),
        (SelfReports("/ready", (), None, BREAKERS, Readings({PLACE: ()}, began=True)), "not read"),
    ],
)
def test_a_breaker_that_proves_nothing_is_not_measured(reports: SelfReports, why: str) -> None:
    with pytest.raises(NotMeasured, match=why):
        breaker(reports, TIMES, bad_share=0.0)
