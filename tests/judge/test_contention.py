"""Other processes had the cores: what the service waited for then neither fails nor passes, and comes first."""

from __future__ import annotations

from dataclasses import replace

from readiness.config.model import OnFail
from readiness.judge.judge import judge
from readiness.judge.outlook import DiagnosisKind
from readiness.judge.verdict import Decision, Outcome, Verdict
from readiness.measurements.process_activity import ProcessActivity
from readiness.report.view.lead import first_steps
from tests.judge.builders import check, config, load, recording, run

WAITS = ProcessActivity(
    "gunicorn (pid 7)", window_s=10.0, cores=2.0, cpu_s=1.8, waited_for_core_s=70.0, samples=230, running=1.5,
    running_share=0.7, busy_share=0.7, busiest=1.5,
)  # fmt: skip


def told(process: ProcessActivity, *, database: ProcessActivity | None = None, failed: int = 0) -> Verdict:
    seen = load(("shop", "GET /", recording([400.0] * 200, failed={"http_5xx": failed} if failed else None)))
    limits = config(
        check("latency.p95", "< 30 ms", on_fail=OnFail.BLOCK),
        check("latency.mean", "< 30 ms"),
        check("http.success_rate", "> 99 %", on_fail=OnFail.BLOCK),
    )
    return judge(replace(run(seen), process=process, database_process=database), limits)


def test_a_latency_that_is_the_wait_for_cores_of_others_fails_nothing() -> None:
    """G18."""
    verdict = told(WAITS)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert [one.outcome for one in verdict.checks[:2]] == [Outcome.INCONCLUSIVE] * 2
    assert "waiting for cores that other processes had: free the machine" in verdict.checks[0].message
    first = first_steps(verdict)[0]
    assert first.text.startswith("Free the machine of its other work, or give the service cores of its own, then run")
    assert not any("Begin with" in step for step in verdict.next_steps)


def test_it_is_so_where_threads_were_ready_all_the_time_and_others_ran() -> None:
    verdict = told(replace(WAITS, running=2.4, running_share=0.91, busy_share=0.91, busiest=2.4))
    assert verdict.diagnoses[0].kind is DiagnosisKind.CONTENTION
    assert verdict.decision is Decision.INCONCLUSIVE


def test_a_service_that_eats_its_own_cpu_stays_not_ready() -> None:
    alone = replace(WAITS, cpu_s=9.9, running=1.0, running_share=1.0, busy_share=1.0, busiest=1.0)
    assert told(alone).decision is Decision.NOT_READY, "one thread that had a core nearly all the time"
    assert told(replace(WAITS, cpu_s=18.0)).decision is Decision.NOT_READY, "its own threads take each other's cores"
    server = ProcessActivity("postgres (pid 9)", window_s=10.0, cores=2.0, cpu_s=16.0)
    assert told(WAITS, database=server).decision is Decision.NOT_READY, "its own database has them"


def test_little_waiting_and_failed_requests_excuse_nothing() -> None:
    assert told(replace(WAITS, waited_for_core_s=25.0)).decision is Decision.NOT_READY
    verdict = told(WAITS, failed=60)
    assert verdict.decision is Decision.NOT_READY
    assert verdict.checks[2].outcome is Outcome.FAIL
