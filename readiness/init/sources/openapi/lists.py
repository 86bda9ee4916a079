"""Ids come from the list that returns them: GET /bags brings the id that GET /bags/{id} asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from readiness.init.draft import Json
from readiness.init.names import folded
from readiness.init.sources.openapi.nodes import DocumentNode, Unresolved
from readiness.init.sources.openapi.operations import Operation
from readiness.init.sources.openapi.schemas import kind, properties

PARAMETER = re.compile(r"\{([^{}]*)\}")
_LISTS = ("items", "data", "results", "content", "values", "records", "entries", "list", "rows", "value")
"""What services call the list inside an answer; the resource's own name comes first."""
_IDS = ("id", "uuid", "_id", "key", "slug", "name", "code")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def collection_of(path: str, parameter: str) -> str | None:
    """The path of the list that `parameter` names an element of: `/bags` for `/bags/{id}/scans`."""
    before, found, _ = path.partition(f"/{{{parameter}}}")
    return before if found and before and not before.endswith("}") else None


def place_of_id(response: DocumentNode, path: str, parameter: str) -> str | None:
    """Where the answer of the list at `path` has its first id, as `items[0].id`; None when nothing tells."""
    schema = schema_of(response)
    if schema is not None:
        for before, items in _lists(schema, path):
            at = _id_in(items, parameter, path)
            if at is not None:
                return f"{before}[0]{at}"
    example = _json_example(response)
    return _place_in_example(example, path, parameter)


def same_id(response: DocumentNode, parameter: str) -> str | None:
    """Where the answer of an item says which one it is: `id`, or the parameter's own name. Only where it must be."""
    schema = schema_of(response)
    if schema is None or kind(schema) == "array":
        return None
    known = {folded(name): name for name in properties(schema) if _KEY.fullmatch(name)}
    return known.get(folded(parameter)) or (known.get("id") if folded(parameter).split("_")[-1] == "id" else None)


def lists_by_schema(operations: Iterable[Operation]) -> dict[int, Operation]:
    """Operations that answer with a list, by the identity of the schema of its elements."""
    found: dict[int, Operation] = {}
    for one in operations:
        try:
            schema = schema_of(one.answer) if one.answer is not None else None
            for _, items in _lists(schema, one.path) if schema is not None else ():
                if items.is_there and kind(items) == "object":
                    found.setdefault(id(items.value), one)
        except Unresolved:
            continue
    return found


def _lists(schema: DocumentNode, path: str) -> Iterator[tuple[str, DocumentNode]]:
    """Lists in the answer, by where they stand, and the schema of their elements."""
    if kind(schema) == "array":
        yield "", schema.get("items")
        return
    known = {name: node for name, node in properties(schema).items() if _KEY.fullmatch(name)}
    own = folded(path.rstrip("/").rsplit("/", 1)[-1])
    for name in sorted(known, key=lambda name: (folded(name) != own, name not in _LISTS)):
        try:
            node = known[name].followed()
            if kind(node) == "array":
                yield name, node.get("items")
            elif name in (*_LISTS, "_embedded") and kind(node) == "object":
                for inner, deeper in properties(node).items():
                    if _KEY.fullmatch(inner) and kind(deeper.followed()) == "array":
                        yield f"{name}.{inner}", deeper.followed().get("items")
        except Unresolved:
            continue


def _id_in(items: DocumentNode, parameter: str, path: str) -> str | None:
    """Behind an element: `.id`, `.metadata.name`, or nothing where the elements are ids themselves."""
    if kind(items) in ("string", "integer"):
        return ""
    known = {name: node for name, node in properties(items).items() if _KEY.fullmatch(name)}
    for wanted in _wanted(parameter, path):
        for name in known:
            if folded(name) == wanted and kind(_safe(known[name])) not in ("object", "array"):
                return f".{name}"
    for name, node in known.items():
        if name in ("metadata", "meta", "attributes", "data"):
            inner = {folded(one): one for one in properties(_safe(node)) if _KEY.fullmatch(one)}
            for wanted in _wanted(parameter, path):
                if wanted in inner:
                    return f".{name}.{inner[wanted]}"
    return None


def _wanted(parameter: str, path: str) -> tuple[str, ...]:
    """Names that the id may have, best first: `bag_id`, then what is left without the resource's name."""
    own = folded(parameter)
    resource = folded(path.rstrip("/").rsplit("/", 1)[-1])
    singular = resource.removesuffix("s")
    short = own.removeprefix(f"{singular}_").removeprefix(f"{resource}_")
    last = own.rsplit("_", 1)[-1]
    found = dict.fromkeys((own, short, last))
    return (*found, *(one for one in _IDS if one not in found)) if _may_be_id(own, singular) else tuple(found)


def _may_be_id(own: str, singular: str) -> bool:
    """Whether the parameter is an id by any name: `{bag}` or `{bag_id}` under /bags, `{id}`, `{pk}`."""
    return own == singular or own.rsplit("_", 1)[-1] in (*_IDS, "pk", "identifier", "number", "ref", singular)


def schema_of(response: DocumentNode) -> DocumentNode | None:
    node = _media(response)
    schema = node.get("schema") if node is not None else response.get("schema")
    return schema if schema.is_there else None


def _media(response: DocumentNode) -> DocumentNode | None:
    for name, part in response.get("content").entries():
        if "json" in name.lower() or name.strip() == "*/*":
            return part.followed()
    return None


def _json_example(response: DocumentNode) -> Json:
    node = _media(response)
    for place in (node, response) if node is not None else (response,):
        if place.get("example").is_there:
            return place.get("example").value
        for name, part in place.get("examples").entries():
            value = part.value
            if isinstance(value, dict) and "value" in value:
                return value["value"]
            if "json" in name:
                return value
    return None


def _place_in_example(example: Json, path: str, parameter: str) -> str | None:
    before = ""
    if isinstance(example, dict):
        own = folded(path.rstrip("/").rsplit("/", 1)[-1])
        names = [name for name in example if _KEY.fullmatch(name)]
        lists = [name for name in names if isinstance(example[name], list)]
        lists.sort(key=lambda name: (folded(name) != own, name not in _LISTS))
        if not lists:
            return None
        before, example = lists[0], example[lists[0]]
    if not isinstance(example, list) or not example:
        return None
    first = example[0]
    if isinstance(first, str | int) and not isinstance(first, bool):
        return f"{before}[0]"
    known: Mapping[str, Json] = first if isinstance(first, dict) else {}
    for wanted in _wanted(parameter, path):
        for name, value in known.items():
            if _KEY.fullmatch(name) and folded(name) == wanted and isinstance(value, str | int):
                return f"{before}[0].{name}"
    return None


def _safe(node: DocumentNode) -> DocumentNode:
    try:
        return node.followed()
    except Unresolved:
        return DocumentNode(None, node.at, node.root)
