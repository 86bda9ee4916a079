"""The recorder's ledger: whatever happens to calls, none is lost and none is counted twice."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from readiness.load.phases import OUTSIDE
from readiness.load.recorder import MAX_NAMES, OTHER, Call, Recorder
from readiness.load.wire import Batch, Cell, StallSeen


def started() -> Recorder:
    recorder = Recorder()
    recorder.start_s = 0.0
    recorder.judged_from_s = 10.0
    recorder.judged_until_s = 20.0
    return recorder


@given(st.lists(st.sampled_from(["begin", "ok", "fail", "take"]), max_size=200))
def test_any_order_of_begin_end_and_take_conserves_every_call(steps: list[str]) -> None:
    recorder = started()
    calls: list[Call] = []
    batches: list[Batch] = []
    for at, step in enumerate(steps):
        match step:
            case "begin":
                calls.append(recorder.begin("shop", f"GET /{at % 3}", float(at)))
            case "take":
                batches.append(recorder.take(float(at), len(batches)))
            case _ if calls:
                recorder.end(calls.pop(0), float(at), None if step == "ok" else "http_5xx")
    left = recorder.close(float(len(steps)))
    batches.append(recorder.take(float(len(steps)), len(batches)))
    counted = sum(counts.ok.total + sum(counts.failed.values()) for batch in batches for counts in batch.cells.values())
    assert recorder.begun == steps.count("begin")
    assert counted == recorder.ended
    assert recorder.begun == recorder.ended + sum(left.values())


def test_a_call_ends_once() -> None:
    recorder = started()
    call = recorder.begin("shop", "GET /", 11.0)
    recorder.end(call, 11.5, None)
    recorder.end(call, 12.0, "timeout")
    batch = recorder.take(12.0, 0)
    assert batch.cells[Cell("shop", "GET /", 0)].ok.total == 1
    assert (batch.begun, batch.ended, batch.in_flight) == (1, 1, 0)


def test_the_phase_is_that_of_the_start() -> None:
    recorder = started()
    early = recorder.begin("shop", "GET /", 9.9)
    judged = recorder.begin("shop", "GET /", 19.9)
    late = recorder.begin("shop", "GET /", 20.0)
    for call in (early, judged, late):
        recorder.end(call, 25.0, None)
    phases = Counter({cell.step: counts.ok.total for cell, counts in recorder.take(25.0, 0).cells.items()})
    assert phases == {0: 1, OUTSIDE: 2}


def test_a_gap_without_an_answer_while_requests_wait_is_a_stall() -> None:
    recorder = started()
    recorder.users = 2
    waiting = [recorder.begin("shop", "GET /", 0.0) for _ in range(2)]
    recorder._quiet_since_s = 11.0
    recorder.end(waiting[0], 14.0, None)
    (stall,) = recorder.take(14.0, 0).stalls
    assert (stall.start_s, stall.end_s, stall.in_flight) == (11.0, 14.0, 2)
    assert set(stall.scopes) == {"shop", "GET /"}


def test_answers_less_than_a_second_apart_are_no_stall() -> None:
    recorder = started()
    call = recorder.begin("shop", "GET /", 0.0)
    recorder._quiet_since_s = 11.0
    recorder.end(call, 11.9, None)
    assert recorder.take(12.0, 0).stalls == ()


def test_names_beyond_the_cap_are_counted_together() -> None:
    recorder = started()
    for number in range(MAX_NAMES + 10):
        recorder.end(recorder.begin("shop", f"GET /{number}", 11.0), 11.1, None)
    cells = recorder.take(12.0, 0).cells
    assert len(cells) == MAX_NAMES + 1
    assert cells[Cell("shop", OTHER, 0)].ok.total == 10


def test_an_endpoint_that_answers_nothing_is_a_stall_of_its_own_while_others_answer() -> None:
    recorder = started()
    recorder.scenario_users = {"a": 4, "b": 2}
    for _ in range(2):
        recorder.begin("b", "GET /b", 0.5)
    stalls: list[StallSeen] = []
    for second in range(1, 6):
        recorder.end(recorder.begin("a", "GET /a", second - 0.5), second - 0.4, None)
        stalls += recorder.take(float(second), second - 1).stalls
    recorder.close(5.0)
    stalls += recorder.take(5.0, 5).stalls
    (silent,) = [stall for stall in stalls if stall.endpoint]
    assert (silent.start_s, silent.end_s, silent.in_flight, silent.users) == (1.0, 5.0, 2, 2)
    assert (silent.scopes, silent.answered) == (("b", "GET /b"), False)


def test_an_endpoint_that_answers_again_ends_its_stall_as_answered() -> None:
    recorder = started()
    call = recorder.begin("b", "GET /b", 0.5)
    stalls = [*recorder.take(1.0, 0).stalls, *recorder.take(2.0, 1).stalls, *recorder.take(3.0, 2).stalls]
    recorder.end(call, 3.5, None)
    stalls += recorder.take(4.0, 3).stalls
    (silent,) = [stall for stall in stalls if stall.endpoint]
    assert (silent.start_s, silent.end_s, silent.answered) == (1.0, 3.0, True)
