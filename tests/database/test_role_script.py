"""The script of `readiness database role --sql`, run by psql against a real server."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import psycopg
import pytest

from readiness import database
from readiness.config.model import Count, Database
from readiness.database.activity import watch
from readiness.errors import ConfigError
from tests.database.conftest import Place
from tests.database.test_connections import MOTHER, SECTION, measured, opened


def psql(place: Place, script: str) -> subprocess.CompletedProcess[str]:
    """As a pipe without a terminal: `readiness database role --sql | psql`."""
    program = shutil.which("psql")
    if program is None:
        pytest.skip("psql is not installed")
    command = [program, "--no-psqlrc", "--quiet", place.admin_url]
    return subprocess.run(command, input=script, text=True, capture_output=True, start_new_session=True)


def test_the_least_role_that_we_print_can_do_everything_and_write_nothing(place: Place) -> None:
    place.execute(
        "create role migrator",
        "grant create on schema public to migrator",
        "set role migrator; create table first (id serial); reset role",
    )
    piped = psql(place, database.role_sql("least", Database()))
    assert (piped.returncode, piped.stderr) == (0, "")
    place.execute("alter role least password 'least-5ecret'")
    place.execute("create table mine (id serial)", "set role migrator; create table theirs (id serial); reset role")
    url = place.server.url("least", "least-5ecret", place.name)
    try:
        assert database.check_role(url, SECTION) == ""
        section = Database({name: Count(name) for name in ("bags", "first", "mine", "theirs")}, relations=MOTHER)
        found = measured(url, section, frozenset({"database.orphans", "database.sequences.used"}))
        assert [one.reason for one in found.values() if one.reason] == []
        assert max(found["database.sequences.used"].details, key=lambda one: one.subject).observed == "3"
        assert watch(url, opened(), wait_for_counters=False, stop=lambda: False).reason is None
    finally:
        place.execute("drop owned by least", "drop role least", "drop owned by migrator cascade", "drop role migrator")


def test_the_script_of_the_role_runs_again_and_for_a_second_database_of_the_server(place: Place) -> None:
    second = replace(place, name=f"{place.name}_second")
    with psycopg.connect(place.admin_url, autocommit=True) as admin:
        admin.execute(f"create database {second.name}".encode())
    second.execute("create table later (id int)")
    try:
        script = database.role_sql("least", Database())
        assert [psql(one, script).returncode for one in (place, place, second)] == [0, 0, 0]
        place.execute("alter role least password 'least-5ecret'")
        for one in (place, second):
            assert database.check_role(one.server.url("least", "least-5ecret", one.name), SECTION) == ""
    finally:
        second.execute("drop owned by least")
        place.execute("drop owned by least", "drop role least")


def test_what_the_script_of_the_role_could_not_do_is_told_as_statements_that_do_it(place: Place) -> None:
    place.execute(
        "create role maker createrole",
        "grant pg_monitor to maker with admin option",
        f"grant connect on database {place.name} to maker with grant option",
        "grant usage on schema public to maker with grant option",
        "grant select on all tables in schema public to maker with grant option",
    )
    try:
        piped = psql(place, "set role maker;\n" + database.role_sql("least", Database()))
        assert piped.returncode == 0, piped.stderr
        (told,) = (line for line in piped.stderr.splitlines() if "WARNING" in line)
        assert "what readiness_admin creates later cannot be read yet" in told
        place.execute(told.partition("as readiness_admin or a superuser: ")[2], "create table later (id serial)")
        may = (
            "has_table_privilege('least', 'later', 'select'), has_sequence_privilege('least', 'later_id_seq', 'select')"
        )
        with psycopg.connect(place.admin_url) as admin:
            assert admin.execute(f"select {may}".encode()).fetchone() == (True, True)
    finally:
        place.execute("drop owned by least, maker cascade", "drop role least", "drop role maker")


def test_a_failing_statement_ends_the_script_of_the_role_and_leaves_nothing(place: Place) -> None:
    piped = psql(place, database.role_sql("nobody_made_me", Database(schemas=("nowhere",))))
    assert piped.returncode != 0
    assert "nowhere" in piped.stderr
    with pytest.raises(psycopg.errors.UndefinedObject):
        place.execute("drop role nobody_made_me")


@pytest.mark.parametrize("name", ["x\n\\! true", "a$readiness$b", "\u202ex"])
def test_no_name_leaves_its_place_in_the_script_of_the_role(name: str) -> None:
    for role, schemas in ((name, ("public",)), ("least", (name,))):
        with pytest.raises(ConfigError, match="no name for a role or a schema"):
            database.role_sql(role, Database(schemas=schemas))
