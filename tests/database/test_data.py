"""Counts, queries and invariants against a real server."""

from __future__ import annotations

import pytest

from readiness import database
from readiness.config.model import Count, Database, Invariant, Query
from readiness.measurements.run import Measurement
from tests.database.conftest import Place

BALANCED = Invariant("parents + children == bags", ((1, "parents"), (1, "children"), (-1, "bags")))
COUNTS = {
    "bags": Count("bags"),
    "parents": Count("bags", {"kind": "parent"}),
    "children": Count("bags", {"kind": "child"}),
}


def measure(place: Place, section: Database) -> dict[str, Measurement]:
    return {one.metric: one for one in database.measure(place.reader_url, section, set())}


def ask(place: Place, sql: str, timeout_s: float = 15.0) -> Measurement:
    section = Database(queries={"q": Query(sql, 31)}, statement_timeout_s=timeout_s)
    return measure(place, section)["data.q"]


@pytest.mark.parametrize(
    ("statement", "bags", "left_minus_right"),
    [
        ("select 1", 10, 0),
        ("delete from bags where id = 10", 9, 0),
        ("insert into bags values (11, 'parent')", 11, 0),
        ("insert into bags values (11, 'suitcase')", 11, -1),
        ("delete from bags", 0, 0),
    ],
)
def test_counts_and_equations_are_exact(place: Place, statement: str, bags: int, left_minus_right: int) -> None:
    place.execute(statement)
    found = measure(place, Database(COUNTS, {}, {"balanced": BALANCED}))
    assert found["data.bags"].value == bags
    assert found["data.balanced"].value == left_minus_right
    assert [detail.subject for detail in found["data.balanced"].details] == ["parents", "children", "bags"]
    assert found["data.balanced"].details[2].observed == str(bags)


def test_a_fresh_table_is_counted_and_not_estimated(place: Place) -> None:
    place.execute("create table fresh (id int)", "insert into fresh select generate_series(1, 1000)")
    assert measure(place, Database({"fresh": Count("fresh")}))["data.fresh"].value == 1000


@pytest.mark.parametrize(
    "statement",
    ["drop table bags", "alter table bags rename to sacks", "create schema s; alter table bags set schema s"],
)
def test_a_table_that_is_not_there_is_a_reason_and_spares_the_others(place: Place, statement: str) -> None:
    place.execute("create table others (id int)", "insert into others values (1)", statement)
    section = Database({**COUNTS, "others": Count("others")}, {}, {"balanced": BALANCED})
    found = measure(place, section)
    assert found["data.bags"].value is None
    assert 'relation "bags" does not exist' in str(found["data.bags"].reason)
    assert found["data.balanced"].value is None
    assert "bags" in str(found["data.balanced"].reason)
    assert found["data.others"].value == 1


@pytest.mark.parametrize(
    ("create", "written"),
    [
        ('"Bag Items"', "Bag Items"),
        ('"gepäck_行李"', "gepäck_行李"),
        ('"odd.name"', '"odd.name"'),
        ('"o""clock"', 'o""clock'),
        ('"100%s"', "public.100%s"),
        ("app.bags", "app.bags"),
        ('"select"', "select"),
        ('"x; drop table bags"', "x; drop table bags"),
    ],
)
def test_names_are_taken_as_written(place: Place, create: str, written: str) -> None:
    place.execute(
        "create schema app",
        "grant usage on schema app to reader",
        f'create table {create} (id int, "Größe %s" text)',
        f"insert into {create} values (1, 'L'), (2, null), (3, 'it''s \\')",  # noqa: S608 - our own names
        "grant select on all tables in schema app to reader",
    )
    counts = {
        "all": Count(written),
        "null": Count(written, {"Größe %s": None}),
        "odd": Count(written, {"Größe %s": "it's \\"}),
    }
    found = measure(place, Database(counts))
    assert [found[f"data.{name}"].value for name in counts] == [3, 1, 1], found


