"""What is seen of the database beside the load, against a real server with real connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from threading import Event

import psycopg
import pytest

from readiness.database.activity import MAX_SAMPLES, thinned, watch
from readiness.database.connect import open_sampling
from readiness.database.counters import IDLE_FLUSH_S, settle
from readiness.database.under_load import UNDER_LOAD_METRICS, measurements
from readiness.demo.postgres import start_postgres
from readiness.measurements.database import Activity, Counters, Sessions
from readiness.measurements.run import Measurement
from readiness.probes.window import Window
from tests.database.conftest import READER_PASSWORD, READER_QUOTED, Place
from tests.faultd.client import free_port


def nothing() -> None:
    """Let another sample be taken."""


class Between(Window):
    """An open window that a test plays: each step is done between two samples, and after the last one it ends."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self.steps = list(steps)
        self.begin()

    def wait_end(self, timeout_s: float | None = None) -> bool:
        if not self.steps:
            self.end()
            return True
        self.steps.pop(0)()
        return False


def watched(url: str, *steps: Callable[[], object]) -> Activity:
    """What is seen in a window in which `steps` are done, and the counters after it."""
    return watch(url, Between(*steps or (nothing,)), wait_for_counters=True, stop=lambda: False)


def metrics(activity: Activity) -> dict[str, Measurement]:
    return {one.metric: one for one in measurements(activity, UNDER_LOAD_METRICS)}


def measured(url: str, *steps: Callable[[], object]) -> Measurement:
    activity = watch(url, Between(*steps or (nothing,)), wait_for_counters=False, stop=lambda: False)
    return metrics(activity)["pool.headroom"]


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

    busy = measured(watcher.reader_url, hold, held.close)
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
    activity = watch(watcher.reader_url, window, wait_for_counters=True, stop=lambda: False)
    assert "never began" in str(activity.reason)
    assert all(one.value is None and "never began" in str(one.reason) for one in metrics(activity).values())
    assert set(metrics(activity)) == UNDER_LOAD_METRICS


def test_the_servers_counters_say_what_the_load_did(watcher: Place) -> None:
    watcher.execute("create table if not exists pages as select n, repeat('x', 500) from generate_series(1, 2000) n")

    def load() -> None:
        with psycopg.connect(watcher.writer_url, autocommit=True, application_name="shop") as connection:
            for _ in range(30):
                connection.execute("select count(*) from pg_class")
            for _ in range(10):
                with connection.transaction(force_rollback=True):
                    connection.execute("select 1")

    quiet = watched(watcher.reader_url)
    busy = watched(watcher.reader_url, load)
    assert quiet.settled
    assert busy.settled
    assert busy.counters is not None
    assert busy.counters.rollbacks == 10
    assert 30 <= busy.counters.commits <= 40, "autovacuum may add a few, our own statements none"
    found = metrics(busy)
    assert found["database.deadlocks"].value == 0
    assert 20 <= (found["database.rollback_rate"].value or 0) <= 25
    assert found["database.buffer_hit_rate"].evidence is not None
    if not busy.statements_reason:
        assert any("pg_class" in one.text and one.calls == 30 for one in busy.statements)
    assert metrics(quiet)["database.rollback_rate"].value in (None, 0)


def test_a_session_that_never_rests_is_settled_soon_after_the_window(watcher: Place) -> None:
    done = Event()

    def work() -> None:
        with psycopg.connect(watcher.writer_url, autocommit=True) as connection:
            while not done.wait(0.02):
                connection.execute("select 1")

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        begun_s = time.monotonic()
        activity = watched(watcher.reader_url)
        took_s = time.monotonic() - begun_s
        done.set()
        working.result()
    assert activity.settled
    assert took_s < IDLE_FLUSH_S, "an idle session would have taken longer"
    assert metrics(activity)["database.deadlocks"].value == 0


def test_a_session_that_does_not_say_what_it_does_is_never_settled(watcher: Place) -> None:
    with (
        psycopg.connect(watcher.admin_url, autocommit=True) as silent,
        closing(open_sampling(watcher.reader_url, timeout_s=3.0)) as connection,
    ):
        silent.execute("set track_activities = off")
        assert settle(connection, time.monotonic(), lambda: False)[0] is False
        silent.close()
        assert settle(connection, time.monotonic() + 30, lambda: False)[0] is True


