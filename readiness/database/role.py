"""A guard: the database role must not be able to write. READ ONLY transactions are no sandbox."""

from __future__ import annotations

from readiness.database.connect import VARIABLE, open_session
from readiness.errors import Refused
from readiness.text import clean

TIMEOUT_S = 10.0
SYSTEM_ROLES = ("pg_write_all_data", "pg_execute_server_program", "pg_write_server_files")
MAX_NAMED = 5

_ROLES = b"""
select session_user, rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication
from pg_catalog.pg_roles
where oid in (select r.oid from pg_catalog.pg_roles r where pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER'))
order by rolname <> session_user, rolname
"""
# A member can take the rights of a role by SET ROLE, so the rights of each of its roles count.
_TABLES = b"""
with mine as materialized (
    select r.oid from pg_catalog.pg_roles r where pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
)
select n.nspname || '.' || c.relname, bool_or(c.relowner = mine.oid)
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join mine
where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'f', 'm')
  and (c.relowner = mine.oid
       or pg_catalog.has_table_privilege(mine.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
       or pg_catalog.has_any_column_privilege(mine.oid, c.oid, 'INSERT, UPDATE'))
group by 1 order by 1 limit 1000
"""


def check(url: str, schemas: tuple[str, ...]) -> None:
    """Raises Refused when the role can write, and NotMeasured when the database cannot be asked."""
    with open_session(url, TIMEOUT_S) as session:
        roles = session.rows(_ROLES)
        problems = [problem for role in roles for problem in _powers(*role)]
        if not problems:
            tables = session.rows(_TABLES, (list(schemas),))
            problems = [
                f"{'owns' if owns else 'can write'} the table {clean(name, 80)}" for name, owns in tables[:MAX_NAMED]
            ]
            if len(tables) > MAX_NAMED:
                problems.append(f"and {len(tables) - MAX_NAMED} more")
    if problems:
        name = clean(roles[0][0], 63)
        raise Refused(
            f'{VARIABLE}: the role "{name}" {", ".join(problems)}; readiness only works with a role that can read: '
            f"create role readiness login password '…'; grant pg_monitor to readiness; "
            f"grant usage on schema {schemas[0]} to readiness; "
            f"grant select on all tables in schema {schemas[0]} to readiness;"
        )


def _powers(session_user: str, role: str, superuser: bool, roles: bool, databases: bool, replication: bool) -> list[str]:
    whose = "" if role == session_user else f" (as a member of {clean(role, 63)})"
    if superuser:
        return [f"is a superuser{whose}"] if role == session_user or not whose else [f"can become superuser{whose}"]
    facts = ((roles, "can create roles"), (databases, "can create databases"), (replication, "can replicate"))
    found = [f"{text}{whose}" for has, text in facts if has]
    if role in SYSTEM_ROLES:
        found.append(f"is a member of {role}")
    return found
