"""The schema lock: what it writes, and what it calls destructive."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness import database
from readiness.config.model import Database
from readiness.database.schema.drift import compare
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
