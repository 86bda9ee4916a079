"""The form of the `database:` section: what to count, what must hold, and how much may be read for it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from readiness.config import sums
from readiness.config.form import Complaint, Form, described, items, scalar, section, section_of
from readiness.config.model import Count, Database, Invariant, Query, Relation, Writes
from readiness.config.scalars import block_form, duration_form, flag_form, named, text_form
from readiness.config.tree import Node, Scalar
from readiness.errors import ConfigError
from readiness.text import foreign_files

ACKNOWLEDGED = "writes.acknowledged"
CHANGE = ".change"
MAX_SQL = 20_000
MAX_LOCK_BYTES = 16 << 20
_SIZE = re.compile(r"([0-9]{1,40}(?:\.[0-9]{1,9})?) ?(MB|GB|TB)", re.ASCII)
_MOST_BYTES = 1 << 60
_UNITS = {"MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


def database_form(countable: Collection[str]) -> Form[Database]:
    """The `database:` section; `countable` are the names that an invariant may use."""
    query = section(
        _query,
        {
            "sql": ("sql", block_form(MAX_SQL)),
            "file": ("file", described(text_form(most=300), "A file with the SQL, beside thresholds.yaml.")),
        },
        line="line",
    )
    text = block_form(2000)
    terms = {*countable, *(f"{name}{CHANGE}" for name in countable), ACKNOWLEDGED}

    def invariant(node: Node, path: str) -> Invariant:
        text.read(node, path)  # a quoted or plain line of text, before its grammar
        return scalar(lambda found: sums.parse(found.text, terms, found.line), {}).read(node, path)

    return section(
        _database,
        {
            "counts": ("counts", named(section_of(Count, _count))),
            "queries": ("queries", named(query)),
            "invariants": ("invariants", named(Form(invariant, text.schema))),
            "relations": (
                "relations",
                described(
                    named(section_of(Relation, _relation)), "Relations without a foreign key, for database.orphans."
                ),
            ),
            "writes": ("writes", described(section_of(Writes), "Where the writes of the load must be found again.")),
            "schemas": ("schemas", items(text_form(most=63), least=1)),
            "schema_lock": ("schema_lock", described(text_form(most=300), "File of `readiness schema lock`.")),
            "service_role": (
                "service_role",
                described(text_form(most=63), "Role with which the service connects, for database.role.…"),
            ),
            "statement_timeout": ("statement_timeout_s", duration_form(least_s=0.001, most_s=3600)),
            "max_scan": ("max_scan_bytes", described(size_form(), "Most that all scans together may read.")),
            "max_lag": (
                "max_lag_s",
                described(
                    duration_form(least_s=0.001, most_s=86_400), "Rows of a standby farther behind do not count."
                ),
            ),
            "deep": ("deep", described(flag_form(), "Verify B-tree indexes with amcheck.")),
        },
    )


def read_files(database: Database, folder: Path, name: str) -> Database:
    """The section with the SQL of its files read and paths below `folder`; `name` is thresholds.yaml as given.

    Raises ConfigError for a file that cannot be read, or lies elsewhere.
    """
    queries, problems = {}, []
    for key, query in database.queries.items():
        try:
            queries[key] = query if query.file is None else replace(query, sql=_text(folder, query.file))
        except ValueError as error:
            problems.append(f"{name}:{query.line}: database.queries.{key}.file: {query.file}: {error}")
    lock = None if database.schema_lock is None else folder / database.schema_lock
    if lock is not None:
        try:
            foreign_files.read_bytes(lock, MAX_LOCK_BYTES, below=folder)
        except foreign_files.Missing:
            pass  # `readiness schema lock` may be about to write it; a run says that it is not there
        except foreign_files.NotReadable as error:
            problems.append(f"{name}: database.schema_lock: {database.schema_lock}: {error}")
    if problems:
        raise ConfigError(*problems)
    return replace(database, queries=queries, schema_lock=None if lock is None else str(lock.resolve()))


def _text(folder: Path, file: str) -> str:
    try:
        text = foreign_files.read_text(folder / file, 4 * MAX_SQL, below=folder)
    except foreign_files.Missing:
        raise ValueError("there is no such file beside thresholds.yaml") from None
    if not text.strip() or len(text) > MAX_SQL:
        raise ValueError(f"must hold 1 to {MAX_SQL:,} characters of SQL")
    return text


def size_form() -> Form[int]:
    """Bytes from `10 GB`; 1 kB is 1024 bytes as in PostgreSQL."""

    def parse(node: Scalar) -> int:
        match = _SIZE.fullmatch(node.text.strip())
        if not match:
            raise ValueError(f'must be a size with its unit, such as "10 GB" (MB, GB or TB), not {node.text!r}')
        size = int(float(match[1]) * _UNITS[match[2]])
        if not 0 < size <= _MOST_BYTES:
            raise ValueError(f"must be more than 0 MB and at most {_MOST_BYTES >> 40:,} TB, not {node.text!r}")
        return size

    return scalar(parse, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?(MB|GB|TB)$"})


def _count(**given: object) -> Count:
    count = Count(**given)  # type: ignore[arg-type]
    if count.estimate and count.where:
        raise Complaint("the planner's estimate is of the whole table; leave where or estimate out", "estimate")
    return count


def _query(sql: str | None = None, file: str | None = None, line: int = 0) -> Query:
    if (sql is None) == (file is None):
        raise Complaint('needs either sql: "select …" or file: name.sql')
    return Query(sql or "", line, file)


def _relation(**given: object) -> Relation:
    relation = Relation(**given)  # type: ignore[arg-type]
    if len(relation.columns) != len(relation.keys):
        raise Complaint(f"has {len(relation.keys)} for {len(relation.columns)} columns; pair them one by one", "keys")
    return relation


def _database(**given: object) -> Database:
    database = Database(**given)  # type: ignore[arg-type]
    for key, names, others in (
        ("queries", database.queries, {*database.counts}),
        ("invariants", database.invariants, {*database.counts, *database.queries}),
    ):
        if twice := sorted(others & set(names)):
            raise Complaint(f'"{twice[0]}" is already the name of a count or query; data.{twice[0]} must be one', key)
    used = {name for one in database.invariants.values() for _, name in one.terms}
    if ACKNOWLEDGED in used and database.writes is None:
        raise Complaint(f"{ACKNOWLEDGED} needs database.writes, which says where the writes are", "invariants")
    return database
