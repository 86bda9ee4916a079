"""The recorder's ledger: whatever happens to calls, none is lost and none is counted twice."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.load.engine_events import Batch, Cell, StallSeen, dumps
from readiness.load.phases import OUTSIDE
from readiness.load.recorder import _MAX_NAMES, OTHER, Recorder
from readiness.load.samples import PACKED
from readiness.load.ticket import UNKNOWN_S, OpenCall, Ticket
from readiness.metrics.moments import FIRST_BYTE


def started() -> Recorder:
    recorder = Recorder()
    recorder.start_s = 0.0
    recorder.judged_from_s = 10.0
    recorder.judged_until_s = 20.0
    return recorder


EVENT = st.sampled_from(["begin", "begin", "begin", "ok", "ok", "fail", "twice", "kill", "take", "pack", "late begin"])


@given(
    st.lists(st.tuples(EVENT, st.integers(0, 10**6), st.floats(0, 0.9)), max_size=150),
    st.booleans(),
    st.integers(0, 60),
)
def test_any_order_of_begin_end_kill_and_take_conserves_every_call(
    steps: list[tuple[str, int, float]], is_open: bool, more: int
) -> None:
    """P11: whichever call ends, how often, and with which the batch is cut between; a killed user's call stays open."""
    recorder = started()
    recorder.open = is_open
    under_way: list[OpenCall] = []
    over: list[OpenCall] = []
    batches: list[Batch] = []
    true: Counter[str] = Counter()
    for at, (what, which, part) in enumerate(steps):
        at_s = at * 0.25 + part / 4
        match what:
            case "begin" | "late begin":  # in an open load due before it was sent
                due_s = at_s if what == "begin" else at_s - part
                under_way.append(recorder.begin("shop", f"GET /{which % 3}", due_s))
            case "take":
                batches.append(recorder.take(at_s, len(batches)))
            case "pack":
                recorder.pack()
            case "twice" if over:
                recorder.end(over[which % len(over)], at_s, "timeout" if part > 0.5 else None)
            case "kill" if under_way:
                under_way.pop(which % len(under_way))
                true["killed"] += 1
            case "ok" | "fail" if under_way:
                call = under_way.pop(which % len(under_way))
                recorder.end(call, at_s, None if what == "ok" else "http_5xx", "said")
                over.append(call)
                true[what] += 1
        assert recorder.begun == recorder.ended + recorder.in_flight
    end_s = len(steps) * 0.25 + 1 + more
    left = recorder.close(end_s)
    for call in under_way[:1]:
        recorder.end(call, end_s + 1, None)  # after the end nothing counts any more
    batches.append(recorder.take(end_s, len(batches)))
    ok = sum(counts.ok.total for batch in batches for counts in batch.cells.values())
    failed = sum(n for batch in batches for counts in batch.cells.values() for n in counts.failed.values())
    assert (ok, failed) == (true["ok"], true["fail"])
    assert sum(left.values()) == len(under_way) + true["killed"]
    assert recorder.begun == ok + failed + sum(left.values())
    assert recorder.ended == ok + failed == batches[-1].ended
    assert sum(counts.failed_latency.total for batch in batches for counts in batch.cells.values()) == failed
    if is_open:
        assert sum(counts.service.total for batch in batches for counts in batch.cells.values()) == ok


def test_samples_that_were_packed_on_the_way_make_the_same_histograms() -> None:
    at_once, on_the_way = started(), started()
    for recorder in (at_once, on_the_way):
        recorder.open = True
        for number in range(3 * PACKED + 7):
            call = recorder.begin("shop", "GET /", 11.0)
            call.sent_s = 11.0
            recorder.end(call, 11.0 + number / 1e4, "timeout" if number % 10 == 0 else None)
            if recorder is on_the_way and number % 700 == 0:
                recorder.pack()
    assert at_once.ended == on_the_way.ended == 3 * PACKED + 7
    one, other = at_once.take(12.0, 0), on_the_way.take(12.0, 0)
    assert dumps(one) == dumps(other)
    assert one.cells[Cell("shop", "GET /", 0)].service.total == one.cells[Cell("shop", "GET /", 0)].ok.total > 0


