"""A server that is stopped at any stage ends what asks it, and nothing else."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import psycopg
import pytest

from readiness import database
from readiness.config.model import Count, Database, Query, Writes
from readiness.database import round_trip
from readiness.database.activity import watch
from readiness.database.connect import open_read_only, open_sampling
from readiness.database.health_dependency import touches
from readiness.errors import NotMeasured
from readiness.measurements.writes import WriteBook
from tests.database.conftest import Place
from tests.database.stopping import go_on, stop, stopped
from tests.database.test_activity import Between, nothing

SECTION = Database({"bags": Count("bags")}, statement_timeout_s=0.5)
ASKING: dict[str, Callable[[str], object]] = {
    "role": lambda url: database.check_role(url, SECTION),
    "remarks": lambda url: database.remarks(url, SECTION),
    "schema": lambda url: database.schema_lock(url, SECTION),
    "touches": lambda url: touches(url, "/health", lambda: 500),
}


@pytest.mark.parametrize("what", list(ASKING))
def test_a_server_that_is_stopped_gives_no_connection_and_a_reason(place: Place, what: str) -> None:
    with stopped(place.server), pytest.raises(NotMeasured, match="no answer in time"):
        ASKING[what](place.reader_url)


def test_each_measurement_of_a_stopped_server_has_the_reason(place: Place) -> None:
    with stopped(place.server):
        (found,) = (one for one in database.measure(place.reader_url, SECTION, set()) if one.metric == "data.bags")
        before = database.before_load(place.reader_url, SECTION, {"data.bags.change"})
    assert "no answer in time" in str(found.reason)
    assert "no answer in time" in str(before.numbers["bags"])


def test_a_statement_that_is_under_way_ends_and_so_does_what_follows_it(place: Place) -> None:
    with open_read_only(place.reader_url, timeout_s=0.5) as session, stopped(place.server):
        with pytest.raises(NotMeasured, match=r"did not answer within .* s, nor obey a cancel"):
            session.rows(b"select 1")
        with pytest.raises(NotMeasured, match="closed"):
            session.rows(b"select 1")
        with pytest.raises(NotMeasured), session.beside():
            pass
    with open_read_only(place.reader_url, timeout_s=0.5) as session:
        assert session.rows(b"select 1") == [(1,)]


def test_a_sample_and_a_copy_end_too(place: Place) -> None:
    silent = pytest.raises(psycopg.OperationalError, match="did not answer")
    with closing(open_sampling(place.reader_url, timeout_s=0.5)) as sampling, stopped(place.server), silent:
        sampling.rows(b"select 1")
    with open_read_only(place.reader_url, timeout_s=0.5) as session, stopped(place.server), silent:
        list(round_trip.copied(session.connection, b"copy (select 1) to stdout", 0.5))


def test_a_server_that_stops_under_load_keeps_the_samples_before_it(place: Place) -> None:
    place.execute("grant pg_monitor to reader")
    window = Between(nothing, nothing, lambda: stop(place.server), nothing)
    try:
        activity = watch(place.reader_url, window, wait_for_counters=True, stop=lambda: False)
    finally:
        go_on(place.server)
    assert "did not answer" in str(activity.reason)
    assert len(activity.sessions) >= 2


def test_the_ledger_of_a_stopped_server_has_the_reason(place: Place) -> None:
    book = WriteBook("run-1")
    book.add([(1, 1, 1, 1)])
    section = Database(writes=Writes("bags", "kind"), statement_timeout_s=0.5)
    with stopped(place.server):
        found = database.measure(place.reader_url, section, {"database.writes.lost"}, book=book)
    (lost,) = (one for one in found if one.metric == "database.writes.lost")
    assert "no answer in time" in str(lost.reason)


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


@contextmanager
def flooding(part: bytes, *, after: bytes = b"") -> Iterator[tuple[str, list[int]]]:
    """A server that lets everybody in, answers its first query with `after`, and then sends `part` for ever."""
    sent = [0]

    def serve(client: socket.socket) -> None:
        with closing(client), suppress(OSError):
            client.recv(4096)
            hello = message(b"R", struct.pack("!i", 0))
            for name, value in (("server_version", "18.0"), ("client_encoding", "UTF8")):
                hello += message(b"S", f"{name}\0{value}\0".encode())
            client.sendall(hello + message(b"K", struct.pack("!II", 1, 1)) + message(b"Z", b"I"))
            client.recv(65536)
            client.sendall(after)
            while sent[0] < 4 * round_trip._MAX_BYTES:
                client.sendall(part)
                sent[0] += len(part)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield f"postgresql://r:x@127.0.0.1:{listener.getsockname()[1]}/db?sslmode=disable&gssencmode=disable", sent
        listener.shutdown(socket.SHUT_RDWR)


COLUMN = message(b"T", struct.pack("!H", 1) + b"a\0" + struct.pack("!IHIHIH", 0, 0, 25, 65535, 0xFFFFFFFF, 0))
ROW = message(b"D", struct.pack("!HI", 1, 1000) + b"x" * 1000)


@pytest.mark.parametrize(
    ("part", "after"),
    [
        (ROW * 500, COLUMN),
        (b"x" * 500_000, COLUMN + b"D" + struct.pack("!IHI", 1 << 30, 1, (1 << 30) - 10)),
        (message(b"N", b"SNOTICE\0Mx\0\0") * 1000, b""),
        (message(b"S", b"name\0value\0") * 1000, b""),
        (message(b"A", struct.pack("!I", 1) + b"channel\0payload\0") * 1000, b""),
    ],
    ids=["rows", "one row", "notices", "parameters", "notifications"],
)
def test_an_answer_without_end_is_cut_off(part: bytes, after: bytes) -> None:
    with (
        flooding(part, after=after) as (url, sent),
        pytest.raises(NotMeasured, match=r"more than 32 MB|did not answer"),
    ):
        database.check_role(url, SECTION)
    assert sent[0] < 2 * round_trip._MAX_BYTES


@pytest.mark.parametrize(
    ("part", "after"),
    [
        (b"x", message(b"G", b"\0\0\0")),
        (b"x", message(b"W", b"\0\0\0")),
        (message(b"I", b"") * 10_000, b""),
        (b"x", message(b"E", b"SERROR\0C42P01\0Mx\0\0") + message(b"G", b"\0\0\0")),
    ],
    ids=["asks for data", "asks for both", "results without end", "asks for data after an error"],
)
def test_a_server_that_asks_for_data_or_answers_without_end_is_left(part: bytes, after: bytes) -> None:
    """Libpq gives another result for as long as it is asked: without a bound, memory is full in seconds."""
    with flooding(part, after=after) as (url, _), pytest.raises(NotMeasured):
        database.check_role(url, SECTION)


def test_more_columns_or_rows_than_anything_of_ours_has_are_refused(place: Place) -> None:
    for query in (b"select " + b", ".join([b"1"] * 65), b"select generate_series(1, 200001)"):
        with open_read_only(place.reader_url, timeout_s=15) as session, pytest.raises(NotMeasured, match="more than"):
            session.rows(query)


def test_a_query_that_fills_the_disk_is_ended(place: Place) -> None:
    place.execute("grant pg_monitor to reader")
    text = (
        "select count(*) from ("
        "select repeat(g::text, 120) from generate_series(1, 400000) g order by 1 desc offset 1) s"
    )
    section = Database(queries={"q": Query(text)}, max_scan_bytes=1 << 30)
    (found,) = (one for one in database.measure(place.reader_url, section, set()) if one.metric == "data.q")
    assert "the query writes temporary files" in str(found.reason), "284 MB, less than max_scan, more than its tenth"
