"""Batches add up to the load, a missing one is noticed, and memory stays flat."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from readiness.load import engine_events
from readiness.load.assembly import Assembly
from readiness.load.engine_plan import EnginePlan, ScenarioFile
from readiness.load.timeline import MAX_POINTS, MAX_SLICES
from readiness.measurements.histogram import Histogram

PLAN = EnginePlan(
    "run", "http://127.0.0.1:1", ("127.0.0.1",), (), (ScenarioFile("shop", "shop.py", 1.0),), 5, None, 0, 0, 10, 5
)


def batch(seq: int, *, count: int = 10, begun: int | None = None) -> engine_events.Batch:
    cells = {
        engine_events.Cell("shop", "GET /", 0): engine_events.CellCounts(
            Histogram.of_us(np.full(count, 1000)), {}, Histogram.of_us(np.zeros(0, np.int64))
        )
    }
    total = (seq + 1) * count
    return engine_events.Batch(seq, seq + 1.0, 5, total if begun is None else begun, total, {}, 0, cells)


def done(batches: int, ended: int, *, in_flight: Mapping[engine_events.Cell, int] | None = None) -> engine_events.Done:
    waiting = dict(in_flight or {})
    return engine_events.Done(
        batches, ended + sum(waiting.values()), ended, {}, waiting, float(batches), float(batches), {}
    )


def assembled(*events: engine_events.Event) -> Assembly:
    assembly = Assembly(PLAN)
    for event in (engine_events.Hello("2.47", {"shop": 5}), engine_events.WindowBegan(0.0), *events):
        assembly.add(event)
    return assembly


def test_batches_add_up_to_a_balanced_ledger_and_one_endpoint() -> None:
    assembly = assembled(batch(0), batch(1), done(2, 20))
    load = assembly.load()
    assert load is not None
    assert assembly.problems == []
    assert load.ledger.balanced
    assert [(endpoint.name, endpoint.judged.requests) for endpoint in load.endpoints] == [("GET /", 20)]
    assert sum(block.ok.total for block in load.endpoints[0].judged.slices) == 20


def test_a_second_tells_its_failures_by_class() -> None:
    one = engine_events.CellCounts(Histogram.of_us(np.full(3, 1000)), {"timeout": 2, "http_5xx": 1}, Histogram())
    two = engine_events.CellCounts(Histogram.of_us(np.full(3, 1000)), {"timeout": 1}, Histogram())
    cells = {engine_events.Cell("shop", "GET /", 0): one, engine_events.Cell("shop", "GET /b", 0): two}
    load = assembled(engine_events.Batch(0, 1.0, 5, 10, 10, {}, 0, cells), done(1, 10)).load()
    assert load is not None
    assert (load.series[0].failed, load.series[0].classes) == (4, {"http_5xx": 1, "timeout": 3})


def test_a_missing_batch_is_a_problem() -> None:
    assembly = assembled(batch(0), batch(2), done(3, 20))
    assert any("batch 1" in problem for problem in assembly.problems)


def test_totals_that_do_not_match_the_end_marker_are_a_problem() -> None:
    assert assembled(batch(0), done(1, 11)).problems != []


def test_requests_in_flight_at_the_end_are_in_the_ledger_and_at_their_endpoint() -> None:
    waiting = {engine_events.Cell("shop", "GET /slow", 0): 2}
    load = assembled(batch(0, begun=12), done(1, 10, in_flight=waiting)).load()
    assert load is not None
    assert (load.ledger.in_flight, load.ledger.balanced) == (2, True)
    assert {endpoint.name: endpoint.judged.in_flight for endpoint in load.endpoints} == {"GET /": 0, "GET /slow": 2}


def test_an_engine_that_was_lost_leaves_a_balanced_ledger() -> None:
    lost = engine_events.Batch(0, 1.0, 5, 12, 10, {}, 2, batch(0).cells)
    load = assembled(lost).load()
    assert load is not None
    assert (load.ledger.planned, load.ledger.ok, load.ledger.in_flight, load.ledger.balanced) == (12, 10, 2, True)


def test_a_scenario_without_any_request_is_idle() -> None:
    assembly = Assembly(PLAN)
    for event in (
        engine_events.Hello("2.47", {"shop": 5, "dashboard": 1}),
        engine_events.WindowBegan(0.0),
        batch(0),
        done(1, 10),
    ):
        assembly.add(event)
    load = assembly.load()
    assert load is not None
    assert load.idle_scenarios == ("dashboard",)


def test_a_long_run_keeps_few_points_and_blocks_and_loses_no_request() -> None:
    seconds = MAX_POINTS + 500
    load = assembled(*(batch(seq, count=1) for seq in range(seconds)), done(seconds, seconds)).load()
    assert load is not None
    slices = load.endpoints[0].judged.slices
    assert len(load.series) <= MAX_POINTS
    assert len(slices) <= MAX_SLICES
    assert sum(second.ok for second in load.series) == sum(block.ok.total for block in slices) == seconds


def test_silence_after_the_load_ended_is_no_standstill() -> None:
    def stalls(*each: tuple[float, float]) -> list[tuple[float, float]]:
        seen = tuple(engine_events.StallSeen(start_s, end_s, 1, 5, ("shop",), True, False) for start_s, end_s in each)
        load = assembled(batch(0), replace(batch(1), stalls=seen), batch(2), done(3, 30)).load()
        assert load is not None
        return [(stall.start_s, stall.end_s) for stall in load.stalls]

    assert stalls((3.2, 4.3)) == []
    assert stalls((2.5, 4.5)) == []
    assert stalls((0.5, 1.6), (1.7, 4.3)) == [(0.5, 1.6), (1.7, 3.0)]
