"""SQL for psql that makes a role which may do what readiness needs and nothing else."""

from __future__ import annotations

from psycopg import sql

from readiness.errors import ConfigError
from readiness.text import clean

# Default privileges are those of the role that creates, so each owner of today gets them.
_FUTURE = """
do $readiness$
declare
  owner name;
  future text := 'alter default privileges for role %I in schema {place} grant select on %s to {role}';
begin
  for owner in
    select current_user union select pg_get_userbyid(relowner) from pg_class
    where relnamespace = {schema}::regnamespace and relkind in ('r', 'p', 'S', 'v', 'm', 'f')
  loop
    if pg_has_role(current_user, owner, 'MEMBER') then
      execute format(future, owner, 'tables');
      execute format(future, owner, 'sequences');
    else
      raise warning 'run this again as %: what that role creates later cannot be read yet', owner;
    end if;
  end loop;
end $readiness$;"""


def statements(name: str, schemas: tuple[str, ...]) -> str:
    """The statements; nothing in them asks for anything, so that a pipe into psql runs them all or stops.

    Raises ConfigError for a name that could leave its place in them.
    """
    for each in (name, *schemas):
        if clean(each, 200) != each or "$" in each:  # it would end a comment or a quotation, and the rest would run
            raise ConfigError(
                f"{clean(each, 63)}: is no name for a role or a schema: no $, no line break, no hidden text"
            )
    role = sql.Identifier(name).as_string(None)
    lines = [
        "\\set ON_ERROR_STOP on",
        "begin;",
        f"create role {role} login nosuperuser nocreatedb nocreaterole connection limit 4;",
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
            "-- The next migration's too, of each role that owns something there today. One that will create its first",
            f"-- needs: alter default privileges for role NAME in schema {place} grant select on tables to {role};",
            f"-- and: alter default privileges for role NAME in schema {place} grant select on sequences to {role};",
            _FUTURE.strip().format(schema=_quoted(place), place=_inside(place), role=_inside(role)),
        ]
    lines += [
        "commit;",
        f"-- Now give it a password, in psql at a terminal: \\password {role}",
        f"-- As a superuser, to bound what its queries write to disk: alter role {role} set temp_file_limit = '1GB';",
        "-- Up to PostgreSQL 14 every role may create in public: revoke create on schema public from public;",
        f"-- Only where row-level security hides rows from it: alter role {role} bypassrls;",
    ]
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return sql.Literal(name).as_string(None)


def _inside(name: str) -> str:
    """The quoted name within a text that is a format of `format()`."""
    return name.replace("'", "''").replace("%", "%%")
