"""A small PostgreSQL for the database rows: one role that owns, one that can only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import psycopg

from readiness.demo import postgres as launcher

READER_PASSWORD = "pg-r3ader-5ecret"


@dataclass
class Postgres:
    """A running server."""

    server: launcher.Postgres
    number: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def port(self) -> int:
        """Where it listens on loopback."""
        return self.server.port

    def url(self, database: str, user: str = "reader", password: str = READER_PASSWORD) -> str:
        """A connection URL."""
        return self.server.url(user, password, database)

    def owner_url(self, database: str) -> str:
        """The URL of the role that may do everything."""
        return self.server.admin_url(database)

    def execute(self, database: str, *statements: str) -> None:
        """As the owner, each statement for itself."""
        with psycopg.connect(self.owner_url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def answers(self, database: str, question: str) -> bool:
        """The one value of a select, as the owner."""
        with psycopg.connect(self.owner_url(database), autocommit=True) as connection:
            return connection.execute(question.encode()).fetchall() == [(True,)]

    def database(self, *statements: str) -> str:
        """A new database made by `statements`; the URL of the role that may only read it."""
        name = f"bags_{next(self.number)}"
        self.execute("postgres", f"create database {name}")
        self.execute(
            name,
            f"revoke all on database {name} from public",
            f"grant connect on database {name} to reader",
            "revoke create on schema public from public",
            *statements,
            "grant usage on schema public to reader",
            "grant select on all tables in schema public to reader",
        )
        return self.url(name)


@contextmanager
def start_postgres() -> Iterator[Postgres]:
    """Serve until the block ends."""
    server = launcher.start_postgres()
    try:
        one = Postgres(server)
        one.execute("postgres", f"create role reader login password '{READER_PASSWORD}' nosuperuser nocreatedb")
        yield one
    finally:
        server.stop()
