"""A drift is found over many runs, also where no two neighbours differ; a service that stays the same has none."""

from __future__ import annotations

import pytest

from benchmarks.drift import STEADY, Service, drawn
from readiness.judge.history.drifting import comparable, drifts
from readiness.judge.history.past_run import PastRun, of_line, together
from readiness.judge.outcome import Decision
from readiness.report.history.sheet import sheet


def test_a_slow_drift_is_told_and_its_neighbours_are_alike() -> None:
    runs = drawn(Service("", 0.01, drift=0.01), 20, seed=1)
    p95, errors = drifts(comparable(runs))
    assert p95.worse
    assert p95.since is None
    assert (p95.largest_step or 1) < 0.06
    assert not errors.found
    said = [text for _, text in sheet(runs).trend]
    assert said[0].startswith("P95 rises from run to run: from about ")
    assert "Mann-Kendall" in said[0]
    assert "no drift over 20" in said[1]


def test_a_new_level_names_the_run_that_began_it_and_a_fall_is_no_drift_for_the_worse() -> None:
    up, _ = drifts(drawn(Service("", 0.02, step=0.3), 30, seed=1))
    assert up.since is not None
    assert up.since.run_id == "15"
    down, _ = drifts(drawn(Service("", 0.02, drift=-0.02), 30, seed=1))
    assert (down.found, down.worse) == (True, False)


@pytest.mark.parametrize("service", STEADY[:3], ids=lambda service: service.words)
def test_a_steady_service_rings_in_few_of_many_histories(service: Service) -> None:
    """Fixed seeds: `python -m benchmarks drift` has the rates."""
    assert sum(any(one.found for one in drifts(drawn(service, 20, seed))) for seed in range(60)) <= 2


def test_only_runs_of_the_same_target_and_plan_are_compared() -> None:
    def one(run_id: str, **more: object) -> PastRun:
        facts = {"run_id": run_id, "at": run_id, "target": "t", "plan_hash": "p", "decision": "READY"}
        made = of_line(facts | {"requests": 100, "failed": 0, "p95_ms": 1.0} | more)
        assert made is not None
        return made

    runs = [one("1"), one("2", target="u"), one("3", plan_hash="q"), one("4", requests=3), one("5", p95_ms=None)]
    assert [run.run_id for run in comparable(runs)] == ["1", "5"]
    assert [len(drift.values) for drift in drifts(comparable(runs))] == [1, 2]
    assert comparable([]) == ()
    lines = [one(str(n)) for n in range(10)]
    assert comparable([*lines, one("b", target="u", requests=0)]) == (), "no trend of another target"
    assert comparable([*lines, PastRun("x", "x", problem="is not text")]) == ()
    cut = PastRun("9", "9", problem="is not text")
    assert len(comparable(together(lines, [cut]))) == 9, "its line still says what it sent"
    assert of_line({"run_id": "1", "at": "2", "decision": "FINE"}) is None
    assert of_line({"run_id": "1", "at": "2", "decision": "READY", "score": float("nan"), "failed": True}) == PastRun(
        "1", "2", decision=Decision.READY
    )
    newer = PastRun("1", "9", decision=Decision.READY, folder="f")
    assert together([one("1")], [newer])[0].plan_hash == "p"
