"""Facts of the catalogue: each is found where it is, and is not where it is not."""

from __future__ import annotations

import psycopg
import pytest

from readiness import database
from readiness.config.model import Database, Relation
from readiness.measurements.run import Measurement
from tests.database.conftest import Place

ALWAYS = {"database.indexes.unused", "database.orphans", "database.sequences.used", "database.indexes.damaged"}


def facts(place: Place, section: Database | None = None) -> dict[str, Measurement]:
    section = section or Database()
    return {one.metric.removeprefix("database."): one for one in database.measure(place.reader_url, section, ALWAYS)}


def test_a_sound_schema_has_no_findings(place: Place) -> None:
    place.execute(
        "create extension if not exists amcheck", "grant execute on function bt_index_check(regclass) to reader"
    )
    mother = Relation("bags", ("parent_id",), "public.bags", ("id",), 7)
    found = facts(place, Database(deep=True, relations={"mother": mother}))
    counts = [
        "foreign_keys.unvalidated", "foreign_keys.unindexed", "constraints.unvalidated", "triggers.disabled",
        "primary_keys.missing", "indexes.invalid", "indexes.duplicate", "indexes.redundant", "indexes.damaged",
        "orphans",
    ]  # fmt: skip
    assert {name: found[name].value for name in counts} == dict.fromkeys(counts, 0.0)
    assert found["sequences.used"].value == 0
    assert 0 <= (found["transaction_ids.used"].value or 0) < 1
    assert "days old" in str(found["indexes.unused"].reason)


@pytest.mark.parametrize(
    ("metric", "words", "statements"),
    [
        (
            "foreign_keys.unindexed",
            "mother",
            ["alter table bags add constraint mother foreign key (parent_id) references bags"],
        ),
        ("constraints.unvalidated", "NOT VALID", ["alter table bags add constraint c check (id > 5) not valid"]),
        ("primary_keys.missing", "no primary key", ["create table heap (id int)"]),
        ("indexes.duplicate", "same as one", ["create index one on bags (kind)", "create index two on bags (kind)"]),
        (
            "indexes.redundant",
            "beginning of two",
            ["create index one on bags (kind)", "create index two on bags (kind, id)"],
        ),
        (
            "triggers.disabled",
            "public.bags: t",
            [
                "create function f() returns trigger language plpgsql as 'begin return new; end'",
                "create trigger t before update on bags for each row execute function f()",
                "alter table bags disable trigger t",
            ],
        ),
    ],
)
def test_a_flaw_is_found_once_and_named(place: Place, metric: str, words: str, statements: list[str]) -> None:
    place.execute(*statements)
    found = facts(place)[metric]
    assert found.value == 1
    flaws = [f"{detail.subject} {detail.observed}" for detail in found.details if detail.ok is False]
    assert len(flaws) == 1
    assert words in flaws[0]


def test_what_only_looks_like_a_second_index_is_none(place: Place) -> None:
    place.execute(
        "create index plain on bags (kind)",
        "create index partial on bags (kind) where id > 5",
        "create index backwards on bags (kind desc)",
        "create index pattern on bags (kind text_pattern_ops)",
        "create index expression on bags (lower(kind))",
        "create index hashed on bags using hash (kind)",
        "create unique index only_one on bags (kind, id)",
        "create index other_order on bags (id, kind)",
    )
    found = facts(place)
    assert found["indexes.duplicate"].value == 0
    redundant = [detail.subject for detail in found["indexes.redundant"].details]
    assert redundant == ["public.bags: plain"], "it is the beginning of only_one"


def test_a_plain_index_on_the_columns_of_a_unique_one_is_redundant_and_the_unique_one_is_not(place: Place) -> None:
    place.execute(
        "create index again on bags (id)",
        "alter table bags add constraint one_each unique (kind, id)",
        "create index each_again on bags (kind, id)",
        "create unique index lower_only on bags (lower(kind || id))",
        "create unique index partial_only on bags (parent_id) where id > 100",
        "create index parent on bags (parent_id)",
        "create index backwards on bags (id desc)",
        "create index hashed on bags using hash (id)",
        "create index partial on bags (id) where id > 5",
        "create index pattern on bags (kind text_pattern_ops, id)",
        'create index collated on bags (kind collate "C", id)',
        "create index other_order on bags (parent_id, kind)",
        "create index covering on bags (id) include (kind)",
    )
    found = facts(place)
    assert found["indexes.duplicate"].value == 0
    assert found["indexes.redundant"].value == 3
    assert [(one.subject, one.observed) for one in found["indexes.redundant"].details] == [
        ("public.bags: again", "has the columns of bags_pkey, which is unique"),
        ("public.bags: each_again", "has the columns of one_each, which is unique"),
        ("public.bags: parent", "is the beginning of other_order"),
    ]


