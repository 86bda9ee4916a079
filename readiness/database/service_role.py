"""What the role of the service may do beyond reading and writing rows, as the catalogue says it.

Of the role itself and of every role that it is a member of, directly or not: SET ROLE makes their rights its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from psycopg import sql

from readiness.database.connect import Session
from readiness.database.fact_names import SOURCE
from readiness.database.role import MAINTAIN_SINCE
from readiness.errors import NotMeasured
from readiness.measurements.run import Detail, Measurement
from readiness.text import clean
from readiness.text.numbers import count

_MOST_DETAILS = 50
_NO_ROLE = "database.service_role is not set: the name of the role with which the service connects"

_ROLES = """
with recursive role as (
    select oid from pg_catalog.pg_roles where rolname = {name}
    union
    select m.roleid from pg_catalog.pg_auth_members m join role on m.member = role.oid
)
"""
_ATTRIBUTES = """
select a.word, case when r.rolname = {name} then 'its own' else 'of the role ' || pg_catalog.quote_ident(r.rolname) end
from role join pg_catalog.pg_roles r on r.oid = role.oid
cross join lateral (values ('SUPERUSER', rolsuper), ('CREATEROLE', rolcreaterole), ('CREATEDB', rolcreatedb),
                           ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls)) a(word, has)
