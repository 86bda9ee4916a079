"""Several workers' streams give what one engine would have sent: same counts, same marks, one end."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.load import engine_events
from readiness.load.assembly import Assembly
from readiness.load.engine_plan import EnginePlan
from readiness.load.phases import OUTSIDE
from readiness.load.workers import merging
from readiness.load.workers.merger import Contradiction, Merger
from readiness.measurements.generator_health import Instrument
from readiness.measurements.histogram import EMPTY, Histogram, merge
from readiness.metrics.moments import FIRST_BYTE

PLAN = EnginePlan("id", "http://127.0.0.1:1", (), (), (), 4, None, 0.0, 1.0, 3.0, 30.0)
CELLS = [engine_events.Cell("shop", name, step) for name in ("GET /a", "GET /b") for step in (OUTSIDE, 0)]
WARM_UP, JUDGED = CELLS[0], CELLS[1]


def counts(latencies_us: list[int], failed: int) -> engine_events.CellCounts:
    return engine_events.CellCounts(Histogram.of_us(np.array(latencies_us, np.int64)), {"timeout": failed}, EMPTY)


def stream(steps: list[list[tuple[int, list[int], int]]], in_flight: int) -> list[engine_events.Event]:
    """What one engine sends: `steps` are batches of (cell, latencies, failures); the window begins after the first."""
    events: list[engine_events.Event] = [engine_events.Hello("2", {"shop": 2})]
    ended = 0
    for seq, step in enumerate(steps):
        cells = {CELLS[cell]: counts(latencies, failed) for cell, latencies, failed in step}
        ended += sum(one.ok.total + sum(one.failed.values()) for one in cells.values())
        events.append(engine_events.Batch(seq, seq + 1.0, 2, ended + in_flight, ended, {}, in_flight, cells))
        if seq == 0:
            events.append(engine_events.WindowBegan(1.0))
    left = {JUDGED: in_flight} if in_flight else {}
    end = engine_events.Done(len(steps), ended + in_flight, ended, {}, left, 4.0, 4.0, {})
    return [*events, engine_events.WindowEnded(4.0), end]


STEP = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.integers(1, 9_000_000), max_size=5), st.integers(0, 3)), max_size=3
)
STREAM = st.builds(stream, st.lists(STEP, min_size=1, max_size=5), st.integers(0, 4))


@given(streams=st.lists(STREAM, min_size=1, max_size=4), data=st.data())
def test_any_interleaving_adds_up_to_the_same_load(
    streams: list[list[engine_events.Event]], data: st.DataObject
) -> None:
    merger = Merger([f"worker {index}" for index in range(len(streams))])
    waiting = [list(one) for one in streams]
    assembly = Assembly(PLAN)
    passed: list[engine_events.Event] = []
    while left := [index for index, events in enumerate(waiting) if events]:
        index = data.draw(st.sampled_from(left))
        for event in merger.feed(index, waiting[index].pop(0)):
            passed.append(event)
            assembly.add(engine_events.loads(engine_events.dumps(event)))
    assert merger.ended
    assert assembly.problems == []
    assert [type(event) for event in passed if not isinstance(event, engine_events.Batch)] == [
        engine_events.Hello,
        engine_events.WindowBegan,
        engine_events.WindowEnded,
        engine_events.Done,
    ]
    load = assembly.load()
    assert load is not None
    assert load.ledger.balanced
    batches = [event for one in streams for event in one if isinstance(event, engine_events.Batch)]
    for cell in CELLS:
        whole = merge(*(batch.cells[cell].ok for batch in batches if cell in batch.cells))
        mine = [one for one in load.endpoints if (one.scenario, one.name) == (cell.scenario, cell.name)]
        found = merge(*((one.judged if cell.step == 0 else one.warm_up).ok for one in mine))
        assert found.total == whole.total
        assert found.counts.tolist() == whole.counts.tolist()
        assert found.indices.tolist() == whole.indices.tolist()
    failed = sum(sum(one.failed.values()) for batch in batches for one in batch.cells.values())
    assert sum(load.ledger.failed.values()) == failed


@given(streams=st.lists(STREAM, min_size=2, max_size=3), lost=st.integers(0, 1), cut=st.integers(1, 4))
def test_what_a_lost_worker_sent_is_kept(streams: list[list[engine_events.Event]], lost: int, cut: int) -> None:
    merger = Merger([f"worker {index}" for index in range(len(streams))])
    kept = [events[:cut] if index == lost else events for index, events in enumerate(streams)]
    assembly = Assembly(PLAN)
    passed = [event for index, events in enumerate(kept) for one in events for event in merger.feed(index, one)]
    passed += merger.lose(lost)
    for event in passed:
        assembly.add(event)
    assert not merger.ended
    batches = [event for events in kept for event in events if isinstance(event, engine_events.Batch)]
    recorded = sum(one.ok.total + sum(one.failed.values()) for batch in batches for one in batch.cells.values())
    load = assembly.load()
    assert load is not None
    assert load.ledger.balanced
    assert load.ledger.ok + sum(load.ledger.failed.values()) == recorded


HONEST = stream([[(1, [1000, 2000], 1)], [(1, [3000], 0)]], 1)


@pytest.mark.parametrize(
    ("at", "change", "said"),
    [
        (1, {"ended": 7}, "contradicts itself"),
        (1, {"begun": 2}, "contradicts itself"),
        (1, {"seq": 1}, "sent batch 1 where 0 was due"),
        (3, {"seq": 0}, "sent batch 0 where 1 was due"),
        (5, {"ended": 3}, "contradicts itself at its end"),
        (5, {"batches": 3}, "contradicts itself at its end"),
        (5, {"in_flight": {}}, "contradicts itself at its end"),
    ],
)
def test_a_worker_whose_numbers_do_not_add_up_is_named(at: int, change: dict[str, object], said: str) -> None:
    merger = Merger(["10.0.0.7:31"])
    for event in HONEST[:at]:
        merger.feed(0, event)
    with pytest.raises(Contradiction, match=f"10.0.0.7:31 {said}"):
        merger.feed(0, replace(HONEST[at], **change))  # type: ignore[arg-type]


def test_nothing_is_believed_after_the_end_marker() -> None:
    merger = Merger(["a"])
    for event in HONEST:
        merger.feed(0, event)
    with pytest.raises(Contradiction, match="went on after its end marker"):
        merger.feed(0, HONEST[1])


def gap(start_s: float, end_s: float, endpoint: bool = False) -> engine_events.StallSeen:
    return engine_events.StallSeen(start_s, end_s, 2, 5, ("shop", "GET /a"), True, endpoint)


def test_a_gap_is_the_services_only_where_every_worker_with_such_users_saw_it() -> None:
    shop, other = engine_events.Hello("2", {"shop": 5}), engine_events.Hello("2", {"other": 5})
    assert merging.common_gaps([(shop, [gap(1, 5)]), (shop, [gap(2, 4), gap(4.2, 9)])]) == (
        engine_events.StallSeen(2, 4, 4, 10, ("GET /a", "shop"), True, False),
    )
    assert merging.common_gaps([(shop, [gap(1, 5)]), (other, [])]) == ()
    assert merging.common_gaps([(shop, [gap(1, 5, endpoint=True)]), (other, [])]) == (gap(1, 5, endpoint=True),)


def test_every_field_of_a_batch_and_of_an_end_is_merged() -> None:
    """A new field has to be thought about here: is it added, the larger of both, or the same everywhere?"""
    one, other = (event for event in HONEST if isinstance(event, engine_events.Batch))
    one, other = (replace(part, moments={FIRST_BYTE: part.cells}) for part in (one, other))
    merged = merging.batch(9, [one, replace(other, seq=0)], [])
    assert {cell: counts.ok.total for cell, counts in merged.moments[FIRST_BYTE].items()} == {
        cell: counts.ok.total for cell, counts in merged.cells.items()
    }
    assert {field.name for field in fields(engine_events.Batch)} == {
        *("seq", "at_s", "users", "begun", "ended", "arrivals", "in_flight", "cells"),
        *("stalls", "details", "instrument", "moments", "paces", "seen", "writes"),
    }
    assert (merged.seq, merged.at_s, merged.users) == (9, 2.0, 4)
    assert {field.name for field in fields(engine_events.Done)} == {
        *(
            "batches",
            "begun",
            "ended",
            "arrivals",
            "in_flight",
            "moments_in_flight",
            "judged_until_s",
            "stopped_s",
            "script_errors",
            "connections",
            "unanswered",
            "writes",
            "idle",
        ),
    }


def test_idle_workers_do_not_hide_a_saturated_one() -> None:
    one = next(event for event in HONEST if isinstance(event, engine_events.Batch))
    busy = replace(one, instrument=Instrument(watched_s=1.0, cpu_s=0.99, peak_cpu_share=0.99))
    idle = replace(one, instrument=Instrument(watched_s=1.0, cpu_s=0.05, peak_cpu_share=0.05))
    merged = merging.batch(0, [idle, busy, idle], []).instrument
    assert merged is not None
    assert merged.cpu_share == pytest.approx(0.99)
