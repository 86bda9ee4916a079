"""Row C8: a health check that asks nobody, beside others who do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from readiness.database import health_dependency
from readiness.database.health_dependency import touches
from readiness.errors import NotMeasured
from tests.database.conftest import Place

ANSWERED_S = 0.06


@pytest.fixture
def watcher_url(place: Place) -> str:
    place.execute(
        "do $$ begin create role watcher login password 'w4tcher-pw'; grant pg_monitor to watcher;"
        " exception when duplicate_object then null; end $$"
    )
    return place.server.url("watcher", "w4tcher-pw", place.name)


@contextmanager
def polling(place: Place, every_s: float) -> Iterator[None]:
    """Somebody else of the service asks the database all the time."""
    ended = threading.Event()

    def poll() -> None:
        with psycopg.connect(place.admin_url, autocommit=True) as connection:
            while not ended.wait(every_s):
                connection.execute("select 1")

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def asks_nobody() -> int:
    time.sleep(ANSWERED_S)
    return 200


@contextmanager
def asking(place: Place, of: Callable[[int], bool] = lambda number: True) -> Iterator[Callable[[], int]]:
    """A health check that asks the database with the requests whose number is one `of` these."""
    with closing(psycopg.connect(place.admin_url, autocommit=True)) as connection:
        numbers = iter(range(1000))

        def knock() -> int:
            if of(next(numbers)):
                connection.execute("select 1")
            return asks_nobody()

        yield knock


@pytest.mark.parametrize("every_s", [0.005, 0.05])
def test_c8_the_statements_of_others_are_not_those_of_a_health_check_that_asks_nobody(
    place: Place, watcher_url: str, every_s: float
) -> None:
    with polling(place, every_s), pytest.raises(NotMeasured, match="the database is at work without any request"):
        touches(watcher_url, "/health", asks_nobody)


def test_a_check_that_asks_beside_others_who_ask_all_the_time_cannot_be_told(place: Place, watcher_url: str) -> None:
    with (
        polling(place, 0.005),
        asking(place) as knock,
        pytest.raises(NotMeasured, match="nobody can tell whether the health check asks it"),
    ):
        touches(watcher_url, "/health", knock)


def test_one_statement_in_four_requests_is_no_check_that_asks(place: Place, watcher_url: str) -> None:
    with (
        asking(place, lambda number: number % 4 == 0) as knock,
        pytest.raises(NotMeasured, match=r"with 2 of 7 requests and with 0 of 7 pauses .* not most of them"),
    ):
        touches(watcher_url, "/health", knock)


def test_a_check_that_asks_or_asks_nobody_is_told_in_four_requests(place: Place, watcher_url: str) -> None:
    with asking(place) as knock:
        found = touches(watcher_url, "/health", knock)
    assert (found.value, found.samples) == (1, 4)
    found = touches(watcher_url, "/health", asks_nobody)
    assert (found.value, found.samples) == (0, 4)


@pytest.mark.parametrize(
    ("times", "asked", "idle", "more"),
    [(3, 0, 0, True), (4, 4, 0, False), (4, 0, 4, False), (4, 4, 1, True), (4, 3, 0, True), (5, 5, 5, False),
     (12, 9, 0, False), (8, 4, 0, True), (8, 3, 0, False)],
)  # fmt: skip
def test_more_is_asked_only_while_it_could_tell(times: int, asked: int, idle: int, more: bool) -> None:
    assert health_dependency._is_open(times, asked, idle) == more
