"""What has changed between a schema lock and the database, line by line, and whether it destroys. Pure.

Destructive: something that the release before this one relies on is gone or narrower, so that it could not run beside
the new schema or after a rollback: a table, column or constraint that is gone, a type that holds less, and what makes
its inserts fail (a new NOT NULL, a new required column, GENERATED ALWAYS, a new constraint). Everything else is
additive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_INTEGERS = ("smallint", "integer", "bigint")
_TYPE_END = re.compile(r" (?=collate |not null)")
_GIVEN = re.compile(r" (?=default |generated )")
_SIZED = re.compile(
    r"(character varying|character|bit varying|numeric|timestamp|time|interval)\(([0-9]+)(?:,([0-9]+))?\)(.*)"
)
_NAME = re.compile(
    r'(?:"(?:[^"]|"")*+"|[^ ."(])++(?:\.(?:"(?:[^"]|"")*+"|[^ ."(])++)?(?:\((?:"(?:[^"]|"")*+"|[^()"])*+\))?', re.DOTALL
)
_KINDS = (
    "materialized view", "foreign table", "table", "view", "sequence", "type", "domain", "function", "procedure",
    "aggregate", "schema", "extension", "collation", "operator", "text search configuration", "text search dictionary",
    "event trigger", "publication", "server",
)  # fmt: skip
_WORDS = (
    "column", "constraint", "index", "definition", "property", "trigger", "rule", "policy", "statistics", "body",
    "owner", "grant", "revoked",
)  # fmt: skip
_SEQUENCE = re.compile(
    r"(smallint|integer|bigint) (increment -?[0-9]+) minvalue (-?[0-9]{1,20}) maxvalue (-?[0-9]{1,20})"
    r" (start -?[0-9]+) cache [0-9]+(.*)"
)
_LITERAL = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference."""

    subject: str
    """Such as `public.bags: column kind`."""
    before: str | None
    """What the lock says; None when it is new."""
    after: str | None
    """What the database says; None when it is gone."""
    why: str
    """Why it destroys; empty when it is additive."""
    remark: str = ""
    """Why something that is gone or new is additive all the same; mostly empty."""

    @property
    def destructive(self) -> bool:
        """Whether the release before could not live with it."""
        return bool(self.why)


_Key = tuple[str, str, str, str]
"""(kind of the object, its name, word, name below it); an object itself has neither word nor name."""
Objects = Mapping[_Key, str]


def compare(lock: Sequence[str], now: Sequence[str]) -> tuple[SchemaChange, ...]:
    """Every difference, sorted by subject. Raises ValueError for a line that no schema lock has."""
    before, after = objects(lock), objects(now)
    known = {key[:2] for key in before if not key[2]}
    rules_before, rules_after = _rules(before), _rules(after)
    changes = []
    for key in sorted({*before, *after}, key=lambda key: (key[1], key[0], key[2:])):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        kind, name, word, part = key
        subject = f"{name}: {word} {part}" if word else f"{kind} {name}"
        why = "" if key[:2] not in known else _part(word, part, old, new) if word else _object(kind, old, new)
        remark = _same_rule(key, old, new, rules_before, rules_after) if why else ""
        changes.append(SchemaChange(subject, old, new, "" if remark else why, remark))
    return tuple(changes)


def objects(lines: Sequence[str]) -> Objects:
    """The lines by what they define. Raises ValueError."""
    found: dict[_Key, list[str]] = {}
    head = ("", "")
    for line in lines:
        below = line.startswith(" ")
        bare = line.strip() if below else line
        kind = next((kind for kind in (_WORDS if below else _KINDS) if bare.startswith(f"{kind} ")), "")
        match = _NAME.match(bare, len(kind) + 1)
        if not kind or not match or (below and not head[0]):
            raise ValueError(f"cannot read the line {bare[:60]!r}")
        if not below:
            head = (kind, match[0])
        key = (*head, kind, match[0]) if below else (*head, "", "")
        found.setdefault(key, []).append(bare[match.end() :].strip())
    return {key: "; ".join(rests) for key, rests in found.items()}


def _object(kind: str, old: str | None, new: str | None) -> str:
    if new is None:
        return f"the {kind} is gone"
    assert old is not None  # the object is known
    match kind:
        case "type":
            labels = iter(_LITERAL.findall(new))
            kept = all(label in labels for label in _LITERAL.findall(old)) and old[:5] == new[:5]
            return "" if kept and old.startswith("enum") else "the type is another one"
        case "domain":
            return _column(old, new)
        case "sequence":
            return _sequence(old, new)
        case "operator":
            return "the operator is another one"
        case "function" | "procedure" | "aggregate":
            same = old.partition(" language ")[0] == new.partition(" language ")[0]
            return "" if same else f"the {kind} returns something else"
        case _:
            return ""


def _sequence(old: str, new: str) -> str:
    before, after = _SEQUENCE.fullmatch(old), _SEQUENCE.fullmatch(new)
    if not before or not after or before.group(2, 5, 6) != after.group(2, 5, 6):
        return "the sequence is another one"
    if _INTEGERS.index(after[1]) < _INTEGERS.index(before[1]):
        return "its type holds less"
    if int(after[3]) > int(before[3]) or int(after[4]) < int(before[4]):
        return "its numbers end earlier"
    return ""  # how many a session fetches ahead is nothing to rely on


