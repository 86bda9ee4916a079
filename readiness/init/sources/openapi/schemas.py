"""Schemas: their properties, a value that fits one, and whether somebody chose it or it is made up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from readiness.init.draft import Json
from readiness.init.sources.openapi import invented
from readiness.init.sources.openapi.nodes import DocumentNode, Unresolved

MOST_LEVELS = 6
"""Schemas within schemas that are read: deeper ones are left out of bodies, as cycles are."""
MOST_PARTS = 30
"""Of one `allOf`."""
MOST_VALUES = 300
"""Of one body."""
MOST_PROPERTIES = 40
_MOST_ITEMS = 10
"""Of one list that must have more than one."""
_MOST_CHARS = 400
"""Of one text value."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value for a schema."""

    value: Json
    chosen: bool
    """Whether the document gives it; otherwise it was made up from the type."""


def properties(schema: DocumentNode) -> Mapping[str, DocumentNode]:
    """Properties by name, through `allOf`, and the first that fits of `oneOf` and `anyOf`; each schema is read once."""
    known = schema.root.properties
    place = id(schema.value)
    if place not in known:
        found: dict[str, DocumentNode] = {}
        known[place] = found  # a schema that is part of itself adds nothing to itself
        for part in variants(schema):
            found |= properties(part)
        found |= dict(islice(schema.get("properties").entries(), MOST_PROPERTIES * 5))
    return known[place]


def variants(schema: DocumentNode) -> Iterator[DocumentNode]:
    """Parts of `allOf`, and of `oneOf` or `anyOf` the first one that is not null."""
    for part in islice(schema.get("allOf").parts(), MOST_PARTS):
        yield part.followed()
    for key in ("oneOf", "anyOf"):
        for part in schema.get(key).parts():
            node = part.followed()
            if kind(node) != "null":
                yield node
                break


def kind(schema: DocumentNode) -> str:
    """The schema's type, with what it implies; of several the first that is not null."""
    said = schema.get("type").value
    if isinstance(said, list):
        said = next((one for one in said if isinstance(one, str) and one != "null"), None)
    if isinstance(said, str):
        return said
    if schema.get("properties").is_there:
        return "object"
    return "array" if schema.get("items").is_there else ""


def given(node: DocumentNode) -> Json:
    """The value that a parameter, media type or schema names: example, examples, default, enum, const."""
    for key in ("example", "x-example"):
        if node.get(key).is_there:
            return _bounded(node.get(key).value)
    examples = node.get("examples")
    for part in examples.parts():
        return _bounded(part.value)
    for _, part in examples.entries():
        value = part.followed().get("value")
        if value.is_there:
            return _bounded(value.value)
    for key in ("default", "const"):
        if node.get(key).is_there:
            return _bounded(node.get(key).value)
    for part in node.get("enum").parts():
        if part.value is not None:
            return _bounded(part.value)
    return None


def is_listed(schema: DocumentNode) -> bool:
    """Whether the schema, or a part of it, lists its values."""
    return any(one.get("enum").is_there for one in (schema, *variants(schema)))


def sample(schema: DocumentNode) -> Sample:
    """A value for the schema: one that it names, else made up from its type. Cycles and depth end in None."""
    return _sample(schema, (), [MOST_VALUES])


def _sample(schema: DocumentNode, above: tuple[int, ...], room: list[int]) -> Sample:
    """`above` are the schemas that this one is part of; one that is part of itself ends there."""
    named = given(schema)
    if named is not None:
        return Sample(named, True)
    room[0] -= 1
    if len(above) > MOST_LEVELS or room[0] <= 0 or id(schema.value) in above:
        return Sample(None, False)
    above = (*above, id(schema.value))
    sort = kind(schema)
    if sort == "object" or (not sort and properties(schema)):
        return Sample(_object(schema, above, room), False)
    if sort == "array":
        return _array(schema, above, room)
    for part in variants(schema):
        found = _sample(part, above, room)
        if found.value is not None:
            return found
    return Sample(_made_up(schema, sort), False)