@pytest.mark.parametrize("written", ["a.b.c", "", ".bags", 'ba"gs'])
def test_a_table_that_is_no_name_is_a_reason(place: Place, written: str) -> None:
    found = measure(place, Database({"bad": Count(written, line=7)}))["data.bad"]
    assert found.value is None
    assert "count bad (line 7)" in str(found.reason)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("select count(*) from bags", 10),
        ("select count(*) from bags;\n", 10),
        ("select 0.5::numeric", 0.5),
        ("select 1.5::float8 -- a comment at the end", 1.5),
        ("select count(*) from bags where kind like 'par%' and '%s' <> ''", 4),
        ("with c as (select * from bags) select count(*) from c", 10),
    ],
)
def test_a_query_yields_its_number(place: Place, sql: str, value: float) -> None:
    assert ask(place, sql).value == value, ask(place, sql).reason


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select 1 where false", "one row, not none"),
        ("select id from bags", "one row, not several"),
        ("select null::int", "NULL"),
        ("select 'NaN'::float8", "nan"),
        ("select 'NaN'::numeric", "NaN"),
        ("select 'Infinity'::float8", "inf"),
        ("select '12'::text", "another type"),
        ("select true", "another type"),
        ("select 1 as a, 2 as b", "2 columns"),
        ("select from bags", "no columns"),
        ("select count(*) from nowhere", 'relation "nowhere" does not exist'),
        ("selekt 1", "syntax error"),
        ("", "no columns"),
        ("select 1/0", "division by zero"),
        ("select 1 /*", "comment"),
        ("select (10::numeric) ^ 400", "too large"),
        ("select 1 \0", "zero byte"),
        ("select '\ud800'", "surrogates"),
    ],
)
def test_d8_what_is_not_one_number_is_a_reason_and_not_zero(place: Place, sql: str, words: str) -> None:
    found = ask(place, sql)
    assert found.value is None
    assert found.reason is not None
    assert words in found.reason
    assert "query q (line 31)" in found.reason


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select 9007199254740993::numeric", "beyond 2^53 (9,007,199,254,740,992), where limits"),
        ("select 9007199254740992", "beyond 2^53"),
        ("select -9007199254740993::numeric", "count in a larger unit"),
        ("select 0.99999999999999999999::numeric", "nearer to 1 than can be told apart"),
        ("select ('1e-400')::numeric", "nearer to 0 than can be told apart"),
    ],
)
def test_d4_a_number_that_a_limit_would_round_is_not_measured(place: Place, sql: str, words: str) -> None:
    measured = ask(place, sql)
    assert measured.value is None
    assert words in str(measured.reason)


def test_d4_the_difference_of_large_numbers_is_exact(place: Place) -> None:
    large = {"a": Query("select 9007199254740993::numeric"), "b": Query("select 9007199254740992::numeric")}
    section = Database({}, large, {"same": Invariant("a == b", ((1, "a"), (-1, "b")))})
    assert measure(place, section)["data.same"].value == 1


def test_one_failing_query_spares_the_others(place: Place) -> None:
    queries = {"bad": Query("select 1/0"), "good": Query("select count(*) from bags"), "worse": Query("nonsense")}
    found = measure(place, Database(queries=queries))
    assert found["data.good"].value == 10
    assert found["data.bad"].value is None
    assert found["data.worse"].value is None


def test_d7_rows_that_a_policy_hides_are_a_reason_and_not_a_smaller_count(place: Place) -> None:
    place.execute("alter table bags enable row level security")
    found = measure(place, Database(COUNTS))["data.bags"]
    assert found.value is None
    assert "row-level security" in str(found.reason)


def test_a_table_that_the_role_may_not_read_is_a_reason(place: Place) -> None:
    place.execute("create table closed (id int)")
    place.execute("revoke all on closed from reader")
    section = Database({"closed": Count("bags")}, {"q": Query("select count(*) from pg_authid")})
    assert "permission denied" in str(measure(place, section)["data.q"].reason)
