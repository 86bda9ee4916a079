"""Keys of writes and the book of the acknowledged ones."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from readiness.load import engine_events
from readiness.load.writes import WriteLog
from readiness.measurements.writes import MAX_NUMBER, MAX_USER, WriteBook, WriteKeys

RUN = "20261124T151805Z-1f2e3d4c"


@given(st.integers(0, MAX_USER), st.integers(1, MAX_NUMBER), st.booleans())
def test_a_key_tells_its_write_and_no_other_runs(user: int, number: int, as_uuid: bool) -> None:
    keys, others = WriteKeys(RUN), WriteKeys(RUN[:-1] + "d")
    key = keys.uuid(user, number) if as_uuid else keys.text(user, number)
    assert keys.write_of(key) == (user, number)
    assert others.write_of(key) is None


@given(st.text(max_size=60))
def test_no_text_from_outside_breaks_the_reading_of_keys(text: str) -> None:
    assert WriteKeys("r").write_of(text) is None or text.startswith("r.")
    assert WriteKeys(RUN).write_of(f"{RUN}.{text}.1") is None or text.isdigit()


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=60))
def test_the_parents_book_is_what_the_scenarios_said_however_the_batches_fall(
    writes: list[tuple[int, bool, bool]],
) -> None:
    log, book, said, sent = WriteLog(RUN), WriteBook(RUN), set(), set()
    for user, acknowledged, batch_ends in writes:
        key = log.next_key(user)
        sent.add(key)
        if acknowledged:
            log.acknowledge(key)
            said.add(key)
        if batch_ends:
            book.add(log.take())
    book.add(log.take())
    assert (book.sent, book.acknowledged) == (log.sent, len(said))
    for key in sent:
        write = log.keys.write_of(key)
        assert write is not None
        assert book.knows(write)
        assert book.is_acknowledged(write) == (key in said)
    assert not book.knows((9, 1))
    assert not book.is_acknowledged((0, 10_000))


def test_a_million_writes_cost_a_byte_each_and_travel_as_ranges() -> None:
    log, book = WriteLog(RUN), WriteBook(RUN)
    for _ in range(10):
        for user in range(10):
            for _ in range(1000):
                log.acknowledge(log.next_key(user))
        news = log.take()
        assert len(news) == 10
        assert all(len(marks) == 4 for marks in news)
        book.add(news)
    assert book.acknowledged == 100_000
    assert sum(sys.getsizeof(marks) for _, marks in book.users()) < 200_000


def test_the_news_survive_the_wire() -> None:
    batch = engine_events.Batch(0, 1.0, 1, 0, 0, {}, 0, {}, writes=((3, 7, 1, 5, 7, 7),))
    done = engine_events.Done(1, 0, 0, {}, {}, 1.0, 1.0, {}, writes=(7, 6))
    assert engine_events.loads(engine_events.dumps(batch)) == batch
    assert engine_events.loads(engine_events.dumps(done)) == done
