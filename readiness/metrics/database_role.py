"""Metrics of the role with which the service connects to its database."""

from __future__ import annotations

from functools import partial

from readiness.metrics.metric import Metric

_database = partial(Metric, area="database")

ROLE_PREFIX = "database.role."
SERVICE_ROLE_METRICS: tuple[Metric, ...] = (
    _database(
        "database.role.attributes",
        "Powers of the Service's Role",
        "SUPERUSER, CREATEROLE, CREATEDB, REPLICATION and BYPASSRLS of database.service_role or a role it may become.",
        "Whoever takes over the service has what its role has: all databases, or the rows of all customers.",
        "`ALTER ROLE … NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS`.",
    ),
    _database(
        "database.role.owned",
        "Objects of the Service's Role",
        "Databases, schemas, tables, functions and the like that database.service_role owns, or a role it may become.",
        "An owner may drop and change what it owns, and no grant takes that away.",
        "Let another role own the schema and run migrations; grant the service's role what it needs.",
    ),
    _database(
        "database.role.ddl",
        "Schema Rights of the Service's Role",
        "Databases and schemas in which database.service_role may create, and tables on which it has TRUNCATE, "
        "REFERENCES, TRIGGER or MAINTAIN.",
        "A service that can change the schema can lose it by one wrong statement, its own or an attacker's.",
        "`REVOKE CREATE ON SCHEMA …`; grant SELECT, INSERT, UPDATE and DELETE instead of ALL.",
    ),
    _database(
        "database.role.default_privileges",
        "Default Privileges of the Service's Role",
        "Default privileges that give database.service_role or everybody rights on what others create later.",
        "What the next migration creates is then open to the service, whether it needs it or not.",
        "Grant rights in the migration that creates the table; revoke default privileges that nobody decided on.",
    ),
    _database(
        "database.role.memberships",
        "Memberships of the Service's Role",
        "Roles of which database.service_role is a member, directly or through another.",
        "A member has their rights, or takes them by SET ROLE.",
        "`REVOKE role FROM …` for each that the service does not need.",
    ),
)
