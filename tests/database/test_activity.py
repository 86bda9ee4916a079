"""pool.headroom against a real server with real connections."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Timer

import psycopg
import pytest

from readiness.database.activity import headroom
from readiness.demo.ports import free_port
from readiness.measurements.run import Measurement
from readiness.probes.window import Window
from tests.database.conftest import READER_PASSWORD, READER_QUOTED, Place


def measured(url: str, window_s: float = 0.3) -> Measurement:
    window = Window()
    window.begin()
    timer = Timer(window_s, window.end)
    timer.start()
    (measurement,) = headroom(url, window)
    timer.join()
    return measurement


@pytest.fixture
def watcher(place: Place) -> Place:
    place.execute("grant pg_monitor to reader")
    return place


def test_connections_that_are_held_are_not_free(watcher: Place) -> None:
    before = measured(watcher.reader_url)
    with ExitStack() as held:
        for _ in range(5):
            held.enter_context(psycopg.connect(watcher.writer_url))
        during = measured(watcher.reader_url)
    assert before.value is not None
    assert during.value is not None
    assert 0 < during.value < before.value <= 100
    assert during.samples is not None
    assert during.samples >= 1


def test_a_peak_between_the_first_and_the_last_sample_is_seen(watcher: Place) -> None:
    quiet = measured(watcher.reader_url)
    held = ExitStack()

    def hold() -> None:
        for _ in range(8):
            held.enter_context(psycopg.connect(watcher.writer_url))

    opening = Timer(0.2, hold)
    opening.start()
    busy = measured(watcher.reader_url, window_s=1.6)
    opening.join()
    held.close()
    assert busy.samples is not None
    assert busy.samples >= 3
    assert quiet.value is not None
    assert busy.value is not None
    assert busy.value < quiet.value


def test_a_role_that_cannot_see_other_sessions_is_a_reason_and_not_full_head_room(place: Place) -> None:
    place.execute("revoke pg_monitor from reader")
    measurement = measured(place.reader_url)
    assert measurement.value is None
    assert "pg_monitor" in str(measurement.reason)


def test_a_database_that_is_down_is_a_reason_without_the_password(place: Place) -> None:
    measurement = measured(f"postgresql://reader:{READER_QUOTED}@127.0.0.1:{free_port()}/{place.name}")
    assert measurement.value is None
    assert "refused" in str(measurement.reason).lower()
    assert READER_PASSWORD not in str(measurement.reason)


def test_a_window_that_never_begins_is_a_reason(watcher: Place) -> None:
    window = Window()
    window.end()
    (measurement,) = headroom(watcher.reader_url, window)
    assert measurement.value is None
    assert "never began" in str(measurement.reason)
