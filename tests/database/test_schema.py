"""The schema lock: what it writes, and what it calls destructive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness import database
from readiness.config.model import Database
from readiness.database.schema.drift import compare
from readiness.demo.postgres import Postgres
from readiness.errors import NotMeasured
from tests.database.conftest import Place

TABLE = ("table public.bags",)


def change(before: str, after: str) -> tuple[bool, str]:
    lines = [*TABLE, before] if before else TABLE
    (one,) = compare(lines, [*TABLE, after] if after else TABLE)
    return one.destructive, one.why


@pytest.mark.parametrize(
    ("before", "after", "destructive"),
    [
        ("", "  column note text", False),
        ("", "  column note text not null", True),
        ("", "  column note text not null default ''::text", False),
        ("", "  column n bigint not null generated always as identity", False),
        ("  column note text", "", True),
        ("  column n integer", "  column n bigint", False),
        ("  column n bigint", "  column n integer", True),
        ("  column n integer", "  column n text", True),
        ("  column t character varying(20)", "  column t character varying(40)", False),
        ("  column t character varying(20)", "  column t character varying(10)", True),
        ("  column t character varying(20)", "  column t text", False),
        ("  column t text", "  column t character varying(20)", True),
        ("  column p numeric(10,2)", "  column p numeric(12,2)", False),
        ("  column p numeric(10,2)", "  column p numeric(10,4)", True),
        ("  column p numeric(10,2)", "  column p numeric", False),
        ("  column p numeric", "  column p numeric(10,2)", True),
        ("  column t timestamp(3) without time zone", "  column t timestamp(6) with time zone", True),
        ("  column n integer", "  column n integer not null", True),
        ("  column n integer not null", "  column n integer", True),
        ("  column n integer default 1", "  column n integer", True),
        ("  column n integer default 1", "  column n integer default 2", False),
        ("  constraint c CHECK ((n > 0))", "", True),
        ("", "  constraint c CHECK ((n > 0))", True),
        ("  constraint c CHECK ((n > 0))", "  constraint c CHECK ((n > 5))", True),
        ("  constraint c CHECK ((n > 0)) NOT VALID", "  constraint c CHECK ((n > 0))", False),
        ("  index i CREATE INDEX i ON public.bags USING btree (n)", "", False),
        ("  index i CREATE UNIQUE INDEX i ON public.bags USING btree (n)", "", True),
        ("", "  index i CREATE UNIQUE INDEX i ON public.bags USING btree (n)", True),
        ("", "  index i CREATE INDEX i ON public.bags USING btree (n)", False),
    ],
)
def test_a_change_is_destructive_when_the_release_before_could_not_live_with_it(
    before: str, after: str, destructive: bool
) -> None:
    assert change(before, after)[0] is destructive


def test_a_table_that_is_gone_is_destructive_and_a_new_one_with_all_it_has_is_not() -> None:
    more = ["table public.new", "  column id integer not null", "  constraint k CHECK ((id > 0))", "view public.v"]
    assert [one.destructive for one in compare(TABLE, [*TABLE, *more])] == [False] * 4
    assert any(one.destructive for one in compare([*TABLE, *more], TABLE))


@given(st.text(max_size=40))
def test_no_line_of_a_lock_breaks_the_reader(line: str) -> None:
    with suppress(ValueError):
        assert all(one.subject for one in compare([*TABLE, line], TABLE))


def measured(place: Place, lock: Path) -> dict[str, tuple[float | None, list[str]]]:
    section = Database(schema_lock=str(lock))
    return {
        one.metric.rpartition(".")[2]: (one.value, [f"{d.subject}: {d.observed}; {d.note}" for d in one.details])
        for one in database.measure(place.reader_url, section, set())
        if one.metric.startswith("database.schema.")
    }


def test_a_lock_of_a_real_schema_has_no_drift_and_each_change_shows_as_one_line(place: Place, tmp_path: Path) -> None:
    place.execute(
        'create table "Ödd ""name"".x" (id int generated always as identity primary key, "a b" numeric(8,2) default 1)',
        "create table parts (n int, at date not null, primary key (n, at)) partition by range (at)",
        "create table parts_1 partition of parts for values from ('2026-01-01') to ('2027-01-01')",
        "create view kinds as select distinct kind from bags",
        "alter table bags add constraint positive check (id > 0) not valid",
        "create unique index bags_kind on bags (kind, id) where id > 3",
    )
    lock = tmp_path / "schema.lock"
    lock.write_text(database.schema_lock(place.reader_url, Database()), encoding="utf-8")
    assert "parts_1" not in lock.read_text("utf-8")
    assert measured(place, lock) == {"drift": (0, []), "destructive": (0, [])}
    place.execute(
        "alter table bags drop column parent_id",
        "alter table bags validate constraint positive",
        "create index more on bags (id)",
    )
    found = measured(place, lock)
    assert found["drift"][0] == 3
    assert found["destructive"] == (1, ["public.bags: column parent_id: gone; integer; the column is gone"])


def test_nothing_is_no_schema_to_lock(place: Place) -> None:
    with pytest.raises(NotMeasured, match="no table in the schemas nowhere"):
        database.schema_lock(place.reader_url, Database(schemas=("nowhere",)))


def test_a_lock_that_is_missing_or_no_lock_is_a_reason(place: Place, tmp_path: Path) -> None:
    lock = tmp_path / "schema.lock"
    assert measured(place, lock)["drift"][0] is None
    lock.write_text("create table x ();")
    assert measured(place, lock)["destructive"][0] is None


SETUP = """
create domain pos as int check (value > 0)
create type kind as enum ('a', 'b')
create type pair as (x int, y text)
create type frange as range (subtype = float8)
create table t (id int generated always as identity primary key, k kind default 'a', p pos, n int default 1, \
  s text collate "C", g int generated always as (n + 1) stored, c text constraint long check (c <> 'LONGx'))
