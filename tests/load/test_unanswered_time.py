"""Requests without an answer, and the time that they took of the measurement window from 10 s to 20 s."""

from __future__ import annotations

import pytest

from readiness.load.recorder import Recorder
from readiness.measurements.lost_time import LostTime, sum_lost_time

WINDOW_S = 10.0


def started() -> Recorder:
    recorder = Recorder()
    recorder.start_s, recorder.judged_from_s, recorder.judged_until_s = 0.0, 10.0, 20.0
    return recorder


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (5.0, 35.0, LostTime(1, 10.0, 1)),
        (5.0, 15.0, LostTime(1, 5.0, 1)),
        (5.0, 14.0, LostTime(1, 4.0, 0)),
        (11.0, 35.0, LostTime(1, 9.0, 0)),
        (5.0, 9.0, LostTime()),
        (21.0, 35.0, LostTime()),
    ],
)
def test_a_request_that_times_out_counts_with_its_time_in_the_window(
    start_s: float, end_s: float, expected: LostTime
) -> None:
    recorder = started()
    recorder.end(recorder.begin("shop", "GET /", start_s), end_s, "timeout")
    assert recorder.unanswered.total(WINDOW_S) == expected


def test_a_request_that_is_cut_off_at_the_end_counts_too() -> None:
    recorder = started()
    recorder.begin("shop", "GET /", 5.0)
    recorder.close(22.0)
    assert recorder.unanswered.total(WINDOW_S) == LostTime(1, 10.0, 1)


def test_a_window_that_ended_early_is_measured_as_it_was() -> None:
    recorder = started()
    recorder.begin("shop", "GET /", 5.0)
    recorder.judged_until_s = 14.0
    recorder.close(22.0)
    assert recorder.unanswered.total(4.0) == LostTime(1, 4.0, 1)


def test_what_ended_well_was_answered_badly_or_failed_on_this_side_does_not_count() -> None:
    recorder = started()
    recorder.end(recorder.begin("shop", "GET /long-poll", 5.0), 35.0)
    answered = recorder.begin("shop", "GET /", 5.0)
    answered.status_code = 500
    recorder.end(answered, 35.0, "http_5xx")
    recorder.end(recorder.begin("shop", "GET /", 5.0), 35.0, "script")
    assert recorder.unanswered.total(WINDOW_S) == LostTime()


def test_an_open_load_has_no_users_whose_time_it_could_be() -> None:
    recorder = started()
    recorder.open = True
    recorder.end(recorder.begin("shop", "GET /", 5.0), 35.0, "timeout")
    recorder.begin("shop", "GET /", 5.0)
    recorder.close(22.0)
    assert recorder.unanswered.total(WINDOW_S) == LostTime()


def test_several_load_generators_are_added_up() -> None:
    assert sum_lost_time([LostTime(2, 3.0, 1), LostTime(1, 0.5, 0)]) == LostTime(3, 3.5, 1)
