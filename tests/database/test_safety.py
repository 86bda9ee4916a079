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
def test_d11_sql_that_would_write_leaves_the_database_as_it_was(place: Place, sql: str) -> None:
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
def test_d9_a_slow_query_is_cancelled_on_the_server_too(place: Place, sql: str, timeout_s: float) -> None:
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


def test_d9_a_locked_table_is_a_reason_and_spares_the_others(place: Place) -> None:
    place.execute("create table others (id int)")
    with psycopg.connect(place.admin_url) as holder:
        holder.execute("lock table bags in access exclusive mode")
        section = Database({"bags": Count("bags"), "others": Count("others")})
        found = {one.metric: one for one in database.measure(place.reader_url, section, set())}
    assert "lock" in str(found["data.bags"].reason)
    assert found["data.others"].value == 0


def test_d10_a_connection_that_dies_leaves_reasons(place: Place) -> None:
    section = Database(
        {"bags": Count("bags")},
        {"kill": Query("select count(*) from (select pg_sleep(30)) s")},
    )
    killer = threading.Thread(target=_kill_reader, args=(place,))
    killer.start()
    found = {one.metric: one for one in database.measure(place.reader_url, section, FACTS)}
    killer.join()
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
        ("grant trigger on bags to writer", "has TRIGGER, REFERENCES or MAINTAIN on the table public.bags"),
        ("grant references (id) on bags to writer", "has TRIGGER, REFERENCES or MAINTAIN on the table public.bags"),
        ("grant maintain on bags to writer", "has TRIGGER, REFERENCES or MAINTAIN on the table public.bags"),
        (
            "create schema s; grant create on schema s to writer",
            "can create in the schema s (revoke create on schema s",
        ),
        ("grant create on schema public to public", "(revoke create on schema public from public)"),
        ("create sequence moved; grant usage on sequence moved to writer", "can move the sequence public.moved"),
        (
            "create function f() returns int language sql as 'select 1'; alter function f() owner to writer",
            "owns the fun",
        ),
        ("create type k as enum ('a'); alter type k owner to writer", "owns the type public.k"),
        ("grant execute on function pg_read_file(text) to writer", "may call pg_read_file(text)"),
        ("grant execute on function pg_reload_conf() to public", "may call pg_reload_conf()"),
    ],
)
def test_a_role_that_could_write_is_refused_with_the_reason(place: Place, statement: str, words: str) -> None:
    if "maintain" in statement and place.version < 170000:
        pytest.skip("MAINTAIN came with PostgreSQL 17")
    place.execute(*statement.split("; "))
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
        ("in role pg_read_server_files", "pg_read_server_files"),
        ("in role pg_checkpoint", "pg_checkpoint"),
        ("createdb", "CREATEDB"),
        ("replication", "REPLICATION"),
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


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        ("grant create on database {name} to writer", "can create in the database"),
        ("alter database {name} owner to writer", "owns the database"),
        ("grant alter system on parameter work_mem to writer", "may ALTER SYSTEM SET work_mem"),
        ("grant set on parameter session_replication_role to writer", "may set the parameter session_replication_role"),
    ],
)
def test_a_power_over_the_whole_server_is_refused(place: Place, grant: str, words: str) -> None:
    if "parameter" in grant and place.version < 150000:
        pytest.skip("privileges on parameters came with PostgreSQL 15")
    place.execute(grant.format(name=place.name))
    try:
        with pytest.raises(Refused, match=words):
            database.check_role(place.writer_url, BAGS)
    finally:
        undo = {"alter": "alter database {name} owner to current_user"}.get(grant.split()[0])
        place.execute((undo or grant.replace("grant", "revoke").replace(" to ", " from ")).format(name=place.name))


