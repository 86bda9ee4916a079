"""Charts draw what was recorded, say what they leave out, and draw nothing when there is nothing."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.judge.verdict import DrillResult, Outcome, Verdict
from readiness.measurements.response_facts import TimeParts
from readiness.measurements.run import Detail, Endpoint, Measurement, Recording, Run
from readiness.metrics.restore import RESTORE_FACT
from readiness.report import FORMATS, charts
from readiness.report.charts import (
    axes,
    database_connections,
    failures,
    heatmap,
    load_steps,
    percentiles,
    ranges,
    time_spent,
    timeline,
)
from readiness.report.view.drills import build
from readiness.report.view.findings import unmeasured
from tests.report import builders

SVG = "{http://www.w3.org/2000/svg}"


def _changed(run: Run, **more: object) -> Run:
    assert run.load is not None
    return replace(run, load=replace(run.load, **more))  # type: ignore[arg-type]


def test_the_list_of_charts_is_the_folder() -> None:
    folder = Path(charts.__file__).parent
    drawing = {
        path.stem
        for path in folder.glob("*.py")
        if any(isinstance(n, ast.FunctionDef) and n.name == "draw" for n in ast.parse(path.read_text()).body)
    }
    assert drawing == {draw.__module__.rpartition(".")[2] for draw in charts.CHARTS}


@pytest.mark.parametrize("verdict", [builders.verdict(), builders.hostile("<script>|\x1b")], ids=["plain", "hostile"])
def test_every_chart_is_well_formed_and_stays_inside_its_frame(verdict: Verdict) -> None:
    for chart in charts.draw_all(verdict, builders.run(verdict)):
        root = ET.fromstring(chart.svg)
        width, height = (float(v) for v in root.get("viewBox", "").split()[2:])
        assert root.find(f"{SVG}title") is not None
        assert root.find(f"{SVG}desc") is not None
        for element in root.iter():
            for name, most in (
                ("x", width),
                ("x1", width),
                ("x2", width),
                ("y", height),
                ("y1", height),
                ("y2", height),
            ):
                if element.get(name) is not None:
                    assert 0 <= float(element.get(name, "")) <= most, (chart.key, element.attrib)
        assert all(len(row) == len(chart.columns) for row in chart.rows)


def test_without_a_run_only_what_the_verdict_knows_is_drawn() -> None:
    assert [chart.key for chart in charts.draw_all(builders.verdict(), None)] == ["ranges", "steps"]
    assert charts.draw_all(builders.verdict(endpoints=(), load_steps=()), None) == ()


def test_a_percentile_among_failures_is_not_bounded() -> None:
    verdict = builders.verdict()
    recording = Recording(ok=builders.histogram(10.0, 90), failed={"timeout": 10})
    run = _changed(builders.run(verdict), endpoints=(Endpoint("login", "POST /login", recording, Recording()),))
    chart = percentiles.draw(verdict, run)
    assert chart is not None
    (row,) = chart.rows
    p50, p90, p95, p99 = row[1:5]
    assert p50.endswith(" ms")
    assert p90.endswith(" ms")
    assert (p95, p99, row[-1]) == ("not bounded", "not bounded", "not bounded")


def test_the_limits_of_all_requests_are_on_the_percentile_chart() -> None:
    verdict = builders.verdict()
    chart = percentiles.draw(verdict, builders.run(verdict))
    assert chart is not None
    labels = [text.text for text in ET.fromstring(chart.svg).iter(f"{SVG}text")]
    assert {"P95 < 100 ms", "P99 < 200 ms"} <= set(labels)
    assert "P95 < 80 ms" not in labels


def test_a_range_bar_is_over_when_its_own_limit_is_reached() -> None:
    chart = ranges.draw(builders.verdict(), None)
    assert chart is not None
    limits = {row[0]: row[-1] for row in chart.rows}
    assert limits["GET /api/bags/{qr} (bag_lookup)"] == "80 ms"
    assert limits["POST /login (login)"] == "100 ms"
    assert str(chart.svg).count('class="bar over"') == 2


def test_a_stall_breaks_the_latency_lines_and_is_marked() -> None:
    verdict = builders.verdict()
    chart = timeline.draw(verdict, builders.run(verdict))
    assert chart is not None
    root = ET.fromstring(chart.svg)
    assert len(root.findall(f"{SVG}rect[@class='stall']")) == 1
    assert len(root.findall(f"{SVG}rect[@class='unjudged']")) == 1
    first = next(root.iter(f"{SVG}path"))
    assert first.get("d", "").count("M") == 2


def test_failures_are_drawn_only_when_there_are_some() -> None:
    verdict = builders.verdict()
    assert failures.draw(verdict, builders.run(verdict, failing=False)) is None
    chart = failures.draw(verdict, builders.run(verdict))
    assert chart is not None
    assert chart.columns == ("Seconds", "Failed", "http_5xx", "timeout")
    assert chart.rows == (("30 – 31", "4", "3", "1"), ("33 – 34", "4", "3", "1"))
    assert str(chart.svg).count('class="area') == 4


def test_failures_without_a_class_are_drawn_as_other_and_nothing_is_lost() -> None:
    verdict = builders.verdict()
    run = builders.run(verdict)
    assert run.load is not None
    old = tuple(replace(second, classes={}) for second in run.load.series)
    chart = failures.draw(verdict, _changed(run, series=old))
    assert chart is not None
    assert chart.rows == (("30 – 31", "4", "4"), ("33 – 34", "4", "4"))


def test_the_heat_map_counts_every_request_of_the_judged_window() -> None:
    verdict = builders.verdict()
    run = builders.run(verdict)
    assert run.load is not None
    chart = heatmap.draw(verdict, run)
    assert chart is not None
    ok = sum(endpoint.judged.ok.total for endpoint in run.load.endpoints)
    counted = [[int(cell.replace(",", "")) for cell in row[1:]] for row in chart.rows]
    assert sum(row[0] for row in counted) == ok
    assert all(sum(row[1:]) == row[0] for row in counted)


def test_the_parts_of_the_time_and_what_is_not_told_make_up_the_whole() -> None:
    verdict = builders.verdict()
    chart = time_spent.draw(verdict, builders.run(verdict))
    assert chart is not None
    assert chart.columns == ("Endpoint", "Answers", "Mean", "bag-tracker", "db", "network and queue")
    assert chart.rows == (("bag-tracker (login)", "5 slow", "180.0 ms", "100.0 ms", "20.0 ms", "60.0 ms"),)


def test_an_endpoint_without_slow_answers_is_drawn_and_said_to_be_of_all() -> None:
    verdict = builders.verdict()
    run = builders.run(verdict)
    assert run.load is not None
    fast = tuple(replace(one, slow=TimeParts(), timing=one.slow) for one in run.load.seen)
    chart = time_spent.draw(verdict, _changed(run, seen=fast))
    assert chart is not None
    assert chart.rows[0][1] == "5 all"
    assert "in all answers, of which" in str(chart.svg)
    assert "bag-tracker (login), all answers" in str(chart.svg)


def test_connections_are_drawn_against_their_limit() -> None:
    verdict = builders.verdict()
    run = builders.run(verdict)
    chart = database_connections.draw(verdict, run)
    assert chart is not None
    assert "At most 30 of 97 connections" in str(chart.svg)
    assert "limit 97" in str(chart.svg)
    assert database_connections.draw(verdict, replace(run, database=None)) is None


def test_the_services_own_pool_is_a_second_limit_and_time_counts_from_the_first_user() -> None:
    verdict = builders.verdict()
    run = builders.run(verdict)
    size = Measurement("pool.saturation", None, 20.0, "probe pool", details=(Detail("most in use", "1 of 5", None),))
    chart = database_connections.draw(verdict, replace(run, measurements=(size,)))
    assert chart is not None
    assert "the service's own pool: 5" in "".join(ET.fromstring(chart.svg).itertext())
    assert run.load is not None
    assert run.database is not None
    first = run.database.sessions[0].at_s + run.load.judged_start_s
    assert chart.rows[0][0] == f"{first:,.1f}"


def test_steps_say_at_which_height_the_limits_held_and_one_height_is_no_chart() -> None:
    verdict = builders.verdict()
    chart = load_steps.draw(verdict, None)
    assert chart is not None
    assert [(row[0], row[-1]) for row in chart.rows] == [
        ("10 users", "Passed"),
        ("50 users (judged)", "Failed"),
        ("100 users", "Failed"),
    ]
    said = "Largest step inside the limits: 10 users; 50 users (judged) broke them. P95 at 50 users: 112.0 ms."
    assert said in str(chart.svg)
    assert load_steps.draw(replace(verdict, load_steps=verdict.load_steps[:1]), None) is None


def test_an_hour_of_seconds_is_grouped_and_says_so() -> None:
    verdict = builders.verdict()
    run = builders.run(verdict)
    assert run.load is not None
    second = run.load.series[0]
    hour = tuple(replace(second, at_s=float(s)) for s in range(3600))
    chart = timeline.draw(verdict, _changed(run, series=hour, judged_end_s=3600.0))
    assert chart is not None
    assert "Each point is the worst of 10 seconds." in chart.note
    assert len(chart.rows) <= 60
    assert len(chart.svg) < 60_000


@settings(deadline=None)
@given(st.floats(1e-3, 1e7), st.floats(1.0, 1e6))
def test_logarithmic_ticks_cover_the_values(low: float, factor: float) -> None:
    ticks = axes.log_ticks(low, low * factor)
    assert ticks[0] <= low * (1 + 1e-9)
    assert ticks[-1] >= low * factor * (1 - 1e-9)
    assert list(ticks) == sorted(set(ticks))
    assert 2 <= len(ticks) <= 14


@settings(deadline=None)
@given(st.floats(0, 1e9))
def test_linear_ticks_cover_the_values(high: float) -> None:
    ticks = axes.linear_ticks(high)
    assert ticks[0] == 0
    assert ticks[-1] >= high * (1 - 1e-9)
    assert 2 <= len(ticks) <= 7


def test_a_restore_is_no_drill_and_what_has_no_value_is_counted() -> None:
    verdict = builders.verdict()
    passed = replace(verdict.checks[0], name="drill.recovery", scope="hang", outcome=Outcome.PASS)
    kept = replace(passed, name="restore.rows_missing", scope=None)
    drills = (DrillResult("hang", "it hung", "it came back"), DrillResult(RESTORE_FACT, "a backup", "all rows"))
    view = build(replace(verdict, drills=drills, checks=(passed, kept)))
    assert view is not None
    assert view.summary == "1 of 1 drill passed. 1 of 1 restore passed."
    missing = replace(passed, outcome=Outcome.ERROR, message="Not measured: --drills was not given.")
    both = unmeasured(replace(verdict, checks=(missing, replace(missing, scope="slow")), measurements=()))
    assert [one.count for one in both] == [2]
    assert "2 without a value, 1 reason<" in FORMATS["html"].render(
        replace(verdict, checks=(missing, replace(missing, scope="slow")), measurements=()), None
    )
