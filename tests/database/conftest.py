"""A real PostgreSQL for the session, a fresh database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import psycopg
import pytest
from psycopg import sql

from readiness.demo.postgres import Postgres, start_postgres

READER_PASSWORD = "r3ader p@ss/word:42"
READER_QUOTED = "r3ader%20p%40ss%2Fword%3A42"
WRITER_PASSWORD = "wr1ter-5ecret"
_number = count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """One database and the roles that connect to it."""

    server: Postgres
    name: str

    @property
    def admin_url(self) -> str:
        return self.server.admin_url(self.name)

    @property
    def reader_url(self) -> str:
        return self.server.url("reader", READER_QUOTED, self.name)

    @property
    def writer_url(self) -> str:
        return self.server.url("writer", WRITER_PASSWORD, self.name)

    def execute(self, *statements: str) -> None:
        """As the superuser, each for itself; then the reader may read every table."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())
            connection.execute("grant select on all tables in schema public to reader")

    @property
    def version(self) -> int:
        with psycopg.connect(self.admin_url) as connection:
            return connection.info.server_version

    def digest(self) -> str:
        """Of every row of `bags`, of the names of all relations, and of the large objects."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            row = connection.execute(
                "select md5((select string_agg(b::text, ',' order by b.id) from bags b)"
                " || (select string_agg(c.oid::regclass::text, ',' order by c.oid) from pg_class c)"
                " || (select count(*) from pg_largeobject_metadata))"
            ).fetchone()
        assert row is not None
        return str(row[0])


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    running = start_postgres()
    try:
        with psycopg.connect(running.admin_url(), autocommit=True) as connection:
            for role, password in (("reader", READER_PASSWORD), ("writer", WRITER_PASSWORD)):
                connection.execute(
                    sql.SQL("create role {} login password {}").format(sql.Identifier(role), sql.Literal(password))
                )
        yield running
    finally:
        running.stop()


@pytest.fixture
def place(server: Postgres) -> Place:
    """Ten bags: four parents, six children that each point at a parent."""
    name = f"test_{next(_number)}"
    with psycopg.connect(server.admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with psycopg.connect(server.admin_url(name), autocommit=True) as connection:
        if connection.execute("show shared_preload_libraries").fetchall() == [("pg_stat_statements",)]:
            connection.execute("create extension pg_stat_statements")
            connection.execute("revoke all on pg_stat_statements from public")
    made = Place(server, name)
    made.execute(
        "create table bags (id int primary key, kind text not null, parent_id int)",
        "insert into bags select n, case when n <= 4 then 'parent' else 'child' end,"
        " case when n > 4 then 1 + n % 4 end from generate_series(1, 10) n",
    )
    return made