where a.has order by 1, 2
"""
_MEMBERSHIPS = """
select 'role ' || pg_catalog.quote_ident(r.rolname), 'member'
from role join pg_catalog.pg_roles r on r.oid = role.oid where r.rolname <> {name} order by 1
"""
# pg_shdepend knows the owner of everything, but for what belongs to the first superuser.
_OWNED = """
, thing as (
    select 'pg_catalog.pg_class'::regclass::oid as kind, c.oid from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relowner in (select oid from role) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and {ours}
    union
    select 'pg_catalog.pg_proc'::regclass::oid, p.oid from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where p.proowner in (select oid from role) and {ours}
    union
    select 'pg_catalog.pg_namespace'::regclass::oid, n.oid from pg_catalog.pg_namespace n
    where n.nspowner in (select oid from role) and {ours}
    union
    select 'pg_catalog.pg_database'::regclass::oid, d.oid from pg_catalog.pg_database d
    where d.datdba in (select oid from role) and d.datname = pg_catalog.current_database()
    union
    select d.classid, d.objid from pg_catalog.pg_shdepend d
    where d.deptype = 'o' and d.refclassid = 'pg_catalog.pg_authid'::regclass and d.refobjid in (select oid from role)
      and d.dbid in (0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
      and d.classid not in ('pg_catalog.pg_default_acl'::regclass, 'pg_catalog.pg_user_mapping'::regclass)
)
select i.type || ' ' || i.identity, 'owned' from thing
cross join lateral pg_catalog.pg_identify_object(thing.kind, thing.oid, 0) i
where i.identity is not null and coalesce(i.schema, '') !~ '^pg_(toast_)?temp_'
order by i.type <> 'database', i.type <> 'schema', i.type <> 'table', 1
"""
_DDL = """
select 'database ' || pg_catalog.quote_ident(pg_catalog.current_database()), 'CREATE'
where exists (select from role where pg_catalog.has_database_privilege(
    role.oid, pg_catalog.current_database(), 'CREATE'))
union all
select 'schema ' || pg_catalog.quote_ident(n.nspname), 'CREATE' from pg_catalog.pg_namespace n
where {ours} and exists (select from role where pg_catalog.has_schema_privilege(role.oid, n.oid, 'CREATE'))
union all
select pg_catalog.format('table %I.%I', n.nspname, c.relname), pg_catalog.string_agg(w.word, ', ' order by w.word)
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral pg_catalog.unnest({rights}::text[]) w(word)
where c.relkind in ('r', 'p', 'f') and {ours}
  and exists (select from role where pg_catalog.has_table_privilege(role.oid, c.oid, w.word))
group by n.nspname, c.relname
"""
_DEFAULTS = """
select pg_catalog.format('%s that %I creates%s', case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences'
           when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end,
           pg_catalog.pg_get_userbyid(d.defaclrole),
           coalesce(' in the schema ' || pg_catalog.quote_ident(n.nspname), '')),
       pg_catalog.string_agg(distinct a.privilege_type, ', ')
from pg_catalog.pg_default_acl d left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
cross join lateral pg_catalog.aclexplode(d.defaclacl) a
where a.grantee <> d.defaclrole and (a.grantee = 0 or a.grantee in (select oid from role))
group by d.oid, d.defaclobjtype, d.defaclrole, n.nspname order by 1
"""
_FACTS: Mapping[str, str] = {
    "database.role.attributes": _ATTRIBUTES,
    "database.role.owned": _OWNED,
    "database.role.ddl": _DDL,
    "database.role.default_privileges": _DEFAULTS,
    "database.role.memberships": _MEMBERSHIPS,
}
ROLE_METRICS = frozenset(_FACTS)
# Whoever connects here beside us, while the pool of the service is still warm from the load. A role without pg_monitor
# sees the names of the others, and no kind of theirs.
_CONNECTED = """
select s.usename = {name}, pg_catalog.count(*), pg_catalog.min(s.usename)
from pg_catalog.pg_stat_activity s
where coalesce(s.backend_type, 'client backend') = 'client backend' and s.datname = pg_catalog.current_database()
  and s.usename is not null and s.usename <> session_user
group by 1
"""


def measure(session: Session, name: str | None, wanted: AbstractSet[str]) -> list[Measurement]:
    """Every fact where a role is named, else a reason for what is wanted."""
    try:
        if name is None:
            raise NotMeasured(_NO_ROLE)
        connected = _connected(session, name)
    except NotMeasured as error:
        return [
            Measurement(metric, None, None, SOURCE, reason=str(error))
            for metric in _FACTS
            if metric in wanted or name is not None
        ]
    found = []
    for metric, query in _FACTS.items():
        try:
            rows = session.rows(_filled(session, query, name))
        except NotMeasured as error:
            found.append(Measurement(metric, None, None, SOURCE, reason=str(error)))
            continue
        details = [Detail(clean(what, 200), clean(how, 200), False) for what, how in rows[:_MOST_DETAILS]]
        if len(rows) > _MOST_DETAILS:
            details.append(Detail("and more", count(len(rows) - _MOST_DETAILS, "more"), None))
        found.append(Measurement(metric, None, float(len(rows)), SOURCE, details=(*details, connected)))
    return found


def _connected(session: Session, name: str) -> Detail:
    """How many sessions the role has. Raises NotMeasured when it is not there, or only others are connected."""
    if not session.rows(sql.SQL("select 1 from pg_catalog.pg_roles where rolname = {}").format(sql.Literal(name))):
        raise NotMeasured(f'database.service_role: there is no role "{clean(name, 63)}" on this server')
    seen = {bool(own): (number, other) for own, number, other in session.rows(_filled(session, _CONNECTED, name))}
    subject = f"role {clean(name, 63)}"
    if True in seen:
        return Detail(subject, f"{count(seen[True][0], 'session')} of it after the load", None)
    if False in seen:
        raise NotMeasured(
            f'database.service_role: nobody is connected as "{clean(name, 63)}", but others are, such as '
            f'"{clean(seen[False][1], 63)}": name the role with which the service connects'
        )
    return Detail(subject, "no session of it or of others after the load", None)


def _filled(session: Session, query: str, name: str) -> sql.Composed:
    rights = ["TRUNCATE", "REFERENCES", "TRIGGER"]
    if session.connection.info.server_version >= MAINTAIN_SINCE:
        rights.append("MAINTAIN")
    text = query if query is _CONNECTED else _ROLES + query
    return sql.SQL(text).format(
        name=sql.Literal(name),
        rights=sql.Literal(rights),
        ours=sql.SQL("n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"),
    )
