"""A run that decides nothing names the values for which it does not, and what is missing, on the first screen."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from rich.console import Console

from readiness.config.model import OnFail
from readiness.judge.inconclusive import Cause
from readiness.judge.judge import judge
from readiness.judge.verdict import Decision, Outcome, Verdict
from readiness.measurements.run import Recording, Stall
from readiness.report import FORMATS
from readiness.report.console import quiet_line, summary
from readiness.report.view import words
from readiness.report.view.lead import lead
from tests.judge.builders import check, config, load, recording, run
from tests.judge.test_outages import seconds
from tests.report import builders

RATE = check("http.success_rate", "> 99.5 %", on_fail=OnFail.BLOCK)
P95 = check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK)
NOTED = check("latency.p99", "< 1 ms", on_fail=OnFail.NOTE)


def judged(record: Recording, *checks: object) -> Verdict:
    verdict = judge(run(load(("shop", "GET /", record), seconds=len(record.slices))), config(*checks))  # type: ignore[arg-type]
    assert verdict.decision is Decision.INCONCLUSIVE
    return verdict


def screen(verdict: Verdict) -> str:
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(summary(verdict, width=200))
    return " ".join(capture.get().replace("│", " ").split())


def test_a_value_beyond_its_limit_is_named_with_what_would_prove_it() -> None:
    verdict = judged(recording([10.0] * 991, failed={"http_5xx": 9}), RATE)
    assert verdict.inconclusive_cause == Cause.BEYOND
    said = screen(verdict)
    assert "? http.success_rate 99.1 %, needs over 99.5 %: 0.4 points short (blocks the release)" in said
    assert "Not proven: http.success_rate is 99.1 %, needs over 99.5 %: 0.4 points short. About " in said
    assert "s at this load. No decision can be based on this run." in said
    assert "99.1 %, needs over 99.5 %" in quiet_line(verdict)


def test_a_value_within_its_limit_is_named_with_the_length_that_would_prove_it() -> None:
    verdict = judged(recording([10.0] * 40), P95)
    assert verdict.inconclusive_cause == Cause.TOO_SHORT
    said = screen(verdict)
    assert "? latency.p95 10.0 ms, needs under 100 ms (blocks the release)" in said
    assert "Not proven: latency.p95 is 10.0 ms, needs under 100 ms. About " in said


def test_the_one_line_names_the_check_whose_value_it_says() -> None:
    verdict = judged(recording([10.0] * 930 + [500.0] * 61, failed={"http_5xx": 9}), P95, RATE)
    assert "Not proven: latency.p95 and http.success_rate. " in quiet_line(verdict)
    assert ". latency.p95: " in quiet_line(verdict) or ". http.success_rate: " in quiet_line(verdict)


@pytest.mark.parametrize("name", ["md", "html"])
def test_a_value_inside_its_limit_that_failed_says_why_on_the_first_screen(name: str) -> None:
    stalled = Stall(2.0, 5.0, 5, 5, ("shop", "GET /"))
    seen = load(("shop", "GET /", recording([1.0] * 1000)), stalls=(stalled,))
    verdict = judge(run(seen), config(check("latency.p95", "< 100 ms", on_fail=OnFail.BLOCK)))
    why = "1.0 ms, needs under 100 ms: nothing was answered for 3.00 s of 10.0 s; whoever came in"
    assert why in screen(verdict)
    text = " ".join(FORMATS[name].render(verdict).replace("`", "").split())
    assert why in re.split("## Executive summary|Executive summary</h2>", text)[0]
    assert "100 ms; nothing was answered for 3.00 s of 10.0 s" in re.sub("&lt;", "<", text)


def test_a_load_that_ended_early_or_was_not_sent_is_not_told_as_planned() -> None:
    seen = replace(load(("shop", "GET /", recording([10.0] * 40)), seconds=10), planned_s=15.0)
    plan = {"users": 20, "duration_s": 15.0}
    verdict = judge(replace(run(seen), plan=plan, interrupted="SIGINT"), config(P95))
    assert words.load(verdict) == "20 users for 10 s of the planned 15 s"
    unloaded = judge(replace(run(None), plan=plan, doubts=("nothing was loaded: GET /x answers 404",)), config(P95))
    assert words.load(unloaded) == "none was sent"
    assert unloaded.inconclusive_cause == Cause.DOUBTED
    assert "Nothing was loaded: GET /x answers 404. No decision can be based on this run." in screen(unloaded)
    for name in ("md", "html"):
        text = FORMATS[name].render(unloaded)
        assert "No stall" not in text
        assert "also made the load" not in text


def test_the_terminal_says_what_it_leaves_out_and_which_endpoint_is_whose() -> None:
    names = [*(("shop", f"GET /{at}") for at in range(5)), ("login", "GET /0")]
    seen = load(*((scenario, name, recording([20.0 if name == "GET /0" else 10.0] * 40)) for scenario, name in names))
    verdict = judge(run(seen), config(*(check("latency.p95", "< 5 ms", scope=f"GET /{at}") for at in range(1, 5)), P95))
    few = replace(verdict, checks=(*verdict.checks, *builders.SEED_CHECKS))
    said = screen(few)
    assert "and 4 more" in said
    assert "and 1 more endpoint (--verbose)" in said
    assert "faster" not in said
    assert "GET /0 (shop)" in said
    assert "GET /0 (login)" in said


def test_the_first_screen_and_the_tables_give_a_long_latency_in_one_unit() -> None:
    verdict = judged(recording([17_990.0] * 40), RATE)
    text = FORMATS["md"].render(verdict)
    assert "**17,9" in text.partition("## Executive summary")[0]
    assert " s**" not in text.partition("## Executive summary")[0]


def test_what_kept_checks_from_passing_is_told_by_its_kind() -> None:
    base = builders.verdict()  # two or more failed, one warned
    assert lead(base)[0] == "3 of 10 checks failed and 1 is within its warning limit; none of them blocks."
    warned = replace(base, checks=tuple(one for one in base.checks if one.outcome is not Outcome.FAIL))
    assert lead(warned)[0] == "1 of 7 checks is within its warning limit; none of them blocks."
    every = replace(base, checks=(*base.checks, *builders.EVERY_OUTCOME))
    assert lead(every)[0].startswith("5 of 17 checks failed, 1 is not proven, 2 were not measured and 1 is within its")


def test_a_load_that_drifted_is_told_to_warm_up_longer() -> None:
    falls = seconds(*[(30, 150.0 - 2 * at, 0) for at in range(40)])
    said = screen(judged(falls, check("latency.p95", "< 144 ms", on_fail=OnFail.BLOCK)))
    assert "The load drifted: the median latency fell from " in said
    assert "Lengthen warm_up until the service has settled." in said


def test_a_doubt_about_the_reading_is_not_put_on_the_load_generator() -> None:
    rises = seconds(*[(30, 20.0 + 3 * at, 0) for at in range(40)])
    verdict = judged(rises, check("latency.mean", "< 110 ms", on_fail=OnFail.BLOCK))
    assert verdict.inconclusive_cause == Cause.DOUBTED
    assert "Measure again: lengthen warm_up until the service has settled" in screen(verdict)
    assert "generator" not in screen(verdict)


def test_what_decides_nothing_stays_folded_and_what_was_not_measured_is_named() -> None:
    verdict = judged(recording([10.0] * 40), P95, check("data.x", "== 0", on_fail=OnFail.BLOCK))
    assert "! data.x not measured, must be 0 (blocks the release)" in screen(verdict)
    alone = judged(recording([10.0] * 1000), P95, check("data.x", "== 0", on_fail=OnFail.BLOCK))
    assert "data.x was not measured, and the decision needs it." in screen(alone)
    interrupted = judge(
        replace(run(load(("shop", "GET /", recording([10.0] * 40)))), interrupted="SIGTERM"), config(P95)
    )
    assert "needs under" not in screen(interrupted)


@pytest.mark.parametrize("name", ["md", "html"])
def test_the_files_name_them_too(name: str) -> None:
    text = FORMATS[name].render(judged(recording([10.0] * 991, failed={"http_5xx": 9}), RATE, NOTED))
    text = text.replace("`", "")
    assert "99.1 %, needs over 99.5 %: 0.4 points short" in text
    assert "About " in text.partition("No decision can be based")[0]
