"""Fill the bag tracker's database: the same rows every time, roles with new passwords every time.

Bags are numbered from 1; the number is the id. Numbers 1 to 843 are parents, 844 to 25,746 are children. Child `n`
travels in parent `1 + (n - 844) % 843`, so every parent has 29 or 30 children. The printed code of bag `n` is
`qr_code(n)`: the number and four check digits, so that a guessed code does not exist.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from readiness.demo.accounts import Account
from readiness.demo.postgres import Postgres

PARENTS = 843
CHILDREN = 24_903
BAGS = PARENTS + CHILDREN
_DATABASE = "bag_tracker"
SERVICE_ROLE = "bag_service"
READER_ROLE = "readiness_reader"
_SCHEMA = Path(__file__).with_name("schema.sql")
FILLED_HERE = "-- filled here\n"


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Connection URLs of the filled database, from the most powerful role to the least."""

    admin: str = field(repr=False)
    service: str = field(repr=False)
    reader: str = field(repr=False)


def qr_code(number: int) -> str:
    """The code printed on bag `number`, 1 to BAGS."""
    return f"BAG{number:06d}-{number * 7919 % 9973:04d}"


def parent_of(number: int) -> int:
    """The number of the parent that child `number` travels in."""
    return 1 + (number - PARENTS - 1) % PARENTS


def create_database(postgres: Postgres, accounts: Sequence[Account]) -> DatabaseUrls:
    """Create, fill and analyse the database, and make its roles."""
    with psycopg.connect(postgres.admin_url(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(_DATABASE)))
    passwords = {role: secrets.token_urlsafe(24) for role in (SERVICE_ROLE, READER_ROLE)}
    with psycopg.connect(postgres.admin_url(_DATABASE)) as connection:
        tables, keys = _SCHEMA.read_text(encoding="utf-8").split(FILLED_HERE)
        connection.execute(tables.encode())
        _fill(connection, accounts)
        connection.execute(keys.encode())
        _make_roles(connection, passwords)
    with psycopg.connect(postgres.admin_url(_DATABASE), autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
        if connection.execute("show shared_preload_libraries").fetchall() == [("pg_stat_statements",)]:
            connection.execute("create schema statistics")  # beside the bag tracker's own tables
            connection.execute("create extension pg_stat_statements schema statistics")
            connection.execute(sql.SQL("grant usage on schema statistics to {}").format(sql.Identifier(READER_ROLE)))
    return DatabaseUrls(
        admin=postgres.admin_url(_DATABASE),
        service=postgres.url(SERVICE_ROLE, passwords[SERVICE_ROLE], _DATABASE),
        reader=postgres.url(READER_ROLE, passwords[READER_ROLE], _DATABASE),
    )


def _fill(connection: psycopg.Connection, accounts: Sequence[Account]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy("copy users (id, name, display_name, password_hash) from stdin") as copy:
            for number, account in enumerate(accounts, start=1):
                copy.write_row((number, account.name, account.display_name, account.password_hash))
        with cursor.copy("copy bags (id, qr, kind) from stdin") as copy:
            copy.write("".join(f"{n}\t{qr_code(n)}\t{_kind(n)}\n" for n in range(1, BAGS + 1)))
        with cursor.copy("copy links (child_id, parent_id) from stdin") as copy:
            copy.write("".join(f"{n}\t{parent_of(n)}\n" for n in range(PARENTS + 1, BAGS + 1)))


def _kind(number: int) -> str:
    return "parent" if number <= PARENTS else "child"


def _make_roles(connection: psycopg.Connection, passwords: dict[str, str]) -> None:
    """`bag_service` may do what the service does, `readiness_reader` may read: nobody may create anything."""
    service, reader = sql.Identifier(SERVICE_ROLE), sql.Identifier(READER_ROLE)
    for role, password in passwords.items():
        connection.execute(
            sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole password {}").format(
                sql.Identifier(role), sql.Literal(password)
            )
        )
    database = sql.Identifier(_DATABASE)
    # PUBLIC may create temporary tables, and before PostgreSQL 15 anything in the schema public.
    connection.execute(sql.SQL("revoke all on database {} from public").format(database))
    connection.execute("revoke all on schema public from public")
    connection.execute(sql.SQL("grant connect on database {} to {}, {}").format(database, service, reader))
    connection.execute(sql.SQL("grant usage on schema public to {}, {}").format(service, reader))
    connection.execute(sql.SQL("grant select on all tables in schema public to {}, {}").format(service, reader))
    connection.execute(sql.SQL("grant select on all sequences in schema public to {}").format(reader))
    connection.execute(sql.SQL("grant insert on scans to {}").format(service))
    connection.execute(sql.SQL("grant pg_monitor to {}").format(reader))
