"""The acknowledged-write ledger against real rows."""

from __future__ import annotations

from collections.abc import Callable
from threading import Timer

import psycopg
import pytest
from psycopg import sql

from readiness import database
from readiness.config.model import Count, Database, Invariant, Writes
from readiness.database import writes
from readiness.database.before_load import OTHER_DATABASE, BeforeLoad
from readiness.load.writes import WriteLog
from readiness.measurements.run import Measurement
from readiness.measurements.writes import WriteBook
from tests.database.conftest import Place

RUN = "20261124T151805Z-1f2e3d4c"
SECTION = Database(writes=Writes("scans", "idempotency_key", "run_id"))


class Load:
    """A run's writes: what was sent, what was acknowledged, and the rows that a service made of them."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.log = WriteLog(RUN)
        self.rows: list[tuple[str | None, str]] = []
        self.parents = WriteBook(RUN)
        place.execute("create table if not exists scans (id bigserial, idempotency_key text, run_id text)")

    def write(self, user: int, *, acknowledged: bool = True, stored: int = 1, as_uuid: bool = False) -> str:
        key = self.log.next_key(user, as_uuid=as_uuid)
        if acknowledged:
            self.log.acknowledge(key)
        self.rows += [(key, RUN)] * stored
        return key

    def store(self) -> None:
        with psycopg.connect(self.place.admin_url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.executemany("insert into scans (idempotency_key, run_id) values (%s, %s)", self.rows)
        self.rows = []

    def book(self, *, complete: bool = True) -> WriteBook:
        self.parents.add(self.log.take())
        self.parents.complete = complete
        return self.parents


def reconciled(
    place: Place, book: WriteBook | None, section: Database = SECTION, *, stop: Callable[[], bool] = lambda: False
) -> dict[str, Measurement]:
    found = writes.reconcile(place.reader_url, section, book, stop)
    return {one.metric.rpartition(".")[2]: one for one in found}


def values(found: dict[str, Measurement]) -> list[float | None]:
    return [found[name].value for name in ("lost", "duplicated", "phantom")]


@pytest.fixture(autouse=True)
def not_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "LATE_S", 0.0)


@pytest.mark.parametrize("as_uuid", [False, True])
@pytest.mark.parametrize("run", ["run_id", None])
def test_every_write_that_was_acknowledged_is_there_once(place: Place, as_uuid: bool, run: str | None) -> None:
    load = Load(place)
    for number in range(40):
        load.write(number % 3, as_uuid=as_uuid)
    load.rows += [("another-run.1.1", "another-run"), ("x", "another-run")]
    load.store()
    found = reconciled(place, load.book(), Database(writes=Writes("scans", "idempotency_key", run)))
    assert values(found) == [0, 0, 0], found
    assert found["lost"].samples == 40


def test_lost_double_and_phantom_writes_are_counted_with_examples(place: Place) -> None:
    load = Load(place)
    for _ in range(20):
        load.write(5)
    lost = [load.write(7, stored=0), load.write(8, stored=0)]
    double = load.write(8, stored=3)
    phantom = load.write(9, acknowledged=False)
    load.write(9, acknowledged=False, stored=0)
    load.rows += [(None, RUN), ("made up", RUN)]
    load.store()
    found = reconciled(place, load.book())
    assert values(found) == [2, 1, 3]
    subjects = {name: [detail.subject for detail in one.details] for name, one in found.items()}
    assert set(lost) <= set(subjects["lost"])
    assert double in subjects["duplicated"]
    assert {phantom, "a row without a key", "a row with the key made up"} <= set(subjects["phantom"])


def test_a_row_that_comes_a_moment_late_is_not_lost(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writes, "LATE_S", 2.0)
    load = Load(place)
    load.write(1)
    looks: list[int] = []

    def store_after_the_first_look() -> bool:
        looks.append(len(looks))
        if looks == [0]:
            load.store()
        return False

    found = reconciled(place, load.book(), stop=store_after_the_first_look)
    assert values(found) == [0, 0, 0]
    assert any(detail.subject == "waited for late rows" for detail in found["lost"].details)


@pytest.mark.parametrize(("key", "expected"), [(True, [0, 1, 0]), (False, [0, 0, 1])])
def test_a_row_that_a_late_retry_stores_is_seen(
    place: Place, monkeypatch: pytest.MonkeyPatch, key: bool, expected: list[int]
) -> None:
    monkeypatch.setattr(writes, "LATE_S", 1.5)
    load = Load(place)
    written = load.write(1)
    load.store()
    load.rows = [(written if key else None, RUN)]
    retry = Timer(0.7, load.store)
    retry.start()
    assert values(reconciled(place, load.book())) == expected
    retry.join()


def test_zero_without_evidence_is_no_zero(place: Place) -> None:
    load = Load(place)
    assert values(reconciled(place, None)) == [None] * 3
    assert "took no key" in str(reconciled(place, load.book())["lost"].reason)
    load.write(1, acknowledged=False)
    assert "none of 1 writes was acknowledged" in str(reconciled(place, load.book())["lost"].reason)
    load.write(1)
    load.store()
    assert values(reconciled(place, load.book(complete=False))) == [None, None, 1], "a phantom is one all the same"
    missing = Database(writes=Writes("nothing", "idempotency_key", "run_id", line=12))
    found = reconciled(place, load.book(), missing)
    assert values(found) == [None] * 3
    assert "line 12" in str(found["lost"].reason)
    assert "nothing" in str(found["lost"].reason)


@pytest.mark.parametrize(("unanswered", "lost"), [(0, None), (300, 0)], ids=["answered well", "failed"])
def test_few_acknowledged_writes_prove_nothing_of_those_that_were_answered_too(
    place: Place, unanswered: int, lost: int | None
) -> None:
    load = Load(place)
    for number in range(360):
        load.write(1, acknowledged=number % 120 == 0, stored=int(number % 120 == 0))
    load.store()
    book = load.book()
    book.unanswered = unanswered
    found = reconciled(place, book)
    assert values(found) == [lost, 0, 0]
    if lost is None:
        assert "only 3 of 360 writes were acknowledged" in str(found["lost"].reason)


def test_a_lost_write_is_one_however_few_were_acknowledged(place: Place) -> None:
    load = Load(place)
    for number in range(10):
        load.write(1, acknowledged=number == 0, stored=0)
    assert values(reconciled(place, load.book())) == [1, 0, 0]


def test_a_table_that_is_too_large_to_scan_is_not_scanned(place: Place) -> None:
    load = Load(place)
    load.write(1)
    load.store()
    found = reconciled(place, load.book(), Database(writes=SECTION.writes, max_scan_bytes=1))
    assert "max_scan" in str(found["lost"].reason)


def test_changes_and_acknowledged_writes_meet_in_an_invariant(place: Place) -> None:
    load = Load(place)
    section = Database(
        counts={"scans": Count("scans"), "bags": Count("bags")},
        invariants={"recorded": Invariant("…", ((1, "scans.change"), (-1, "writes.acknowledged")))},
        writes=SECTION.writes,
    )
    wanted = {"data.recorded", "data.bags.change"}
    before = database.before_load(place.reader_url, section, wanted)
    assert {name: int(number) for name, number in before.numbers.items()} == {"scans": 0, "bags": 10}
    for _ in range(9):
        load.write(1)
    load.write(2, stored=0)
    load.store()
    found = {
        one.metric: one for one in database.measure(place.reader_url, section, wanted, before=before, book=load.book())
    }
    assert found["data.scans.change"].value == 9
    assert found["data.bags.change"].value == 0
    assert found["data.recorded"].value == -1, "one was acknowledged and is not there"
    assert found["database.writes.lost"].value == 1
    without = {one.metric: one for one in database.measure(place.reader_url, section, wanted, book=load.book())}
    assert without["data.bags.change"].reason == "it was not counted before the load"
    assert without["data.recorded"].value is None


def test_a_change_is_of_one_database_and_not_of_two_of_the_same_name(place: Place) -> None:
    section = Database(counts={"bags": Count("bags")})
    wanted = {"data.bags.change"}

    def change(before: BeforeLoad) -> Measurement:
        found = database.measure(place.reader_url, section, wanted, before=before)
        return next(one for one in found if one.metric == "data.bags.change")

    before = database.before_load(place.reader_url, section, wanted)
    assert change(before).value == 0
    with psycopg.connect(place.server.admin_url(), autocommit=True) as admin:
        old, new = sql.Identifier(f"{place.name}_before"), sql.Identifier(place.name)
        admin.execute(sql.SQL("alter database {} rename to {}").format(new, old))
        admin.execute(sql.SQL("create database {} template {}").format(new, old))
        after = change(before)
        admin.execute(sql.SQL("drop database {} with (force)").format(new))
        admin.execute(sql.SQL("alter database {} rename to {}").format(old, new))
    assert after.value is None
    assert OTHER_DATABASE in str(after.reason)
    assert change(before).value == 0
