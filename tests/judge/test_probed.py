"""What a check on health says beyond its numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readiness.judge.judge import judge
from readiness.measurements.probing import Cost, Probing
from readiness.measurements.run import Detail, Measurement, Recording
from readiness.report.view.findings import unmeasured
from tests.judge.builders import check, config, load, recording, run

LOAD = load(("shop", "GET /", recording([5.0] * 400)))
P95 = "health.latency.p95"


def health(record: Recording, *wrong: str) -> Measurement:
    lines = tuple(Detail("/health in the window", one, False) for one in wrong)
    value = record.ok.quantile_ms(0.95, infinite=record.failures)
    return Measurement(P95, None, value, "probe health", record.requests, evidence=record, details=lines)


def test_what_came_instead_of_a_good_answer_is_in_the_message() -> None:
    seen = health(recording([], failed={"http_4xx": 20}), "/health answered 404 to 20 of 20")
    (failed,) = judge(run(LOAD, seen), config(check(P95, "< 50 ms"))).checks
    assert failed.outcome == "fail"
    assert failed.message.endswith(". /health answered 404 to 20 of 20.")


def test_a_measurement_without_a_check_says_it_too() -> None:
    seen = health(recording([], failed={"http_4xx": 20}), "/health answered 404 to 20 of 20")
    (line,) = unmeasured(judge(run(LOAD, seen), config(check("http.success_rate", "> 50 %"))))
    assert line.reason.endswith("/health answered 404 to 20 of 20")


def test_too_few_samples_say_what_pays_for_more() -> None:
    (open_,) = judge(run(LOAD, health(recording([5.0] * 20))), config(check(P95, "< 50 ms"))).checks
    assert open_.outcome == "inconclusive"
    assert open_.message.endswith(
        " Probes send at most 5 % of the load's requests and take at most as much of its time: load more or longer."
    )
    (enough,) = judge(run(LOAD, health(recording([5.0] * 60))), config(check(P95, "< 50 ms"))).checks
    assert enough.outcome == "pass"


@pytest.mark.parametrize(("requests", "decision"), [(199, "READY"), (200, "INCONCLUSIVE")])
def test_a_run_whose_probes_were_half_as_much_as_its_load_is_not_ready(requests: int, decision: str) -> None:
    probing = Probing(Cost(requests, 10.0), Cost(400, 2000.0), 10.0)
    verdict = judge(replace(run(LOAD), probing=probing), config(check("http.success_rate", "> 50 %")))
    assert verdict.decision == decision