def _part(word: str, name: str, old: str | None, new: str | None) -> str:
    match word:
        case "column":
            return _column(old, new)
        case "constraint":
            return _constraint(old, new)
        case "index":
            unique = old is not None and old.startswith("CREATE UNIQUE ")
            if unique and new != old:
                return "a unique index is gone or another one"
            refuses = new is not None and new.startswith("CREATE UNIQUE ")
            return "it refuses rows that were welcome" if refuses else ""
        case "grant":
            lost = sorted(_privileges(old) - _privileges(new))
            return f"{', '.join(lost)} is gone" if lost else ""
        case "revoked":
            return "the owner lost privileges" if new else ""
        case "owner":
            return "what its owner may do, another one may now"
        case "policy" | "rule":
            return f"the {word} decides which rows are seen and written"
        case "trigger":
            return "" if old is None else "the trigger is gone or another one"
        case "property":
            return _property(name, new)
        case _:
            return ""


def _privileges(text: str | None) -> set[str]:
    """Such as {INSERT, INSERT*}: the star is the right to give it on."""
    words = {word for word in (text or "").split(", ") if word}
    return words | {word.rstrip("*") for word in words}


def _property(name: str, new: str | None) -> str:
    if name == "persistence" and new:
        return "its rows are lost after a crash"
    if name.startswith(("row_security", "inherits_", "of_type", "server")) or name == "populated":
        return "other rows are seen"
    return ""


def _column(old: str | None, new: str | None) -> str:
    if new is None:
        return "the column is gone"
    if old is None:
        _, required, given = _parts(new)
        missing = required and not given
        return "a required column without a default makes the old release's inserts fail" if missing else ""
    (type_before, required_before, given_before), (type_after, required_after, given_after) = _parts(old), _parts(new)
    if reason := _type(type_before, type_after):
        return reason
    if required_after and not required_before:
        return "NOT NULL makes the old release's inserts fail"
    if required_before and not required_after:
        return "NOT NULL is gone"
    if given_before and not given_after:
        return "the default is gone"
    if _always(given_after) and not _always(given_before):
        return "GENERATED ALWAYS refuses the value that the old release writes"
    return ""


def _parts(column: str) -> tuple[str, bool, str]:
    """Its type, whether it is NOT NULL, and what the server gives: a default, an identity, an expression."""
    head, *given = _GIVEN.split(column, maxsplit=1)
    return _TYPE_END.split(head, maxsplit=1)[0], f" {head}".endswith(" not null"), "".join(given)


def _always(given: str) -> bool:
    """Whether only the server gives it."""
    return given.startswith("generated ") and not given.startswith("generated by default ")


def _constraint(old: str | None, new: str | None) -> str:
    if new is None:
        return "the constraint is gone"
    if old is None:
        return "" if new.endswith("NOT ENFORCED") else "a new constraint may refuse what the old release writes"
    if old == f"{new} NOT VALID":
        return ""  # it was validated since: the same rule, now of all rows
    return "the constraint is another one"


_Rules = Mapping[tuple[str, str, str], str]
"""(kind of the object, its name, rule) of each constraint and unique index to what it is called."""


def _rules(found: Objects) -> _Rules:
    return {(*key[:2], rule): f"{key[2]} {key[3]}" for key, text in found.items() if (rule := _rule(key[2], text))}


def _rule(word: str, text: str | None) -> str:
    """What it refuses, without its name; a unique index in the words of the constraint on the same columns."""
    if text is None or word == "constraint":
        return text or ""
    columns = text.partition(" USING btree ")[2]
    if word != "index" or not text.startswith("CREATE UNIQUE ") or not columns:
        return ""
    bare = columns.removesuffix(" NULLS NOT DISTINCT")
    return f"UNIQUE {bare}" if bare == columns else f"UNIQUE NULLS NOT DISTINCT {bare}"


def _same_rule(key: _Key, old: str | None, new: str | None, before: _Rules, after: _Rules) -> str:
    """By which name the rule that is gone is still there, and the one that is new was there; empty where it is not."""
    lost, come = _rule(key[2], old), _rule(key[2], new)
    kept, known = after.get((*key[:2], lost)), before.get((*key[:2], come))
    if (lost and not kept) or (come and not known):
        return ""
    if not lost:
        return f"the same rule was there as {known}" if come else ""
    named = key[2] == "constraint" and not lost.startswith(("CHECK ", "FOREIGN KEY "))
    return f"the same rule is there as {kept}" + (f"; ON CONFLICT ON CONSTRAINT {key[3]} would fail" if named else "")


def _type(old: str, new: str) -> str:
    """Why values of `old` may not fit into `new`; empty when all of them do."""
    if old == new or (old in _INTEGERS and new in _INTEGERS and _INTEGERS.index(new) > _INTEGERS.index(old)):
        return ""
    if new in ("text", "character varying") and _family(old) == "text":
        return ""
    if old == "real" and new == "double precision":
        return ""
    before, after = _SIZED.fullmatch(old), _SIZED.fullmatch(new)
    if before and before[1] != "character" and before[1] + before[4] == new:
        return ""
    if before and after and before[1] == after[1] and before[4] == after[4]:
        scale_before, scale_after = int(before[3] or 0), int(after[3] or 0)
        whole_before, whole_after = int(before[2]) - scale_before, int(after[2]) - scale_after
        if whole_after >= whole_before and scale_after >= scale_before and before[1] != "character":
            return ""
    if _family(old) == _family(new):
        return f"the type {new} does not hold every {old}"
    return "another kind of type: the old release may read or write it wrongly"


def _family(one: str) -> str:
    """Types of one family differ by what they hold."""
    if one in _INTEGERS:
        return "integer"
    if one in ("real", "double precision"):
        return "float"
    sized = _SIZED.fullmatch(one)
    bare = sized[1] + sized[4] if sized else one
    return "text" if bare == "character varying" else bare
