"""The guard against a role that can do more than read: SQL from thresholds.yaml must not be able to, whatever it says.

Roles that the login may become (`set_config('role', …)` is a plain select) count as the login itself. What every role
may do by default and no catalogue tells (WAL, dblink, SECURITY DEFINER functions) is bounded where a query calls it:
`readiness.database.called_functions`.
"""

from __future__ import annotations

from typing import NoReturn

from psycopg import sql

from readiness.database.connect import Session
from readiness.errors import ConfigError, Refused
from readiness.text import clean

_HOW = (
    "Use a role that can only read: `readiness database role --sql` prints the statements that make one; "
    "--allow-db-writer goes on with this one, and the report says so"
)
READING_ROLES = (
    "pg_monitor", "pg_read_all_data", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables",
    "pg_use_reserved_connections",
)  # fmt: skip
"""Predefined roles that only see more; every other one is a power."""
MAINTAIN_SINCE = 170000
PARAMETER_ACL_SINCE = 150000

# Each finds one thing at most, as the end of a sentence that begins with the role.
_ATTRIBUTE = """
select case when rolsuper then 'is a superuser' when rolcreaterole then 'can create roles (CREATEROLE)'
            when rolcreatedb then 'can create databases (CREATEDB)'
            when rolreplication then 'can replicate (REPLICATION)' end
from pg_catalog.pg_roles
where rolname = session_user and (rolsuper or rolcreaterole or rolcreatedb or rolreplication)
"""
_MEMBER = """
select 'is a member of ' || rolname from pg_catalog.pg_roles
where rolname <> session_user and pg_catalog.pg_has_role(session_user, oid, 'MEMBER')
  and (rolsuper or rolcreaterole or rolcreatedb or rolreplication
       or (oid < 16384 and rolname ~ '^pg_' and rolname <> 'pg_database_owner' and rolname <> all ({reading}::text[])))
order by rolname
"""
_DATABASE = """
select 'owns the database ' || pg_catalog.quote_ident(datname) from pg_catalog.pg_database
where pg_catalog.pg_has_role(session_user, datdba, 'MEMBER') order by datname <> pg_catalog.current_database(), datname
"""
# Whatever has an owner has it here, but for what belongs to the first superuser.
_OWNER = """
select 'owns the ' || i.type || ' ' || i.identity
from pg_catalog.pg_shdepend d
cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
where d.deptype = 'o' and d.refclassid = 'pg_catalog.pg_authid'::regclass
  and d.dbid in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
  and d.classid not in ('pg_catalog.pg_default_acl'::regclass, 'pg_catalog.pg_user_mapping'::regclass)
  and pg_catalog.pg_has_role(session_user, d.refobjid, 'MEMBER')
  and coalesce(i.schema, '') !~ '^pg_(toast_)?temp_'
order by i.type <> 'schema', i.type <> 'table', 1
"""
_CREATE = """
select 'can create in the database ' || pg_catalog.quote_ident(pg_catalog.current_database())
from pg_catalog.pg_roles r where pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
  and pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CREATE')
"""
_CREATE_IN = """
select pg_catalog.format('can create in the schema %I (revoke create on schema %I from ', n.nspname, n.nspname)
       || case when pg_catalog.has_schema_privilege('public', n.oid, 'CREATE') then 'public)'
               else pg_catalog.quote_ident(r.rolname) || ')' end
from pg_catalog.pg_namespace n
join pg_catalog.pg_roles r on pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
where n.nspname !~ '^pg_(toast|temp)' and pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')
order by n.nspname
"""
_TABLE = """
select case when pg_catalog.bool_or(pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                 or pg_catalog.has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE'))
            then 'can write' else 'has TRIGGER, REFERENCES or MAINTAIN on' end
       || pg_catalog.format(' the table %I.%I', n.nspname, c.relname)
       || coalesce(' and ' || nullif(pg_catalog.count(*) over () - 1, 0) || ' more', '')
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_roles r on pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_(toast|temp)'
  and c.oid <> 'pg_catalog.pg_settings'::regclass  -- to update it is to say SET
  and (pg_catalog.has_table_privilege(r.oid, c.oid, {privileges})
       or pg_catalog.has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE, REFERENCES'))
group by n.nspname, c.relname order by n.nspname, c.relname
"""
_SEQUENCE = """
select pg_catalog.format('can move the sequence %I.%I', n.nspname, c.relname)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_roles r on pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
where n.nspname !~ '^pg_(toast|temp)'
  and case when c.relkind = 'S' then pg_catalog.has_sequence_privilege(r.oid, c.oid, 'USAGE, UPDATE') else false end
order by 1
"""
# What initdb keeps from the public, and somebody gave to this role: files, slots, signals, the configuration.
_FUNCTION = """
select 'may call ' || p.oid::regprocedure
from pg_catalog.pg_proc p
join pg_catalog.pg_init_privs i on i.objoid = p.oid and i.classoid = 'pg_catalog.pg_proc'::regclass and i.privtype = 'i'
cross join lateral pg_catalog.unnest(p.proacl) given
cross join lateral pg_catalog.aclexplode(array[given]) a
where not (given = any (i.initprivs)) and a.grantee <> p.proowner
  and (a.grantee = 0 or (pg_catalog.pg_has_role(session_user, a.grantee, 'MEMBER')
       and a.grantee not in (select oid from pg_catalog.pg_roles where rolname = any ({reading}::text[]))))
order by 1
"""
_PARAMETER = """
select case a.privilege_type when 'SET' then 'may set the parameter ' else 'may ALTER SYSTEM SET ' end || p.parname
from pg_catalog.pg_parameter_acl p cross join lateral pg_catalog.aclexplode(p.paracl) a
where not (p.parname = 'temp_file_limit' and a.privilege_type = 'SET')
  and (a.grantee = 0 or pg_catalog.pg_has_role(session_user, a.grantee, 'MEMBER'))
order by 1
"""
_UNBOUNDED = sql.SQL(
    """select pg_catalog.current_setting('temp_file_limit', true) = '-1', pg_catalog.quote_ident(session_user)"""
)