def _array(schema: DocumentNode, above: tuple[int, ...], room: list[int]) -> Sample:
    """As many elements as there must be; chosen where the document says which values an element has."""
    try:
        items = schema.get("items")
        element = _sample(items, above, room)
    except Unresolved:
        return Sample([], False)
    if element.value is None:
        return Sample([], False)
    least = schema.get("minItems").value
    count = min(least, _MOST_ITEMS) if isinstance(least, int) and not isinstance(least, bool) and least > 1 else 1
    if schema.get("uniqueItems").value is True:
        return Sample(list(invented.distinct(items, element.value, count)), element.chosen)
    return Sample([element.value] * count, element.chosen)


def _object(schema: DocumentNode, above: tuple[int, ...], room: list[int]) -> Json:
    required = _required(schema)
    known = properties(schema)
    chosen = [name for name in known if name in required] or list(known)[:5]
    found: dict[str, Json] = {}
    for name in chosen[:MOST_PROPERTIES]:
        try:
            node = known[name].followed()
            if node.get("readOnly").value is not True:
                found[name] = _sample(node, above, room).value
        except Unresolved:
            found[name] = None
    for name, word in _discriminators(schema):
        if name in known and (word.mapped or not given(known[name].followed())):
            found[name] = word.text
    return found or _any_property(schema, above, room)


def _any_property(schema: DocumentNode, above: tuple[int, ...], room: list[int]) -> dict[str, Json]:
    """A property of no name, where the schema asks for one."""
    more = schema.get("additionalProperties")
    if not more.is_there or not schema.get("minProperties").value:
        return {}
    return {"key": _sample(more, above, room).value}


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    mapped: bool
    """Whether the document maps it; otherwise it is the schema's own name."""


def _discriminators(schema: DocumentNode) -> Iterator[tuple[str, _Word]]:
    """Properties that say which of several schemas a value has, and what they say of the part that was chosen."""
    for place in (schema, *variants(schema)):
        said = place.get("discriminator")
        name = said.text or said.get("propertyName").text
        own = _name_of(_chosen_of(place) or schema) if name else ""
        if not own:
            continue
        mapped = (key for key, to in said.get("mapping").entries() if to.text.rsplit("/", 1)[-1] == own)
        key = next(mapped, None)
        yield name, _Word(key or own, key is not None)


def _chosen_of(schema: DocumentNode) -> DocumentNode | None:
    """The part of `oneOf` or `anyOf` that was taken."""
    is_choice = schema.get("oneOf").is_there or schema.get("anyOf").is_there
    return next(iter(reversed(list(variants(schema)))), None) if is_choice else None


def _name_of(schema: DocumentNode) -> str:
    """Under which the document keeps the schema; "" for one that stands where it is used."""
    names = schema.root.names
    if not names:
        whole = DocumentNode(schema.root.value, "", schema.root)
        for kept in (whole.find("components").find("schemas"), whole.find("definitions")):
            names |= {id(part.value): name for name, part in kept.entries() if isinstance(part.value, dict)}
    return names.get(id(schema.value), "")


def _required(schema: DocumentNode, above: tuple[int, ...] = ()) -> set[str]:
    found = {part.text for part in schema.get("required").parts() if part.text}
    if len(above) < MOST_LEVELS and id(schema.value) not in above:
        for part in variants(schema):
            found |= _required(part, (*above, id(schema.value)))
    return found


def _made_up(schema: DocumentNode, sort: str) -> Json:
    if sort in ("integer", "number"):
        return invented.number(schema, whole=sort == "integer")
    if sort == "boolean":
        return True
    return invented.text(schema) if sort == "string" else None


def _bounded(value: Json) -> Json:
    """The value as plain JSON, if it is not too large: one that refers to itself (YAML can) is none."""
    if isinstance(value, str):
        return value[:_MOST_CHARS]
    todo: list[Json] = [value]
    seen = 0
    while todo:
        here = todo.pop()
        seen += len(here) // 50 + 1 if isinstance(here, str) else 1
        if seen > MOST_VALUES:
            return None
        if isinstance(here, dict):
            todo += list(here.values())[:MOST_VALUES]
        elif isinstance(here, list):
            todo += here[:MOST_VALUES]
    try:
        plain: Json = json.loads(json.dumps(value, default=str), parse_constant=lambda name: None)
    except (ValueError, TypeError):
        return None
    return plain
