"""Of several runs the worst is the answer, whatever their order; a signal weighs most."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from readiness.errors import ExitCode
from readiness.judge import repeats
from readiness.judge.verdict import EXIT_OF, CheckResult, Decision, Outcome, Verdict
from tests.report.builders import verdict as any_verdict

ORDER = [Decision.READY, Decision.CONDITIONAL, Decision.INCONCLUSIVE, Decision.NOT_READY]


def of(decision: Decision, p95_ms: float = 10.0) -> Verdict:
    check = CheckResult(
        "latency.p95",
        None,
        "P95",
        Outcome.PASS,
        p95_ms,
        None,
        None,
        "ms",
        100,
        "< 100 ms",
        None,
        1,
        "condition",
        "",
        "load",
    )
    return replace(any_verdict(), decision=decision, exit_code=EXIT_OF[decision], checks=(check,))


@given(st.lists(st.sampled_from(ORDER), min_size=1, max_size=6))
def test_no_run_is_worse_than_the_one_that_decides(decisions: list[Decision]) -> None:
    chosen = decisions[repeats.worst([of(one) for one in decisions])]
    assert ORDER.index(chosen) == max(ORDER.index(one) for one in decisions)


def test_a_run_that_a_signal_ended_decides() -> None:
    ended = replace(of(Decision.INCONCLUSIVE), exit_code=ExitCode.INTERRUPTED)
    assert repeats.worst([of(Decision.NOT_READY), ended]) == 1


def test_the_spread_is_told_with_units_and_the_number_of_the_worst() -> None:
    found = repeats.sentences([of(Decision.READY, 10.0), of(Decision.NOT_READY, 12.0), of(Decision.READY, 14.0)], 3)
    assert found[0] == "3 of 3 runs in a row: READY, NOT READY, READY. This is the report of run 2, the worst."
    assert found[1] == "P95 over 3 runs: 10.0 ms to 14.0 ms, standard deviation 16.7 % of the mean."
