"""Foreign keys, orphans and indexes against a real server."""

from __future__ import annotations

import psycopg
import pytest

from readiness import database
from readiness.config.model import Database
from readiness.measurements.run import Measurement
from tests.database.conftest import Place

KEYS, ORPHANS, INDEXES = "database.foreign_keys.unvalidated", "database.orphans", "database.indexes.invalid"


def facts(place: Place, *schemas: str) -> dict[str, Measurement]:
    section = Database(schemas=schemas or ("public",))
    return {one.metric: one for one in database.measure(place.reader_url, section, {KEYS, ORPHANS, INDEXES})}


def values(place: Place) -> list[float | None]:
    found = facts(place)
    return [found[name].value for name in (KEYS, ORPHANS, INDEXES)]


def test_a_healthy_schema_has_none_of_them(place: Place) -> None:
    place.execute("alter table bags add foreign key (parent_id) references bags (id)")
    assert values(place) == [0, 0, 0]
    assert facts(place)[ORPHANS].details[0].ok is True


def test_orphans_below_a_key_that_is_not_valid_are_counted(place: Place) -> None:
    place.execute(
        "update bags set parent_id = 99 where id in (5, 6, 7)",
        "alter table bags add constraint parent foreign key (parent_id) references bags (id) not valid",
    )
    found = facts(place)
    assert (found[KEYS].value, found[ORPHANS].value) == (1, 3)
    assert found[KEYS].details[0].observed == "NOT VALID"
    assert "parent" in found[ORPHANS].details[0].subject
    assert found[ORPHANS].details[0].observed == "3"


def test_orphans_that_came_with_the_load_are_told_from_those_that_were_there(place: Place) -> None:
    place.execute(
        "update bags set parent_id = 99 where id in (5, 6)",
        "alter table bags add constraint parent foreign key (parent_id) references bags (id) not valid",
    )
    section, wanted = Database(schemas=("public",)), {ORPHANS}
    before = database.before_load(place.reader_url, section, wanted)

    def said() -> tuple[float | None, str]:
        (found,) = [
            one for one in database.measure(place.reader_url, section, wanted, before=before) if one.metric == ORPHANS
        ]
        return found.value, found.details[0].note

    assert said() == (2, "no more than before the load")
    place.execute("alter table bags disable trigger all", "update bags set parent_id = 98 where id in (7, 8, 9)")
    assert said() == (5, "3 more than before the load")


def test_a_key_with_disabled_triggers_does_not_vouch(place: Place) -> None:
    place.execute(
        "alter table bags add foreign key (parent_id) references bags (id)",
        "alter table bags disable trigger all",
        "update bags set parent_id = 99 where id = 5",
    )
    found = facts(place)
    assert (found[KEYS].value, found[ORPHANS].value) == (1, 1)
    assert "triggers disabled" in found[KEYS].details[0].observed
    place.execute("alter table bags enable trigger all")
    assert values(place) == [0, 1, 0], "the damage stays when the triggers are back"


def test_a_key_that_is_not_enforced_does_not_vouch(place: Place) -> None:
    with psycopg.connect(place.admin_url) as admin:
        if admin.info.server_version < 180000:
            pytest.skip("NOT ENFORCED came with PostgreSQL 18")
    place.execute(
        "update bags set parent_id = 99 where id = 5",
        "alter table bags add foreign key (parent_id) references bags (id) not enforced",
    )
    found = facts(place)
    assert (found[KEYS].value, found[ORPHANS].value) == (1, 1)
    assert found[KEYS].details[0].observed == "NOT ENFORCED"


@pytest.mark.parametrize(("match", "expected"), [("simple", 1), ("full", 3)])
def test_composite_keys_follow_their_match_type(place: Place, match: str, expected: int) -> None:
    place.execute(
        'create table "Sites" ("Area" text, "No" int, primary key ("No", "Area"))',
        "insert into \"Sites\" values ('a', 1), ('b', 2)",
        'create table "Rows" (x text, "Y y" bigint)',
        "insert into \"Rows\" values ('a', 1), ('b', 1), ('a', null), (null, 7), (null, null)",
        f'alter table "Rows" add constraint "K k" foreign key (x, "Y y") references "Sites" ("Area", "No")'
        f" match {match} not valid",
    )
    assert facts(place)[ORPHANS].value == expected


def test_a_key_of_a_partitioned_table_counts_once(place: Place) -> None:
    place.execute(
        "create table scans (id int, bag_id int references bags (id)) partition by range (id)",
        "create table scans_1 partition of scans for values from (0) to (10)",
        "create table scans_2 partition of scans for values from (10) to (20)",
        "insert into scans select n, 1 from generate_series(0, 19) n",
        "alter table scans_2 disable trigger all",
        "update scans_2 set bag_id = 77 where id > 17",
    )
    assert values(place) == [1, 2, 0]


def test_rows_that_a_policy_hides_leave_no_number_of_orphans(place: Place) -> None:
    place.execute(
        "update bags set parent_id = 99 where id = 5",
        "alter table bags add constraint parent foreign key (parent_id) references bags (id) not valid",
        "alter table bags enable row level security",
    )
    found = facts(place)
    assert found[ORPHANS].value is None
    assert "row-level security" in str(found[ORPHANS].reason)
    assert found[KEYS].value == 1


def test_an_invalid_index_is_named(place: Place) -> None:
    place.execute("insert into bags values (11, 'child', 1)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        place.execute("create unique index concurrently one_child on bags (parent_id)")
    found = facts(place)[INDEXES]
    assert found.value == 1
    assert "one_child" in found.details[0].subject
    assert "not valid" in found.details[0].observed


def test_a_schema_that_is_missing_or_empty_is_a_reason_and_not_zero(place: Place) -> None:
    place.execute("create schema empty")
    assert all("does not exist" in str(one.reason) for one in facts(place, "publik").values())
    assert all("no table" in str(one.reason) for one in facts(place, "empty").values())


def test_orphans_are_counted_only_when_wanted(place: Place) -> None:
    metrics = {one.metric for one in database.measure(place.reader_url, Database(), set())}
    assert {KEYS, INDEXES} <= metrics
    assert "database.orphans" not in metrics