def power_of(session: Session) -> str:
    """What lets the session's role write or take down this database, as a sentence; empty for nothing."""
    version = session.connection.info.server_version
    privileges = "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
    queries = [_ATTRIBUTE, _MEMBER, _DATABASE, _OWNER, _CREATE, _CREATE_IN, _TABLE, _SEQUENCE, _FUNCTION]
    if version >= MAINTAIN_SINCE:
        privileges += ", MAINTAIN"
    if version >= PARAMETER_ACL_SINCE:
        queries.append(_PARAMETER)
    for query in queries:
        one = sql.SQL(query + " limit 1").format(
            reading=sql.Literal(list(READING_ROLES)), privileges=sql.Literal(privileges)
        )
        for (power,) in session.rows(one):
            ((name,),) = session.rows(b"select session_user::text")
            return f'the role "{clean(name, 63)}" {clean(power, 300)}'
    return ""


def remarks(session: Session) -> tuple[str, ...]:
    """What a role that can only read is not kept from by its server, with the statement that does."""
    ((unbounded, role),) = session.rows(_UNBOUNDED)
    if not unbounded:
        return ()
    name = clean(role, 150)
    return (
        f"temporary files of its queries have no limit of the server's; alter role {name} set temp_file_limit = '1GB'",
    )


def refuse(power: str) -> NoReturn:
    """Raise Refused with what the role can do and what to do about it."""
    raise Refused(f"READINESS_DATABASE_URL: {power}. {_HOW}")


# A role belongs to the server, so that it may be there from another database of it.
_ROLE = """
do $readiness$
begin
  if not exists (select from pg_roles where rolname = {name}::name) then
    create role {role} login nosuperuser nocreatedb nocreaterole connection limit 4;
  end if;
end $readiness$;"""
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
      raise warning 'what % creates later cannot be read yet; run as % or a superuser: %; %', owner, owner,
        format(future, owner, 'tables'), format(future, owner, 'sequences');
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
        _ROLE.strip().format(name=_quoted(name), role=role),
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
