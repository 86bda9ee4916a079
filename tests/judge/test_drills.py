"""What one sentence says of a drill."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from readiness.judge.judge import judge
from readiness.measurements.bounds import Bounds
from readiness.measurements.run import Detail, Drilled, Measurement
from tests.judge.builders import check, config, load, recording, run

LOAD = load(("shop", "GET /", recording([5.0] * 400)))


def found(metric: str, value: float | None, **more: Any) -> Measurement:
    """A measurement of the drill `crash`."""
    return replace(Measurement(f"drill.{metric}", "crash", value, "drill", 100), **more)


def sentence(*measurements: Measurement, asked: tuple[str, ...] = (), unseen: str | None = None) -> str:
    """What the drill showed, where checks ask for these metrics."""
    checks = [check(f"drill.{name}", "== 0", scope="crash") for name in asked]
    seen = replace(run(LOAD, *measurements), drills=(Drilled("crash", "it crashed", unseen=unseen),))
    seen = replace(seen, plan={**seen.plan, "drills": "crash"})
    (drill,) = judge(seen, config(check("http.success_rate", "> 50 %"), *checks)).drills
    return drill.showed


def test_it_names_lost_writes_doubled_ones_and_goodput_where_a_check_asks() -> None:
    all_of_them = (
        found("goodput", 84.2),
        found("requests_lost", 3.0),
        found("writes_lost", 1.0),
        found("writes_duplicated", 0.0),
    )
    names = ("goodput", "requests_lost", "writes_lost", "writes_duplicated")
    assert sentence(*all_of_them, asked=names) == (
        "84.2 right answers per second, 3 requests got no answer, 1 acknowledged write lost, no write stored twice"
    )
    assert sentence(*all_of_them[:2], found("error_rate", 0.0)) == "no request failed"


def test_it_says_who_got_no_answer_and_what_nobody_saw() -> None:
    never = (Detail("without any answer", "40 requests", False),)
    dead = found("longest_answer", None, evidence=Bounds(None, None), details=never)
    assert sentence(dead) == "40 requests had no answer"
    late = replace(dead, evidence=Bounds(300.0, None))
    assert sentence(late) == "40 requests had no answer after 300 ms"
    unseen = "nothing was seen to break or to change: no request failed"
    assert sentence(found("error_rate", 0.0), unseen=unseen) == f"no request failed, {unseen}"
