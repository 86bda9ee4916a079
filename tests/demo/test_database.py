from __future__ import annotations

import asyncio
import contextlib
import time

import psycopg
import pytest
from argon2 import PasswordHasher, extract_parameters

from readiness.demo.accounts import ACCOUNTS, PASSWORD, account_name, hash_password, read_accounts
from readiness.demo.seed import BAGS, CHILDREN, PARENTS, READER_ROLE, SERVICE_ROLE, parent_of, qr_code
from readiness.demo.service import pool
from readiness.demo.stack import Stack


def number(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_the_seed_reports_counts_are_there_and_add_up(stack: Stack) -> None:
    assert (BAGS, PARENTS, CHILDREN) == (25_746, 843, 24_903)
    assert number(stack.database_url, "select count(*) from bags") == BAGS
    assert number(stack.database_url, "select count(*) from bags where kind = 'parent'") == PARENTS
    assert number(stack.database_url, "select count(*) from bags where kind = 'child'") == CHILDREN
    assert number(stack.database_url, "select count(*) from users") == ACCOUNTS == 200


def test_every_child_is_linked_to_exactly_one_parent(stack: Stack) -> None:
    linked = """select count(*) from links l join bags c on c.id = l.child_id join bags p on p.id = l.parent_id
                where c.kind = 'child' and p.kind = 'parent'"""
    assert number(stack.database_url, linked) == CHILDREN
    assert number(stack.database_url, "select count(distinct child_id) from links") == CHILDREN


def test_bags_are_where_the_documented_functions_say(stack: Stack) -> None:
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute("select b.id, b.qr, l.parent_id from bags b left join links l on l.child_id = b.id")
        for bag, qr, parent in rows:
            assert qr == qr_code(bag)
            assert parent == (None if bag <= PARENTS else parent_of(bag))


def test_foreign_keys_are_validated_and_indexes_are_valid(stack: Stack) -> None:
    assert number(stack.database_url, "select count(*) from pg_constraint where contype = 'f' and convalidated") == 4
    assert number(stack.database_url, "select count(*) from pg_constraint where not convalidated") == 0
    assert number(stack.database_url, "select count(*) from pg_index where not (indisvalid and indisready)") == 0


def test_planner_statistics_exist(stack: Stack) -> None:
    assert number(stack.database_url, "select reltuples::bigint from pg_class where relname = 'bags'") == BAGS


@pytest.mark.parametrize(
    "statement",
    [
        "insert into scans (bag_id, user_id) values (1, 1)",
        "update bags set kind = 'child' where id = 1",
        "delete from links",
        "truncate scans",
        "create table mine (id int)",
        "create temporary table mine (id int)",
        "create schema mine",
    ],
)
def test_the_reader_can_write_nothing_at_all(stack: Stack, statement: str) -> None:
    with psycopg.connect(stack.database_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_reader_sees_every_table_and_the_servers_monitoring(stack: Stack) -> None:
    tables = "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    readable = f"{tables} and has_table_privilege(oid, 'select')"
    assert number(stack.database_url, readable) == number(stack.database_url, tables) == 4
    assert number(stack.database_url, "select pg_has_role(current_user, 'pg_monitor', 'usage')") is True


def test_no_role_of_the_service_or_the_reader_is_a_superuser(stack: Stack) -> None:
    with psycopg.connect(stack.admin_database_url) as connection:
        rows = connection.execute(
            "select rolname, rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls"
            " from pg_roles where rolname = any(%s)",
            [[READER_ROLE, SERVICE_ROLE]],
        ).fetchall()
    assert sorted(rows) == [(SERVICE_ROLE, False), (READER_ROLE, False)]


def test_a_wrong_database_password_is_refused(stack: Stack) -> None:
    user, _, rest = stack.database_url.removeprefix("postgresql://").partition(":")
    url = f"postgresql://{user}:wrong@{rest.partition('@')[2]}"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_account_hashes_are_argon2id_with_19_mib_and_a_salt_of_their_own() -> None:
    accounts = read_accounts()
    parameters = [extract_parameters(account.password_hash) for account in accounts]
    assert {(p.type.name, p.memory_cost, p.time_cost, p.parallelism) for p in parameters} == {("ID", 19_456, 2, 1)}
    assert len({account.password_hash.split("$")[4] for account in accounts}) == ACCOUNTS


def test_the_committed_hashes_belong_to_the_public_password() -> None:
    for position, account in list(enumerate(read_accounts()))[::40]:
        assert account.name == account_name(position)
        assert PasswordHasher().verify(account.password_hash, PASSWORD)
        assert hash_password(account.name) == account.password_hash


def test_the_pool_keeps_ten_lends_thirty_and_replaces_connections_that_grew_old(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (pool.KEPT, pool.KEPT + pool.OVERFLOW, pool.MAX_LIFETIME_S) == (10, 30, 300)
    monkeypatch.setattr(pool, "MAX_LIFETIME_S", 0.3)

    async def story() -> None:
        async with pool.create_pool(stack.admin_database_url) as lent:
            await lent.wait()
            assert pool.pool_statistics(lent)["size"] == 10
            async with contextlib.AsyncExitStack() as busy:
                for _ in range(30):
                    await busy.enter_async_context(lent.connection())
                assert pool.pool_statistics(lent)["size"] == 30
            seen: set[object] = set()
            ends_s = time.monotonic() + 600
            while len(seen) <= 30:  # more than it ever lends: they were replaced
                assert time.monotonic() < ends_s
                row = await pool.fetch_one(lent, b"select pg_backend_pid()")
                assert row is not None
                seen.add(row[0])
                await asyncio.sleep(0.005)

    asyncio.run(story())
