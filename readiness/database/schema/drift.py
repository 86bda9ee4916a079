"""What has changed between a schema lock and the database, line by line, and whether it destroys. Pure.

Destructive: something that the release before this one relies on is gone or narrower, so that it could not run beside
the new schema or after a rollback: a table, column or constraint that is gone, a type that holds less, and what makes
its inserts fail (a new NOT NULL, a new required column, a new constraint). Everything else is additive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_INTEGERS = ("smallint", "integer", "bigint")
_TYPE_END = re.compile(r" (?=collate |not null|default |generated )")
_SIZED = re.compile(
    r"(character varying|character|bit varying|numeric|timestamp|time|interval)\(([0-9]+)(?:,([0-9]+))?\)(.*)"
)
_NAME = re.compile(r'(?:"(?:[^"]|"")*"|[^ ."])+(?:\.(?:"(?:[^"]|"")*"|[^ ."])+)?')
_KINDS = ("materialized view", "foreign table", "table", "view")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    subject: str
    """Such as `public.bags: column kind`."""
    before: str | None
    """What the lock says; None when it is new."""
    after: str | None
    """What the database says; None when it is gone."""
    why: str
    """Why it destroys; empty when it is additive."""

    @property
    def destructive(self) -> bool:
        """Whether the release before could not live with it."""
        return bool(self.why)


Objects = Mapping[tuple[str, str, str], str]
"""(table, kind, name) to definition; a table itself has the name ""."""


def compare(lock: Sequence[str], now: Sequence[str]) -> tuple[Change, ...]:
    """Every difference, sorted by subject. Raises ValueError for a line that no schema lock has."""
    before, after = objects(lock), objects(now)
    tables = {table for table, _, name in before if not name}
    changes = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        table, kind, name = key
        subject = f"{table}: {kind} {name}" if name else f"{kind} {table}"
        changes.append(Change(subject, old, new, _why(kind, old, new, table_is_new=table not in tables)))
    return tuple(changes)


def objects(lines: Sequence[str]) -> Objects:
    """The lines by what they define. Raises ValueError."""
    found: dict[tuple[str, str, str], str] = {}
    table = ""
    for line in lines:
        if not line.startswith(" "):
            kind = next((kind for kind in _KINDS if line.startswith(f"{kind} ")), "")
            match = _NAME.match(line, len(kind) + 1)
            if not kind or not match:
                raise ValueError(f"cannot read the line {line[:60]!r}")
            table = match[0]
            found[table, kind, ""] = line[match.end() :].strip()
            continue
        kind, _, rest = line.strip().partition(" ")
        match = _NAME.match(rest)
        if kind not in ("column", "constraint", "index") or not match or not table:
            raise ValueError(f"cannot read the line {line.strip()[:60]!r}")
        found[table, kind, match[0]] = rest[match.end() :].strip()
    return found


def _why(kind: str, old: str | None, new: str | None, *, table_is_new: bool) -> str:
    if table_is_new:
        return ""
    match kind:
        case "column":
            return _column(old, new)
        case "constraint":
            return _constraint(old, new)
        case "index":
            unique = old is not None and old.startswith("CREATE UNIQUE ")
            if unique and new != old:
                return "a unique index is gone or another one"
            return (
                "it refuses rows that were welcome" if old is None and (new or "").startswith("CREATE UNIQUE ") else ""
            )
        case _:
            return f"the {kind} is gone" if new is None else ""


def _column(old: str | None, new: str | None) -> str:
    if new is None:
        return "the column is gone"
    if old is None:
        required = " not null" in new and " default " not in new and " generated " not in new
        return "a required column without a default makes the old release's inserts fail" if required else ""
    if reason := _type(_TYPE_END.split(old)[0], _TYPE_END.split(new)[0]):
        return reason
    if " not null" in f" {new}" and " not null" not in f" {old}":
        return "NOT NULL makes the old release's inserts fail"
    if " not null" in old and " not null" not in new:
        return "NOT NULL is gone"
    if (" default " in old or " generated " in old) and " default " not in new and " generated " not in new:
        return "the default is gone"
    return ""


def _constraint(old: str | None, new: str | None) -> str:
    if new is None:
        return "the constraint is gone"
    if old is None:
        return "" if new.endswith("NOT ENFORCED") else "a new constraint may refuse what the old release writes"
    if old == f"{new} NOT VALID":
        return ""  # it was validated since: the same rule, now of all rows
    return "the constraint is another one"


def _type(old: str, new: str) -> str:
    """Why values of `old` may not fit into `new`; empty when all of them do."""
    if old == new or (old in _INTEGERS and new in _INTEGERS and _INTEGERS.index(new) > _INTEGERS.index(old)):
        return ""
    if new in ("text", "character varying") and old.startswith(("text", "character varying")):
        return ""
    if old == "real" and new == "double precision":
        return ""
    before, after = _SIZED.fullmatch(old), _SIZED.fullmatch(new)
    if before and before[1] == new and before[1] in ("numeric", "bit varying"):
        return ""
    if before and after and before[1] == after[1] and before[4] == after[4]:
        scale_before, scale_after = int(before[3] or 0), int(after[3] or 0)
        whole_before, whole_after = int(before[2]) - scale_before, int(after[2]) - scale_after
        if whole_after >= whole_before and scale_after >= scale_before and before[1] != "character":
            return ""
    return f"the type {new} does not hold every {old}"
