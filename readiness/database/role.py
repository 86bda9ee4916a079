"""The guard against a role that could write: SQL from thresholds.yaml must not be able to, whatever it says.

Roles that the login may become (`set_config('role', …)` is a plain select) count as the login itself.
"""

from __future__ import annotations

from typing import NoReturn

from psycopg import sql

from readiness.database.connect import Session
from readiness.errors import Refused
from readiness.text import clean

HOW = (
    "Use a role that can only read: `readiness database role --sql` prints the statements that make one; "
    "--allow-db-writer goes on with this one, and the report says so"
)
_ROLE = sql.SQL(
    """select rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication
    from pg_catalog.pg_roles where rolname = session_user"""
)
_MEMBER = sql.SQL(
    """select rolname from pg_catalog.pg_roles
    where rolname <> session_user and pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
      and (rolsuper or rolcreaterole or rolname in ('pg_write_all_data', 'pg_write_server_files',
           'pg_execute_server_program', 'pg_signal_backend', 'pg_maintain', 'pg_create_subscription'))
    order by rolname limit 1"""
)
_SCHEMA = sql.SQL(
    """select pg_catalog.quote_ident(nspname) from pg_catalog.pg_namespace
    where nspname !~ '^pg_' and nspname <> 'information_schema'
      and pg_catalog.pg_has_role(session_user, nspowner, 'MEMBER')
    order by nspname limit 1"""
)
_TABLES = sql.SQL(
    """select pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.bool_or(c.relowner = r.oid),
           pg_catalog.count(*) over ()
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_roles r on pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and (c.relowner = r.oid
           or pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
           or pg_catalog.has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE'))
    group by 1 order by 1 limit 1"""
)


def power_of(session: Session) -> str:
    """What lets the session's role write or take down this database, as the end of a sentence; empty for nothing."""
    (name, superuser, create_role, create_db, replication), *_ = session.rows(_ROLE)
    powers = {
        "is a superuser": superuser,
        "can create roles (CREATEROLE)": create_role,
        "can create databases (CREATEDB)": create_db,
        "can replicate (REPLICATION)": replication,
    }
    role = f'the role "{clean(name, 63)}"'
    for power, has in powers.items():
        if has:
            return f"{role} {power}"
    for (member,) in session.rows(_MEMBER):
        return f"{role} is a member of {clean(member, 63)}"
    for (schema,) in session.rows(_SCHEMA):
        return f"{role} owns the schema {clean(schema, 150)}"
    for table, owns, total in session.rows(_TABLES):
        more = f" and {total - 1} more" if total > 1 else ""
        return f"{role} {'owns' if owns else 'can write'} the table {clean(table, 150)}{more}"
    return ""


def statements(name: str, schemas: tuple[str, ...]) -> str:
    """SQL for psql that makes the role; the password is asked for and stands in no file."""
    role = sql.Identifier(name).as_string(None)
    lines = [
        f"create role {role} login nosuperuser nocreatedb nocreaterole connection limit 4;",
        f"\\password {role}",
        f"alter role {role} set default_transaction_read_only = on;",
        f'grant connect on database :"DBNAME" to {role};',
        f"grant pg_monitor to {role};  -- sees other sessions and all statistics",
    ]
    for schema in schemas:
        place = sql.Identifier(schema).as_string(None)
        lines += [
            f"grant usage on schema {place} to {role};",
            f"grant select on all tables in schema {place} to {role};",
            f"grant select on all sequences in schema {place} to {role};  -- select reads them, usage would move them",
            "-- as the owner of the tables, so that the next migration's are readable too:",
            f"alter default privileges in schema {place} grant select on tables to {role};",
        ]
    lines.append(f"-- only where row-level security hides rows from it: alter role {role} bypassrls;")
    return "\n".join(lines)


def refuse(power: str) -> NoReturn:
    """Raise Refused with what the role can do and what to do about it."""
    raise Refused(f"READINESS_DATABASE_URL: {power}. {HOW}")
