"""What the service's role may do beyond rows: each fact where it is, none where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import psycopg
import pytest

from readiness import database
from readiness.config.definitions import definitions
from readiness.config.model import Database
from readiness.demo.accounts import Account
from readiness.demo.postgres import Postgres
from readiness.demo.seed import SERVICE_ROLE, create_database
from readiness.measurements.run import Measurement
from tests.database.conftest import Place

_number = count(1)
NOTHING = dict.fromkeys(("attributes", "owned", "ddl", "default_privileges", "memberships"), 0.0)


def facts(place: Place, role: str | None, wanted: str = "database.role.ddl") -> dict[str, Measurement]:
    found = database.measure(place.reader_url, Database(service_role=role), {wanted})
    return {one.metric.removeprefix("database.role."): one for one in found if one.metric.startswith("database.role.")}


def values(place: Place, role: str) -> dict[str, float | None]:
    return {name: one.value for name, one in facts(place, role).items()}


def told(place: Place, role: str, name: str) -> list[tuple[str, str]]:
    return [(one.subject, one.observed) for one in facts(place, role)[name].details if one.ok is False]


@pytest.fixture
def role(place: Place) -> Iterator[str]:
    """A role with the rights on rows that a service needs."""
    name = f"app_{next(_number)}"
    place.execute(
        f"create role {name} login",
        "revoke all on schema public from public",
        f"grant usage on schema public to {name}, reader",
        f"grant select, insert, update, delete on bags to {name}",
    )
    yield name
    place.execute(f"drop owned by {name} cascade", f"drop role {name}")


def test_a_role_that_reads_and_writes_rows_has_nothing_beyond_them(place: Place, role: str) -> None:
    assert values(place, role) == NOTHING
    assert [one.observed for one in facts(place, role)["ddl"].details] == [
        "no session of it or of others after the load"
    ]


def test_each_power_is_one_fact_with_its_words(place: Place, role: str) -> None:
    place.execute(f"alter role {role} createdb bypassrls")
    assert told(place, role, "attributes") == [("BYPASSRLS", "its own"), ("CREATEDB", "its own")]

    place.execute(f"grant truncate, trigger on bags to {role}", f"grant create on schema public to {role}")
    assert sorted(told(place, role, "ddl")) == [("schema public", "CREATE"), ("table public.bags", "TRIGGER, TRUNCATE")]
    assert values(place, role)["owned"] == 0

    place.execute(f"alter default privileges in schema public grant select, delete on tables to {role}")
    assert told(place, role, "default_privileges") == [
        ("tables that readiness_admin creates in the schema public", "DELETE, SELECT")
    ]

    place.execute(
        "create sequence counter", f"alter table bags owner to {role}", f"alter sequence counter owner to {role}"
    )
    assert told(place, role, "owned") == [("table public.bags", "owned"), ("sequence public.counter", "owned")]
    assert values(place, role)["memberships"] == 0


def test_what_a_role_may_become_counts_as_its_own(place: Place, role: str) -> None:
    group, owner = f"{role}_group", f"{role}_owner"
    place.execute(
        f"create role {owner} createrole", f"create role {group}", f"grant {owner} to {group}",
        f"grant {group} to {role}",
        f"alter table bags owner to {owner}",
    )  # fmt: skip
    try:
        assert told(place, role, "memberships") == [(f"role {group}", "member"), (f"role {owner}", "member")]
        assert told(place, role, "owned") == [("table public.bags", "owned")]
        assert told(place, role, "attributes") == [("CREATEROLE", f"of the role {owner}")]
    finally:
        place.execute(f"drop owned by {owner}, {group} cascade", f"drop role {owner}", f"drop role {group}")


def test_the_first_superuser_owns_what_no_other_catalogue_says(place: Place) -> None:
    with psycopg.connect(place.admin_url):
        found = facts(place, "readiness_admin")
    assert (found["attributes"].value or 0) == 5
    owned = [one.subject for one in found["owned"].details]
    assert "table public.bags" in owned
    assert f"database {place.name}" in owned
    for one in found.values():
        assert (one.value or 0) >= sum(detail.ok is False for detail in one.details)


def test_a_role_that_nobody_has_named_or_uses_is_a_reason_and_never_a_pass(place: Place, role: str) -> None:
    missing = facts(place, "nobody")
    assert {one.value for one in missing.values()} == {None}
    assert "there is no role" in str(missing["owned"].reason)
    with psycopg.connect(place.writer_url):
        other = facts(place, role)
    assert 'others are, such as "writer"' in str(other["ddl"].reason)
    unset = facts(place, None)
    assert list(unset) == ["ddl"]
    assert "database.service_role is not set" in str(unset["ddl"].reason)
    assert facts(place, None, "data.bags") == {}


def test_another_role_in_the_file_is_another_question() -> None:
    meant = [definitions(Database(service_role=name))["database.role.ddl"] for name in ("one", "two")]
    assert meant[0] != meant[1]
    assert "database.role.ddl" not in definitions(Database())


def test_the_role_of_the_demo_has_nothing_beyond_what_the_service_needs(server: Postgres) -> None:
    urls = create_database(server, [Account("user", "User", "x")])
    with psycopg.connect(urls.service):
        found = database.measure(urls.reader, Database(service_role=SERVICE_ROLE), {"database.role.ddl"})
    roles = {one.metric: one.value for one in found if one.metric.startswith("database.role.")}
    assert roles == {f"database.role.{name}": 0.0 for name in NOTHING}
