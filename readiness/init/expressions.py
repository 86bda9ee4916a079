"""Values of a draft as Python expressions. The only place where a source's text enters code, as string literals."""

from __future__ import annotations

import math
from collections.abc import Mapping

from readiness.init.draft import Body, Column, Extracted, Generated, Json, Text, Variable, joined
from readiness.init.layout import Expression, Group, keyed
from readiness.init.literals import literal

Expressions = Mapping[Variable | Column | Extracted | Generated, str]
"""What is not fixed, and the expression that has it: `self.bag_id`, `token`; never one with quotes."""
Replaced = Mapping[tuple[str | int, ...], Text]


def text(parts: Text, names: Expressions, *, in_url: bool = False) -> Expression:
    """The parts joined; `in_url` quotes what is not fixed, so that a value cannot become another path or parameter."""
    pieces = joined(parts)
    if len(pieces) == 1:
        only = pieces[0]
        return literal(only) if isinstance(only, str) else _value(names[only], in_url)
    if all(not isinstance(part, str) or _is_plain(part) for part in pieces):
        inner = (part if isinstance(part, str) else f"{{{_value(names[part], in_url)}}}" for part in pieces)
        return f'f"{"".join(inner)}"'
    values = tuple(literal(part) if isinstance(part, str) else _value(names[part], in_url) for part in pieces)
    return Group('"".join(', (Group("[", values, "]"),), ")")


def pairs(items: tuple[tuple[str, Text], ...], names: Expressions) -> Expression:
    """A dict of texts; a list of pairs where a name comes twice."""
    return _pairs([(name, text(value, names)) for name, value in items])


def headers(items: tuple[tuple[str, Text], ...], names: Expressions) -> Expression:
    """The same; None for a header that this request goes without."""
    return _pairs([(name, text(value, names) if value else "None") for name, value in items])


def body(sent: Body, names: Expressions) -> Expression | None:
    """The keyword argument that sends it; None when there is nothing to send."""
    if sent.kind == "json":
        return keyed("json=", json_value(sent.json, dict(sent.replaced), names))
    if sent.kind == "form":
        return keyed("data=", pairs(sent.fields, names)) if sent.fields else None
    if sent.kind == "multipart":
        return keyed("files=", _parts(sent, names)) if sent.fields else None
    return keyed("data=", text(sent.text, names)) if sent.text else None


def _parts(sent: Body, names: Expressions) -> Expression:
    """Fields for `files=`, where what has no file name is a field."""
    found: list[tuple[str, Expression]] = []
    for number, (name, value) in enumerate(sent.fields):
        media = sent.types[number] if number < len(sent.types) else ""
        more = (literal(media),) if media and media.isprintable() else ()
        found.append((name, Group("(", ("None", text(value, names), *more), ")")))
    return _pairs(found)


def json_value(value: Json, replaced: Replaced, names: Expressions, at: tuple[str | int, ...] = ()) -> Expression:
    """A JSON value as a Python literal, with texts at the paths of `replaced`."""
    if at in replaced:
        new = text(replaced[at], names)
        is_number = isinstance(value, int) and not isinstance(value, bool) and len(replaced[at]) == 1
        return f"int({new})" if is_number and isinstance(new, str) else new
    if isinstance(value, dict):
        return _dict([(str(key), json_value(one, replaced, names, (*at, key))) for key, one in value.items()])
    if isinstance(value, list):
        return Group("[", tuple(json_value(one, replaced, names, (*at, n)) for n, one in enumerate(value)), "]")
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, float):
        return _number(value)
    return repr(value) if value is None or isinstance(value, bool) else f"{int(value)}"


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else "None"


def _pairs(items: list[tuple[str, Expression]]) -> Expression:
    if len({name for name, _ in items}) < len(items):
        return Group("[", tuple(Group("(", (literal(name), value), ")") for name, value in items), "]")
    return _dict(items)


def _dict(items: list[tuple[str, Expression]]) -> Expression:
    return Group("{", tuple(keyed(f"{literal(name)}: ", value) for name, value in items), "}")


def _value(expression: str, in_url: bool) -> str:
    return f"quote({expression})" if in_url else expression


def _is_plain(part: str) -> bool:
    """Whether the text can stand in an f-string as it is."""
    return literal(part) == f'"{part}"' and not set("{}") & set(part)