def test_what_only_reads_is_no_power(place: Place) -> None:
    place.execute(
        "create sequence seen",
        "grant select on all sequences in schema public to reader",
        "grant pg_monitor, pg_read_all_data to reader",
        "alter default privileges in schema public grant select on tables to reader",
    )
    try:
        assert database.check_role(place.reader_url, BAGS) == ""
        (remark,) = database.remarks(place.reader_url, BAGS)
        assert "alter role reader set temp_file_limit" in remark
    finally:
        place.execute("revoke pg_read_all_data from reader")


@pytest.mark.parametrize(
    "sql",
    [
        "select pg_logical_emit_message(false, 'x', 'y') - '0/0'::pg_lsn",
        'select U&"pg_\\0061dvisory_lock"(1)::text::int',
        "select length(set_config('search_path', 'pg_catalog', false))",
        "select length(query_to_xml('select 1', true, false, '')::text)",
        "select pg_current_xact_id()::text::bigint",
        "select count(*) from pg_ls_dir('.')",
        "select count(*) from dblink('x', 'select 1') as t(n int)",
        "select count(*) from crosstab('select 1, 2, 3') as t(a int, b int)",
        "select definer()",
        "select count(*) from bags where id === 1",
        "select total(id) from bags",
        "with q as (select definer() n) select n from q",
        "select careless()",
        "select count(*) from bags order by definer()",
    ],
)
def test_a_query_may_only_call_what_reads(place: Place, sql: str) -> None:
    place.execute(
        "create extension dblink",
        "create extension tablefunc",
        "create function definer() returns int language sql stable security definer as 'select 1'",
        "create function same(int, int) returns bool language sql stable security definer as 'select $1 = $2'",
        "create operator === (leftarg = int, rightarg = int, function = same)",
        "create function step(int, int) returns int language sql stable security definer as 'select $1 + $2'",
        "create aggregate total(int) (sfunc = step, stype = int, initcond = '0')",
        "create function careless() returns int language sql as 'select 1'",
    )
    found = ask(place, sql)
    assert found.value is None
    assert "a query may only call what reads" in str(found.reason)
    allowed = Database(queries={"q": Query("select definer() + careless()")})
    (one, *_) = database.measure(place.reader_url, allowed, set(), writer_allowed=True)
    assert one.value == 2


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from bags where kind like 'p%' and random() < 2 and now() > '2020-01-01'",
        "select pg_table_size('bags') * 0 + 4",
        "select stable() from bags limit 1",
        "select count(*) from pg_stat_activity where false",
    ],
)
def test_what_reads_may_be_called(place: Place, sql: str) -> None:
    place.execute("create function stable() returns int language sql stable as 'select 4'")
    assert ask(place, sql).value in (0, 4)


def test_what_a_query_does_to_its_session_ends_with_it(place: Place) -> None:
    place.execute(
        "alter table bags enable row level security",
        "create policy few on bags for select using (id <= 3)",
        "create function evil() returns int language sql stable"
        " as $$ select length(set_config('row_security', 'on', false)) $$",
    )
    queries = {"a": Query("select evil()"), "b": Query("select count(*) from bags")}
    section = Database({"bags": Count("bags")}, queries)
    found = {one.metric: one for one in database.measure(place.reader_url, section, set(), writer_allowed=True)}
    assert "changed the setting row_security" in str(found["data.a"].reason)
    assert "row-level security" in str(found["data.b"].reason)
    assert "row-level security" in str(found["data.bags"].reason)


def test_the_password_is_not_given_to_a_server_that_wants_it_in_clear() -> None:
    got: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        client, _ = listener.accept()
        with client:
            client.recv(4096)
            client.sendall(b"R\0\0\0\x08\0\0\0\x03")
            got.append(client.recv(4096))

    for extra, given in (("", False), ("&require_auth=password", True)):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = threading.Thread(target=serve, args=(listener,))
            serving.start()
            port = listener.getsockname()[1]
            with pytest.raises(NotMeasured) as caught:
                database.check_role(f"postgresql://r:hunter2@127.0.0.1:{port}/db?sslmode=disable{extra}", BAGS)
            serving.join()
        assert (b"hunter2" in got[-1]) is given
        assert given or "require_auth=password" in str(caught.value)