def test_a_call_ends_once() -> None:
    recorder = started()
    call = recorder.begin("shop", "GET /", 11.0)
    recorder.end(call, 11.5, None)
    recorder.end(call, 12.0, "timeout")
    batch = recorder.take(12.0, 0)
    assert batch.cells[Cell("shop", "GET /", 0)].ok.total == 1
    assert (batch.begun, batch.ended, batch.in_flight) == (1, 1, 0)


class CannotRead:
    everywhere = False

    def see(self, call: Ticket, end_s: float, failure: str | None) -> None:
        raise ValueError("not readable")

    def pack(self) -> None:
        """Nothing to do."""


def test_an_answer_that_the_watch_cannot_read_is_counted_all_the_same() -> None:
    recorder = started()
    recorder.watch = CannotRead()
    call = recorder.begin("shop", "GET /", 11.0)
    with pytest.raises(ValueError, match="not readable"):
        recorder.end(call, 11.5)
    batch = recorder.take(12.0, 0)
    assert batch.cells[Cell("shop", "GET /", 0)].ok.total == batch.begun == batch.ended == 1


def test_the_first_byte_is_that_of_answers_in_parts_and_the_end_of_all_others() -> None:
    recorder = started()
    recorder.first_bytes = True
    for number in range(2000):  # more than are packed
        call = recorder.begin("shop", "GET /", 11.0)
        call.first_s = (0.0, 11.25, UNKNOWN_S, 11.25)[number % 4]
        recorder.end(call, 11.5, "truncated" if number % 4 == 3 else None)
        recorder.pack()
    late = recorder.begin("shop", "GET /", 9.0)  # in no window
    late.first_s = 11.25
    recorder.end(late, 11.5)
    cell = Cell("shop", "GET /", 0)
    batch = recorder.take(12.0, 0)
    assert batch.ended == 2001
    whole, first = batch.cells[cell], batch.moments[FIRST_BYTE][cell]
    assert (whole.ok.total, whole.ok.min_us, whole.ok.max_us) == (1500, 500_000, 500_000)
    assert (first.ok.total, first.ok.sum_us) == (1000, 500 * 500_000 + 500 * 250_000)
    assert first.failed == whole.failed == {"truncated": 500}
    recorder.end(recorder.begin("shop", "GET /", 11.0), 11.5)  # UNKNOWN_S, as every ticket of a client without one
    assert recorder.take(13.0, 1).moments[FIRST_BYTE][cell].ok.total == 0


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
    for number in range(_MAX_NAMES + 10):
        recorder.end(recorder.begin("shop", f"GET /{number}", 11.0), 11.1, None)
    cells = recorder.take(12.0, 0).cells
    assert len(cells) == _MAX_NAMES + 1
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


OF_AN_ANSWER = [(302, "http_3xx"), (404, "http_4xx"), (409, "http_4xx"), (503, "http_5xx"), (429, "rate_limited")]
OF_AN_ANSWER += [(200, "assertion"), (200, "script"), (302, "not_allowed")]
OF_NONE = [(0, "timeout"), (0, "reset"), (200, "timeout"), (200, "truncated"), (0, "script"), (0, "assertion")]


@pytest.mark.parametrize("judged_later", [False, True])
@pytest.mark.parametrize(
    ("status", "failure", "came"), [(*one, True) for one in OF_AN_ANSWER] + [(*one, False) for one in OF_NONE]
)
def test_an_answer_of_any_status_ends_a_standstill_and_what_broke_off_does_not(
    status: int, failure: str, came: bool, judged_later: bool
) -> None:
    recorder = started()
    call = recorder.begin("b", "GET /b", 0.5)
    recorder._quiet_since_s = 0.5
    stalls = [*recorder.take(1.0, 0).stalls, *recorder.take(2.0, 1).stalls, *recorder.take(3.0, 2).stalls]
    call.status_code = status
    if judged_later:
        recorder.answer(call, 3.5, failure, "")
        stalls += recorder.take(4.0, 3).stalls
        recorder.end(call, 9.0)
    else:
        recorder.end(call, 3.5, failure)
    stalls += recorder.take(5.0, 4).stalls
    if judged_later and not came:
        stalls += recorder.take(6.0, 5).stalls
    assert {(stall.endpoint, stall.answered) for stall in stalls if not stall.endpoint} == {(False, came)}
    assert [stall.answered for stall in stalls if stall.endpoint] == [came]