create table u (id int primary key, t_id int references t, unique (t_id)) with (fillfactor = 80)
create view v as select id, n from t where n > 1
create materialized view m as select id from t where n > 1
create function f(a int, b text default 'x') returns int language sql stable as 'select 1'
create procedure pr() language sql as 'select 1'
create aggregate agg(int) (sfunc = int4pl, stype = int, initcond = '0')
create function trig() returns trigger language plpgsql as 'begin return new; end'
create trigger tr before insert on t for each row execute function trig()
create rule r as on delete to u do instead nothing
create policy pol on t for select to reader using (n > 1)
create sequence sq
create index i on t (n) where n > 0
create statistics st on n, k from t
grant select, insert on t to writer
grant usage on sequence sq to writer
grant select (t_id) on u to writer
grant usage on schema public to writer
create collation col (provider = libc, locale = 'C')
create operator === (leftarg = int, rightarg = int, function = int4eq)
create table part (n int) partition by range (n)
create table part_1 partition of part for values from (0) to (10)
create table par (x int)
create table child () inherits (par)
create extension hstore
create table h (d hstore)
create extension tablefunc
create table hidden (n int)
alter table hidden enable row level security
create publication pub for table t
create text search dictionary words (template = simple)
"""
SEEN = """
alter domain pos drop constraint pos_check;; alter domain pos add check (value > 1) | destroys
alter domain pos set default 3
alter domain pos set not null | destroys
alter type kind add value 'c'
alter type kind rename value 'b' to 'z' | destroys
alter type pair add attribute z int
drop type frange | destroys
create or replace view v as select id, n from t where n > 2
alter view v set (security_barrier = true)
drop materialized view m;; create materialized view m as select id from t where n > 2;; grant select on m to reader
refresh materialized view m with no data | destroys
drop view v | destroys
alter table hidden set unlogged | destroys
create or replace function f(a int, b text default 'x') returns int language sql stable as 'select 2'
create or replace function f(a int, b text default 'y') returns int language sql stable as 'select 1'
create or replace function f(a int, b text default 'x') returns int language sql volatile as 'select 1'
alter function f(int, text) security definer
alter function f(int, text) set search_path = public
drop function f(int, text) | destroys
drop procedure pr() | destroys
drop aggregate agg(int) | destroys
create or replace aggregate agg(int) (sfunc = int4mul, stype = int, initcond = '0')
drop trigger tr on t | destroys
alter table t disable trigger tr | destroys
create or replace function trig() returns trigger language plpgsql as 'begin return null; end'
drop rule r on u | destroys
drop policy pol on t | destroys
alter policy pol on t using (n > 2) | destroys
alter policy pol on t to writer | destroys
drop sequence sq | destroys
alter sequence sq increment 2 | destroys
alter sequence sq cycle | destroys
alter sequence t_id_seq maxvalue 100 | destroys
drop index i;; create index i on t (n) where n > 1
drop statistics st
revoke insert on t from writer | destroys
revoke usage on sequence sq from writer | destroys
revoke execute on function f(int, text) from public | destroys
revoke select (t_id) on u from writer | destroys
revoke usage on schema public from writer | destroys
revoke insert on t from current_user | destroys
grant insert on t to writer with grant option
grant delete on t to writer
alter table t owner to writer | destroys
alter function f(int, text) owner to writer | destroys
alter table t drop constraint long;; alter table t add constraint long check (c <> 'LONGy') | destroys
alter table t alter k set default 'b'
alter table t alter s type text collate "POSIX"
alter table t alter id set generated by default
alter table t drop column g;; alter table t add g int generated always as (n + 2) stored
alter table t enable row level security | destroys
alter table t force row level security | destroys
alter table hidden disable row level security | destroys
alter table t replica identity full
alter table u set (fillfactor = 70)
alter table u drop constraint u_t_id_key;; alter table u add unique (t_id) deferrable | destroys
drop collation col | destroys
drop operator === (int, int) | destroys
drop table part;; create table part (n int) partition by list (n);; grant select on part to reader
alter table child no inherit par | destroys
drop table h;; drop extension hstore | destroys
drop publication pub | destroys
alter publication pub drop table t
drop text search dictionary words | destroys
create function f(a int) returns int language sql as 'select 1'
"""
UNSEEN = """
drop extension tablefunc
create table part_2 partition of part for values from (10) to (20)
insert into t (n) values (2);; refresh materialized view m
select nextval('sq')
comment on table t is 'x'
analyze
"""


def lines_of(text: str) -> list[str]:
    return [line.replace("LONG", "x" * 2500) for line in text.replace("\\\n", "").strip().splitlines()]


@pytest.fixture(scope="module")
def everything(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Path]]:
    """A database with one of each kind, and its lock."""
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute("create database everything")
    place = Place(server, "everything")
    place.execute(*lines_of(SETUP))
    lock = tmp_path_factory.mktemp("lock") / "schema.lock"
    lock.write_text(database.schema_lock(place.reader_url, Database()), encoding="utf-8")
    yield place, lock
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute("drop database everything")


@contextmanager
def changed(place: Place, statements: str) -> Iterator[Place]:
    """A copy of the database after `statements`."""
    copy = Place(place.server, f"{place.name}_changed")
    with psycopg.connect(place.server.admin_url(), autocommit=True) as connection:
        connection.execute(f"create database {copy.name} template {place.name}".encode())
    try:
        with psycopg.connect(copy.admin_url, autocommit=True) as connection:
            for statement in statements.split(";; "):
                connection.execute(statement.encode())
        yield copy
    finally:
        with psycopg.connect(place.server.admin_url(), autocommit=True) as connection:
            connection.execute(f"drop database {copy.name}".encode())


@pytest.mark.parametrize("change", lines_of(SEEN))
def test_the_lock_sees_a_change_of_any_kind(everything: tuple[Place, Path], change: str) -> None:
    place, lock = everything
    statements, _, destroys = change.partition(" | ")
    with changed(place, statements) as copy:
        found = measured(copy, lock)
    assert found["drift"][0], "not seen"
    assert bool(found["destructive"][0]) is bool(destroys), found


@pytest.mark.parametrize("change", lines_of(UNSEEN))
def test_what_is_no_change_of_the_schema_is_no_drift(everything: tuple[Place, Path], change: str) -> None:
    place, lock = everything
    with changed(place, change) as copy:
        assert measured(copy, lock)["drift"] == (0, [])


def test_the_lock_is_the_same_whoever_asks_and_without_roles_it_names_none(everything: tuple[Place, Path]) -> None:
    place, lock = everything
    assert database.schema_lock(place.admin_url, Database()) == lock.read_text("utf-8")
    without = lock.with_name("without.lock")
    without.write_text(database.schema_lock(place.reader_url, Database(), roles=False), encoding="utf-8")
    assert not {"owner", "grant", "revoked"} & {line.split()[0] for line in without.read_text("utf-8").splitlines()}
    with changed(place, "revoke insert on t from writer;; alter table t owner to writer") as copy:
        assert measured(copy, without)["drift"] == (0, [])


def test_two_names_that_look_the_same_are_two_lines(place: Place) -> None:
    place.execute('create table "a\u200b" (n int)', "create table a (n int)")
    text = database.schema_lock(place.reader_url, Database())
    assert "table public.a\n" in text
    assert 'table public."a\\u200b"\n' in text


def test_a_lock_of_the_first_version_says_how_to_make_another(place: Place, tmp_path: Path) -> None:
    lock = tmp_path / "schema.lock"
    lock.write_text("# schema lock of readiness, version 1: written by …\ntable public.bags\n")
    (found,) = (
        one for one in database.measure(place.reader_url, Database(schema_lock=str(lock)), set())
        if one.metric == "database.schema.drift"
    )  # fmt: skip
    assert found.value is None
    assert "write it again with `readiness schema lock`" in str(found.reason)
