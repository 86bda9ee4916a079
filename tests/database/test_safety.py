"""What the SQL of a thresholds file cannot do, and how a bad connection ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import psycopg
import pytest

from readiness import database
from readiness.config.model import Count, Database, Query
from readiness.errors import ConfigError, NotMeasured, Refused
from readiness.measurements.run import Measurement
from tests.database.conftest import READER_PASSWORD, READER_QUOTED, Place
from tests.faultd.client import free_port

BAGS = Database({"bags": Count("bags")})
FACTS = {"database.orphans", "database.foreign_keys.unvalidated", "database.indexes.invalid"}


def ask(place: Place, sql: str, timeout_s: float = 15.0) -> Measurement:
    section = Database(queries={"q": Query(sql, 31)}, statement_timeout_s=timeout_s)
    return {one.metric: one for one in database.measure(place.reader_url, section, set())}["data.q"]


@pytest.mark.parametrize(
    "sql",
    [
        "select 1; delete from bags",
        "select 1; commit; set default_transaction_read_only=off; begin read write; delete from bags; commit",
        "commit",
        "set transaction read write; delete from bags",
        "delete from bags",
        "delete from bags returning 1",
        "with gone as (delete from bags returning 1) select count(*) from gone",
        "select 1) q; delete from bags; --",
        "select 1) q --",
        "select count(*) from generate_series(1, 9)) q, (select 1",
        "set default_transaction_read_only = off",
        "copy bags to program 'true'",
        "do $$ begin delete from bags; end $$",
        "truncate bags",
        "drop table bags",
        "create temp table t as select 1",
        "select nextval('numbers')",
        "select set_config('transaction_read_only', 'off', false)::int",
        "select lo_create(0)::bigint",
    ],
)
def test_sql_that_would_write_leaves_the_database_as_it_was(place: Place, sql: str) -> None:
    place.execute("create sequence numbers", "grant all on sequence numbers to reader")
    place.execute("grant insert, update, delete, truncate on bags to writer")  # and the guard is the role of `reader`
    before = place.digest()
    found = ask(place, sql)
    assert place.digest() == before
    if "lo_create" in sql and place.version < 160000:
        return  # up to PostgreSQL 15 READ ONLY lets it through; it goes with the transaction, which never commits
    assert found.value is None
    assert found.reason


def test_even_a_role_that_may_write_cannot_through_a_snapshot(place: Place) -> None:
    from readiness.database.connect import open_read_only
    from readiness.database.snapshot import before_load

    place.execute("grant all on bags to writer")
    before = place.digest()
    texts = [
        "with gone as (delete from bags returning 1) select count(*) from gone",
        "select 1; commit; begin read write; delete from bags; commit",
        "select 1) q; delete from bags; --",
        "set transaction read write",
        "select count(*) from bags",
    ]
    section = Database(queries={f"q{n}": Query(text) for n, text in enumerate(texts)})
    with open_read_only(place.writer_url, timeout_s=5) as session:
        found = before_load(session, section, set(section.queries))
    assert [number if isinstance(number, Fraction) else None for number in found.values()] == [None] * 4 + [10]
    assert place.digest() == before


@pytest.mark.parametrize(
    ("sql", "timeout_s"),
    [
        ("select count(*) from (select pg_sleep(30)) s", 0.5),
        (
            "select case when set_config('statement_timeout', '0', false) = '0' then"
            " (select count(*) from (select pg_sleep(30)) s) end",
            0.5,
        ),
    ],
)
def test_a_slow_query_is_cancelled_on_the_server_too(place: Place, sql: str, timeout_s: float) -> None:
    section = Database(queries={"q": Query(sql, 31)}, statement_timeout_s=timeout_s)
    measured = database.measure(place.reader_url, section, set(), writer_allowed=True)  # lets the query call set_config
    found = {one.metric: one for one in measured}["data.q"]
    assert found.value is None
    assert "longer than 0.5 s" in str(found.reason)
    with psycopg.connect(place.admin_url) as admin:
        row = admin.execute("select count(*) from pg_stat_activity where application_name = 'readiness'").fetchone()
    assert row == (0,) or _gone(place)


def _gone(place: Place) -> bool:
    end = time.monotonic() + 40
    while time.monotonic() < end:
        with psycopg.connect(place.admin_url) as admin:
            row = admin.execute("select count(*) from pg_stat_activity where application_name = 'readiness'").fetchone()
        if row == (0,):
            return True
        time.sleep(0.05)
    return False


def test_a_locked_table_is_a_reason_and_spares_the_others(place: Place) -> None:
    place.execute("create table others (id int)")
    with psycopg.connect(place.admin_url) as holder:
        holder.execute("lock table bags in access exclusive mode")
        section = Database({"bags": Count("bags"), "others": Count("others")})
        found = {one.metric: one for one in database.measure(place.reader_url, section, set())}
    assert "lock" in str(found["data.bags"].reason)
    assert found["data.others"].value == 0


def test_a_connection_that_dies_leaves_reasons(place: Place) -> None:
    section = Database(
        {"bags": Count("bags")},
        {"kill": Query("select count(*) from (select pg_sleep(30)) s")},
    )
    killer = threading.Thread(target=_kill_reader, args=(place,))
    killer.start()
    found = {one.metric: one for one in database.measure(place.reader_url, section, FACTS)}
    killer.join(40)
    assert found["data.bags"].value == 10
    assert found["data.kill"].value is None
    assert "terminat" in str(found["data.kill"].reason) or "lost" in str(found["data.kill"].reason)
    for name in FACTS:
        assert found[name].value is not None or found[name].reason


def _kill_reader(place: Place) -> None:
    end = time.monotonic() + 28
    with psycopg.connect(place.admin_url, autocommit=True) as admin:
        while time.monotonic() < end:
            killed = admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'readiness' and query like '%pg_sleep%' and wait_event = 'PgSleep'"
            ).fetchall()
            if killed:
                return
            time.sleep(0.02)


def test_a_database_that_is_down_gives_every_measurement_a_reason(place: Place) -> None:
    url = f"postgresql://reader:{READER_QUOTED}@127.0.0.1:{free_port()}/bags"
    found = database.measure(url, BAGS, FACTS)
    assert {one.metric for one in found} == {"data.bags", *FACTS}
    assert all(one.value is None and "refused" in str(one.reason).lower() for one in found)
    with pytest.raises(NotMeasured, match="refused"):
        database.check_role(url, BAGS)


def test_a_wrong_password_is_a_reason_without_it(place: Place) -> None:
    wrong = "wr0ng%40pass"
    (found, *_) = database.measure(place.server.url("reader", wrong, place.name), BAGS, set())
    assert "password authentication failed" in str(found.reason)
    assert wrong not in str(found.reason)
    assert "wr0ng@pass" not in str(found.reason)


def test_no_free_connection_is_a_reason_with_its_code(place: Place) -> None:
    place.execute(f"alter database {place.name} connection limit 0")
    (found, *_) = database.measure(place.reader_url, BAGS, set())
    assert "53300" in str(found.reason)


@contextmanager
def _silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_never_answers_is_a_reason() -> None:
    with _silent() as port:
        (found, *_) = database.measure(f"postgresql://reader:secret-7@127.0.0.1:{port}/bags", BAGS, set())
    assert found.value is None
    assert "secret-7" not in str(found.reason)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense s3cret",
        "postgresql:/u:s3cret@host/db",
        "postgresql+asyncpg://u:s3cret@host/db",
        "mysql://u:s3cret@host/db",
        "postgresql://u:s3cret@[::1/db",
        "postgresql://u:s3cret@host:port/db",
        "postgresql://u:s3cret@host:99999/db",
        "postgresql://u:s3cret/x@host/db",
        "postgresql://u:p@s3cret@host/db",
        "postgresql://u:s3cret@host/db?nonsense=1",
        "postgresql://u:s3cret%zz@host/db",
        "postgresql://u:s3cret@host/db\0",
    ],
)
def test_a_malformed_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        database.parse(url)
    assert str(caught.value).startswith("READINESS_DATABASE_URL: ")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:p@h:5432/db", "postgres://h/db", "postgresql:///db", "postgresql://u@[::1]/db?sslmode=require"],
)
def test_a_good_url_is_taken(url: str) -> None:
    database.parse(url)


def test_the_password_is_found_raw_and_decoded() -> None:
    found = database.secrets(f"postgresql://reader:{READER_QUOTED}@h/db")
    assert set(found) == {READER_PASSWORD, READER_QUOTED}
    assert database.secrets("postgresql://h/db") == ()
    assert database.secrets("nonsense") == ()
    assert "a b" in database.secrets("postgresql://h/db?password=a%20b")


def test_a_role_that_only_reads_is_taken(place: Place) -> None:
    database.check_role(place.reader_url, BAGS)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("grant insert on bags to writer", "can write the table public.bags"),
        ("grant update (kind) on bags to writer", "can write the table public.bags"),
        ("grant truncate on bags to writer", "can write the table public.bags"),
        ("alter table bags owner to writer", "owns the table public.bags"),
        ("create schema mine authorization writer", "owns the schema mine"),
    ],
)
def test_a_role_that_could_write_is_refused_with_the_reason(place: Place, statement: str, words: str) -> None:
    place.execute(statement)
    with pytest.raises(Refused) as caught:
        database.check_role(place.writer_url, BAGS)
    assert words in str(caught.value)
    assert "readiness database role --sql" in str(caught.value)


@pytest.mark.parametrize(
    ("power", "words"),
    [
        ("superuser", "is a superuser"),
        ("createrole", "CREATEROLE"),
        ("noinherit in role pg_write_all_data", "pg_write_all_data"),
        ("in role pg_execute_server_program", "pg_execute_server_program"),
    ],
)
def test_a_role_with_a_power_is_refused(place: Place, power: str, words: str) -> None:
    role = f"mighty_{place.name}"
    place.execute(f"create role {role} login password 'secret-8' {power}")
    url = place.server.url(role, "secret-8", place.name)
    with pytest.raises(Refused, match=words):
        database.check_role(url, BAGS)
    (found, *_) = database.measure(url, BAGS, set())
    assert found.value is None
    assert words in str(found.reason)