def test_a_partitioned_index_that_is_not_attached_everywhere_is_told_as_that(place: Place) -> None:
    place.execute(
        "create table parts (n int) partition by range (n)",
        "create table parts_1 partition of parts for values from (0) to (10)",
        "create table parts_2 partition of parts for values from (10) to (20)",
        "create index parts_n on only parts (n)",
        "create index parts_1_n on parts_1 (n)",
        "alter index parts_n attach partition parts_1_n",
    )
    found = facts(place)["indexes.invalid"]
    assert [(one.subject, one.observed, one.note) for one in found.details] == [
        ("public.parts_n on public.parts", "not valid", "not attached yet in every partition")
    ]
    place.execute("create index parts_2_n on parts_2 (n)", "alter index parts_n attach partition parts_2_n")
    assert facts(place)["indexes.invalid"].value == 0


def test_a_sequence_is_as_full_as_the_column_behind_it(place: Place) -> None:
    place.execute(
        "create sequence numbers as bigint",
        "create table small (id int primary key default nextval('numbers'), n smallserial)",
        "select setval('numbers', 2040109465)",
        "grant select on all sequences in schema public to reader",
    )
    found = facts(place)["sequences.used"]
    assert found.value == pytest.approx(95.0, abs=0.01)
    assert "small.id" in found.details[0].subject
    place.execute("revoke all on numbers from reader")
    assert "grant select on all sequences" in str(facts(place)["sequences.used"].reason)


def test_a_sequence_without_a_column_is_measured_against_its_own_end(place: Place) -> None:
    place.execute(
        "create sequence order_numbers maxvalue 1000",
        "create table small (id serial primary key)",
        "select setval('order_numbers', 900)",
        "grant select on all sequences in schema public to reader",
    )
    found = facts(place)["sequences.used"]
    assert found.value == pytest.approx(90.0)
    assert [detail.subject for detail in found.details] == [
        "public.order_numbers", "public.small_id_seq for small.id", "sequences",
    ]  # fmt: skip


def test_without_a_key_and_a_relation_no_row_is_compared_and_orphans_are_not_measured(place: Place) -> None:
    place.execute("create schema keyless", "create table keyless.items (id int primary key, bag int)")
    place.execute("grant usage on schema keyless to reader", "grant select on keyless.items to reader")
    found = facts(place, Database(schemas=("keyless",)))["orphans"]
    assert found.value is None
    assert "name under database.relations which columns point to another table" in str(found.reason)


def test_orphans_of_an_undeclared_relation_are_counted(place: Place) -> None:
    relation = Relation("bags", ("parent_id",), "public.bags", ("id",), 7)
    assert facts(place, Database(relations={"mother": relation}))["orphans"].value == 0
    place.execute("update bags set parent_id = 77 where id in (6, 7)")
    found = facts(place, Database(relations={"mother": relation}))["orphans"]
    assert found.value == 2
    assert found.details[0].subject == "bags: relation mother (line 7)"
    wrong = Relation("bags", ("parent",), "bags", ("id",), 8)
    assert "parent" in str(facts(place, Database(relations={"wrong": wrong}))["orphans"].reason)


def test_a_damaged_index_is_found_only_when_asked_for(place: Place) -> None:
    place.execute(
        "create extension if not exists amcheck",
        "grant execute on function bt_index_check(regclass) to reader",
        "create table numbers as select n from generate_series(1, 1000) n",
        "create index numbers_n on numbers (n)",
    )
    assert "--deep" in str(facts(place)["indexes.damaged"].reason)
    assert facts(place, Database(deep=True))["indexes.damaged"].value == 0
    with psycopg.connect(place.admin_url, autocommit=True) as connection:  # as when a collation changes under an index
        connection.execute("set allow_system_table_mods = on")
        connection.execute("update pg_index set indoption = '3' where indexrelid = 'numbers_n'::regclass")
    found = facts(place, Database(deep=True))["indexes.damaged"]
    assert found.value == 1
    assert "numbers_n" in found.details[0].subject
    place.execute("revoke execute on function bt_index_check(regclass) from reader")
    assert "grant execute" in str(facts(place, Database(deep=True))["indexes.damaged"].reason)


def test_five_thousand_tables_are_looked_at(place: Place) -> None:
    place.execute(
        "do $$ begin for n in 1..5000 loop execute format('create table t%s (id int)', n);"
        " if n % 500 = 0 then commit; end if; end loop; end $$"
    )
    found = facts(place, Database(schemas=("public",)))
    assert found["primary_keys.missing"].value == 5000
    assert len(found["primary_keys.missing"].details) <= 201
