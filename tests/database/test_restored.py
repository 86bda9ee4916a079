"""What is found in a scratch database was brought there by the restore, and holds what the service's rows hold."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from readiness.config.model import Count, Database
from readiness.database import made_anew
from readiness.database.connect import Budget, open_read_only
from readiness.database.restored_rows import BeforeRestore, Restored, RowContents, after, before
from readiness.database.restored_sequences import Position, owned_sequences, position
from readiness.demo import part
from readiness.demo.ports import free_port
from readiness.demo.postgres import Postgres, start_postgres
from readiness.errors import NotMeasured
from tests.faultd.client import until

TABLE = "create table bags as select generate_series(1, 10) as id"
COUNTED = Database(counts={"bags": Count("bags")})
OLD_S = made_anew._ROUNDING_S + 1.0  # file times are whole seconds


@contextmanager
def server(port: int) -> Iterator[Postgres]:
    one = start_postgres({"port": str(port)})
    try:
        yield one
    finally:
        one.stop()


def url(port: int, one: Postgres, database: str, login: str = "") -> str:
    user = login or f"readiness_admin:{one.admin_password}"
    return f"postgresql://{user}@127.0.0.1:{port}/{database}?sslmode=disable"


def execute(at: str, *statements: str) -> None:
    with psycopg.connect(at, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def answers(at: str) -> bool:
    with suppress(psycopg.Error):
        execute(at)
        return True
    return False


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    one = start_postgres()
    try:
        execute(one.admin_url(), TABLE)
        yield one.admin_url()
    finally:
        one.stop()


def restored(service: str, scratch: str, command: Callable[[], None]) -> Restored:
    known: BeforeRestore = before(service, scratch, COUNTED, contents=True)
    command()
    return after(service, scratch, COUNTED, known, {"data.bags"})


def test_old_rows_of_a_server_that_the_command_starts_are_not_restored_and_those_of_a_new_server_are(
    service: str,
) -> None:
    port = free_port()
    with server(port) as old:
        scratch = url(port, old, "scratch")
        execute(url(port, old, "postgres"), "create database scratch", "create role plain login password 'plain'")
        execute(scratch, TABLE, "grant select on bags to plain", "checkpoint")
        began_s = time.monotonic()
        part.main(old.server.folder.path, "kill")
        assert until(lambda: time.monotonic() - began_s > OLD_S)

        def start() -> None:
            part.main(old.server.folder.path, "start")
            assert until(lambda: answers(scratch))

        with pytest.raises(NotMeasured, match="the folder of that database is older than the command"):
            restored(service, scratch, start)
        part.main(old.server.folder.path, "kill")
        with pytest.raises(NotMeasured, match="its role may not ask when its files were made"):
            restored(service, url(port, old, "scratch", "plain:plain"), start)
        # made anew by a server that was off before: its folder is new
        part.main(old.server.folder.path, "kill")
        fresh = url(port, old, "fresh")

        def start_and_restore() -> None:
            start()
            execute(url(port, old, "postgres"), "create database fresh")
            execute(fresh, TABLE)

        assert restored(service, fresh, start_and_restore).changed["bags"].changed == 0  # type: ignore[union-attr]


def test_old_rows_that_come_by_another_name_are_not_restored(service: str) -> None:
    port = free_port()
    with server(port) as one:
        admin, scratch = url(port, one, "postgres"), url(port, one, "scratch")
        execute(admin, "create database yesterday", "create role maker login createdb password 'maker'")
        execute(url(port, one, "yesterday"), "create schema old", TABLE.replace("bags", "old.bags"))
        moved = ("alter table old.bags set schema public",)
        with pytest.raises(NotMeasured, match="held 1 of its tables before"):
            restored(service, url(port, one, "yesterday"), lambda: execute(url(port, one, "yesterday"), *moved))
        with pytest.raises(NotMeasured, match="by another name or closed to its role"):
            restored(service, scratch, lambda: execute(admin, "alter database yesterday rename to scratch"))
        # what a role without any right beside CREATEDB makes itself is new: the server ran all the time
        made, own = url(port, one, "made", "maker:maker"), url(port, one, "postgres", "maker:maker")

        def make() -> None:
            execute(own, "create database made")
            execute(made, TABLE)

        assert restored(service, made, make).rows == {"bags": 10}


SHOP = (
    "create table bags (id int generated always as identity primary key)",
    "create table moves (n bigserial, at timestamptz)",
    "create table down (id int primary key)",
    "create sequence down_id increment -1 owned by down.id",
    "create table imported (id serial primary key)",
    "create table rounds (id serial primary key)",
    "alter sequence rounds_id_seq cycle",
    "create table empty (id serial primary key)",
    "create table coded (id text primary key)",
    "create sequence codes owned by coded.id",
    "insert into imported values (1000)",
    "insert into coded values ('B-7')",
)


def test_a_sequence_that_stands_before_its_rows_is_told_unless_the_service_has_it_so(service: str) -> None:
    shop, at = (service.rpartition("/")[0] + f"/{name}" for name in ("shop", "shop_scratch"))
    execute(service, "create database shop", "create database shop_scratch")
    execute(
        shop, *SHOP, "insert into bags select from generate_series(1, 5)", "insert into moves select from bags",
        "insert into down select nextval('down_id') from bags", "insert into rounds select from bags",
    )  # fmt: skip

    def restore_without_sequences() -> None:
        execute(
            at, *SHOP, "insert into bags overriding system value select generate_series(1, 5)",
            "insert into moves select id from bags", "insert into down select -id from bags",
            "insert into rounds select id from bags",
        )  # fmt: skip

    try:
        found = restored(shop, at, restore_without_sequences).sequences
        assert {one.subject.removeprefix("sequence public."): stands for one, stands in found.items()} == {
            "bags_id_seq": Position(1, 5, behind=True),
            "moves_n_seq": Position(1, 5, behind=True),
            "down_id": Position(-1, -5, behind=True),
            "imported_id_seq": Position(1, 1000, behind=True, as_in_service=True),
            "empty_id_seq": Position(1, None, behind=False),
        }
        execute(at, "select setval('bags_id_seq', 5)", "select setval('moves_n_seq', 6, false)", "analyze")
        with open_read_only(at, timeout_s=5, budget=Budget(1)) as session:
            stand = {one.name: position(session, one) for one in owned_sequences(session, COUNTED.schemas)}
        assert stand["bags_id_seq"] == Position(6, 5, behind=False)
        assert "more than database.max_scan allows" in str(stand["moves_n_seq"])
    finally:
        execute(service, "drop database shop", "drop database shop_scratch")


def test_a_row_counts_as_changed_where_the_service_held_it_neither_before_nor_after_so_often() -> None:
    def rows(*hashes: int) -> RowContents:
        return RowContents(array("Q", hashes))

    assert rows(1, 2, 3).beyond(rows(1, 2, 3), rows(1, 2, 3)) == 0
    assert rows(1, 2, 3).beyond(rows(1, 2), rows(2, 3, 4)) == 0, "one was deleted meanwhile, another one came"
    assert rows(1, 2, 9).beyond(rows(1, 2, 3), rows(1, 2, 3)) == 1
    assert rows(1, 2, 2).beyond(rows(1, 2, 3), rows(1, 2, 3)) == 1, "a row that is there twice hides none that is lost"
    assert rows().beyond(rows(1), rows()) == 0