def test_blocks_of_our_own_samples_are_no_hit_rate() -> None:
    alone = Activity("PostgreSQL 18.0", 97, 1.0, counters=Counters(blocks_hit=600), settled=True)
    assert metrics(alone)["database.buffer_hit_rate"].value is None
    beside = replace(alone, counters=Counters(commits=5, blocks_hit=30, blocks_read=10))
    assert metrics(beside)["database.buffer_hit_rate"].value == 75


def test_a_deadlock_a_lock_wait_and_an_open_transaction_are_seen(watcher: Place) -> None:
    watcher.execute("grant update on bags to writer", "grant select on bags to writer")

    with ExitStack() as held:
        one, two = (held.enter_context(psycopg.connect(watcher.writer_url)) for _ in range(2))
        admin = held.enter_context(psycopg.connect(watcher.admin_url, autocommit=True))
        crossing: list[Future[object]] = []

        def cross() -> None:
            one.execute("update bags set kind = kind where id = 1")
            two.execute("update bags set kind = kind where id = 2")
            crossing.append(pool.submit(one.execute, "update bags set kind = kind where id = 2"))
            waits = "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            while not admin.execute(waits.encode()).fetchall():
                time.sleep(0.02)

        def close_the_circle() -> None:
            with suppress(psycopg.errors.DeadlockDetected):  # one of the two is the victim
                two.execute("update bags set kind = kind where id = 1")
            two.rollback()
            crossing[0].exception()
            one.rollback()
            for connection in (one, two, admin):
                connection.close()

        with ThreadPoolExecutor(1) as pool:
            found = metrics(watched(watcher.reader_url, cross, close_the_circle))
    assert found["database.deadlocks"].value == 1
    assert found["database.lock_waits"].value == 1
    assert any("Lock: transactionid" in detail.subject for detail in found["database.lock_waits"].details)
    assert found["database.idle_in_transaction"].value is not None
    assert found["database.idle_in_transaction"].value >= 1
    assert (found["database.oldest_transaction"].value or 0) > 0


def test_a_prepared_transaction_is_as_old_as_any_other_and_is_no_session() -> None:
    server = start_postgres({"max_prepared_transactions": "2"})

    def execute(name: str, *statements: str) -> None:
        with psycopg.connect(server.admin_url(name), autocommit=True) as admin:
            for statement in statements:
                admin.execute(statement.encode())

    def oldest() -> float:
        activity = watched(server.admin_url("shop"))
        assert activity.applications == {}
        assert activity.sessions[0].connected == 0
        return metrics(activity)["database.oldest_transaction"].value or 0

    try:
        execute("postgres", "create database shop", "begin", "create table held ()", "prepare transaction 'elsewhere'")
        assert oldest() == 0, "that of another database holds nothing here"
        execute("shop", "begin", "create table held ()", "prepare transaction 'forgotten'")
        first = oldest()
        assert 0 < first < oldest(), "it goes on getting older"
    finally:
        server.stop()


def test_a_database_that_goes_away_during_the_load_is_a_reason_and_what_was_seen_is_kept(watcher: Place) -> None:
    def away() -> None:
        with psycopg.connect(watcher.admin_url, autocommit=True) as connection:
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'")

    activity = watched(watcher.reader_url, away)
    assert activity.reason
    assert activity.sessions
    assert all(one.value is None for one in metrics(activity).values())


def test_nothing_that_was_not_settled_counts_as_zero() -> None:
    unsettled = Activity("PostgreSQL 18.0", 97, 1.0, (Sessions(0.1, 1, 0, 0, 0, 0.0),), counters=Counters(commits=5))
    found = metrics(unsettled)
    assert found["database.deadlocks"].value is None
    assert found["database.deadlocks"].reason
    assert metrics(replace(unsettled, settled=True))["database.deadlocks"].value == 0
    assert metrics(replace(unsettled, counters=Counters(deadlocks=2)))["database.deadlocks"].value == 2


def test_samples_of_a_long_load_lose_no_peak() -> None:
    samples = [Sessions(float(n), n % 7, 0, 0, 0, 0.0) for n in range(5 * MAX_SAMPLES)]
    samples[1234] = Sessions(1234.0, 99, 0, 0, 0, 0.0)
    kept = thinned(samples)
    assert len(kept) <= MAX_SAMPLES
    assert max(sample.connected for sample in kept) == 99
