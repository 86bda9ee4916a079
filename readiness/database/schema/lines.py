"""The schema as sorted lines of text that a person can review and `diff` can compare.

table public.bags
  column id integer not null
  constraint bags_pkey PRIMARY KEY (id)
  grant bag_service SELECT
"""

from __future__ import annotations

import hashlib

from readiness.database.connect import Session
from readiness.database.schema import objects
from readiness.text import clean

_HEADER = "# schema lock of readiness, version 2: written by `readiness schema lock`, compared by `readiness run`"
WITHOUT_ROLES = "# without owners and privileges"
MAX_LINE = 2000
TABLE_LIKE = ("table ", "view ", "materialized view ", "foreign table ")
_NEVER_SHOWN = ("body",)
"""Words whose definition is only compared: it is long, and may hold what nobody should read."""


def read(session: Session, schemas: tuple[str, ...], *, roles: bool = True) -> tuple[str, ...]:
    """The lines of the schemas without the header; raises NotMeasured."""
    version = session.connection.info.server_version
    heads: dict[str, str] = {}
    below: dict[str, list[str]] = {}
    qualified = session.under(search_path="")  # so that every name has its schema, whoever asks
    for statement in objects.statements(schemas, version, roles=roles):
        for head, word, name, definition in qualified.rows(statement):
            head = visible(head)
            if word:
                below.setdefault(head, []).append("  " + _line(f"{word} {visible(name)}", definition or "", word))
                heads.setdefault(head, head)
            else:
                heads[head] = _line(head, definition or "")
    lines: list[str] = []
    for head in sorted(heads, key=lambda head: (head.partition(" ")[2], head)):
        lines.append(heads[head])
        lines += sorted(below.get(head, ()))
    return tuple(lines)


def visible(name: str) -> str:
    """The name with every character that a reader would not see written as its number: no two names look the same."""
    if clean(name, len(name) + 1) == name:
        return name
    return "".join(one if clean(one) == one or one == " " else f"\\u{ord(one):04x}" for one in name)


def _line(begin: str, definition: str, word: str = "") -> str:
    """One line; what it cannot show is told apart by a digest: line breaks, hidden characters, what is too long."""
    shown = clean(definition, len(definition) + 1)
    digest = f"sha256:{hashlib.sha256(definition.encode(errors='surrogatepass')).hexdigest()[:16]}"
    if word in _NEVER_SHOWN:
        return f"{begin} {digest}"
    line = f"{begin} {shown}".rstrip()
    if shown == definition and len(line) <= MAX_LINE:
        return line
    return f"{line[:MAX_LINE]} {digest}"


def has_tables(lines: tuple[str, ...]) -> bool:
    """Whether there is anything that holds rows."""
    return any(line.startswith(TABLE_LIKE) for line in lines)


def text(lines: tuple[str, ...], *, roles: bool = True) -> str:
    """The file."""
    return "\n".join((_HEADER, *(() if roles else (WITHOUT_ROLES,)), *lines)) + "\n"


def parse(content: str) -> tuple[tuple[str, ...], bool]:
    """The lines of a file without its comments, and whether roles are among them. Raises ValueError when it is none."""
    lines = content.splitlines()
    if not lines or not lines[0].startswith("# schema lock of readiness, version "):
        raise ValueError("is not a schema lock; write one with `readiness schema lock`")
    if not lines[0].startswith(_HEADER[: _HEADER.index(":")]):
        raise ValueError(
            "is a schema lock of another version, which holds other things; review the schema and write it again with "
            "`readiness schema lock`"
        )
    found = tuple(line.rstrip() for line in lines if line.strip() and not line.startswith("#"))
    return found, WITHOUT_ROLES not in lines
