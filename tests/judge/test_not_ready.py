"""A health endpoint that says no with and without load: the load is not to blame."""

from __future__ import annotations

import pytest

from readiness.judge.judge import judge
from readiness.judge.verdict import Verdict
from readiness.measurements.run import Detail, Measurement, Rate
from tests.judge.builders import check, config, load, recording, run

CHECKS = (check("health.success_rate", "> 80 %"), check("health.touches_database", "== 1"))


def judged(before: str, inside: str, asked: str) -> Verdict:
    details = tuple(
        Detail(f"/readyz {when}", f"/readyz answered {said}", False, "a 2xx answer is healthy")
        for when, said in (("before the window", before), ("in the window", inside))
        if said
    )
    seen = run(
        load(("shop", "GET /", recording([10.0] * 100))),
        Measurement("health.ready.latency.p95", None, None, "probe health", samples=19, details=details),
        Measurement("health.success_rate", None, 50.0, "probe health", samples=38, evidence=Rate(19, 38)),
        Measurement("health.touches_database", None, None, "database", reason=asked),
    )
    return judge(seen, config(*CHECKS))


@pytest.mark.parametrize(
    ("status", "cause", "do"),
    [
        ("503", "The service says that it is not ready", "find out what /readyz asks, and which of it is missing"),
        ("404", "No good answer is to be had from this path", "find out why /readyz answers 404"),
    ],
)
def test_what_it_said_before_the_load_is_the_cause_and_one_step(status: str, cause: str, do: str) -> None:
    asked = f"/readyz: answered {status} before the load"
    verdict = judged(f"{status} to 2 of 2", f"{status} to 19 of 19", asked)
    (issue,) = verdict.release.issues
    assert set(issue.checks) == {"health.success_rate", "health.touches_database"}
    assert issue.causes == (f"{cause} (/readyz: {status}, also before the load).",)
    (step,) = verdict.release.steps
    assert do in step.headline
    assert "make it measurable" not in step.text
    assert "under load" not in step.text


@pytest.mark.parametrize(
    ("before", "inside"), [("", "503 to 4 of 19"), ("503 to 1 of 2", "503 to 19 of 19"), ("503 to 2 of 2", "")]
)
def test_what_came_with_the_load_is_not(before: str, inside: str) -> None:
    verdict = judged(before, inside, "/readyz: the database was at work without any request")
    assert "also before the load" not in str(verdict.release)
    assert any("Find what the check waits for under load" in step.text for step in verdict.release.steps)
