"""An operation becomes a call: its path with ids, the parameters that it needs, its body, and what must come back."""

from __future__ import annotations

import json
from collections.abc import Sequence

from readiness.init.draft import Body, Call, Extract, Extracted, Json, Text, Variable
from readiness.init.names import folded
from readiness.init.sources.openapi.lists import (
    PARAMETER,
    collection_of,
    lists_by_schema,
    place_of_id,
    same_id,
    schema_of,
)
from readiness.init.sources.openapi.nodes import DocumentNode, Unresolved
from readiness.init.sources.openapi.operations import Operation
from readiness.init.sources.openapi.schemas import given, kind, sample
from readiness.init.sources.secrets_found import is_secret, is_secret_name, variable_name
from readiness.text import clean
from readiness.text.redaction import hidden

_NOT_SENT = frozenset({"accept", "content-type", "authorization", "host", "content-length", "cookie"})
"""Headers that the document may not describe as parameters (OpenAPI 3, Parameter Object), or that are not ours."""
_CERTAIN = frozenset({"date", "date-time", "time"})
"""Formats for which any value will do."""


class Calls:
    """Writes the calls of one scenario: which ids its lists bring, and what goes with every request."""

    def __init__(self, group: Sequence[Operation], query: tuple[tuple[str, Text], ...]):
        self._query = query
        self._of_schema = lists_by_schema([one for one in group if one.method == "get" and "{" not in one.path])
        self._lists = {one.path.rstrip("/"): one for one in group if one.method == "get"}
        self._brought = self._ids(group)

    def call(self, operation: Operation) -> tuple[Call, tuple[str, ...]]:
        """The call, and the parameters for which nothing gives a value. Raises Unresolved."""
        missing: list[str] = []
        path = self._path(operation, missing)
        query = tuple(self._sent(operation, "query", missing))
        headers = tuple(self._sent(operation, "header", missing))
        body, said = _body(operation)
        extracts = tuple(self._extracts(operation))
        call = Call(
            method=operation.method.upper(),
            path=path,
            name=operation.path,
            query=(*query, *self._query),
            headers=headers,
            body=body,
            expected=operation.ok,
            extracts=extracts,
            comment=said,
            same=tuple(self._same(operation)),
        )
        return call, tuple(dict.fromkeys(missing))

    def _ids(self, group: Sequence[Operation]) -> dict[tuple[str, str], tuple[str, Extract]]:
        """By the path before a parameter and its name: which list brings it, and how."""
        found: dict[tuple[str, str], tuple[str, Extract]] = {}
        names: set[str] = set()
        for one in group:
            for parameter in PARAMETER.findall(one.path):
                place = collection_of(one.path, parameter)
                if place is None or (place, parameter) in found:
                    continue
                listed = self._list_with(place, parameter)
                if listed is None:
                    continue
                source, at = listed
                name = _id_name(parameter, place)
                while name in names:
                    name += "_of_" + (folded(place.rsplit("/", 1)[0]).rsplit("_", 1)[-1] or "list")
                names.add(name)
                found[place, parameter] = (source.path.rstrip("/"), Extract(name, "json", at))
        return found

    def _list_with(self, place: str, parameter: str) -> tuple[Operation, str] | None:
        """The list that brings the id, and where; None where there is none, or where its schema cannot be read."""
        try:
            source = self._lists.get(place) or self._lists.get(f"{place}.json") or self._list_of(place, parameter)
            at = place_of_id(source.answer, place, parameter) if source and source.answer is not None else None
        except Unresolved:
            return None
        return (source, at) if source is not None and at is not None else None

    def _list_of(self, place: str, parameter: str) -> Operation | None:
        """A list whose elements are what GET `place`/{parameter} answers: /pet/findByStatus for /pet/{petId}."""
        item = self._lists.get(f"{place}/{{{parameter}}}")
        schema = schema_of(item.answer) if item is not None and item.answer is not None else None
        return self._of_schema.get(id(schema.value)) if schema is not None else None

    def _extracts(self, operation: Operation) -> list[Extract]:
        if operation.method != "get":
            return []
        own = operation.path.rstrip("/")
        return [extract for path, extract in self._brought.values() if path == own]

    def _path(self, operation: Operation, missing: list[str]) -> Text:
        parts: list[str | Variable | Extracted] = []
        done = 0
        for match in PARAMETER.finditer(operation.path):
            parts.append(operation.path[done : match.start()])
            parts.append(self._in_path(operation, match[1], missing))
            done = match.end()
        return (*parts, operation.path[done:])

    def _in_path(self, operation: Operation, name: str, missing: list[str]) -> str | Variable | Extracted:
        node = operation.named(name, "path")
        if node is not None and _schema(node).get("enum").is_there:
            return _plain(given(_schema(node)))
        place = collection_of(operation.path, name)
        if place is not None and (place, name) in self._brought:
            return Extracted(self._brought[place, name][1].name)
        value = _given(node) if node is not None else None
        if value is not None and not _is_secret(name, value, operation.node):
            return _plain(value)
        missing.append(f"{{{clean(name, 40)}}}")
        return _variable(name, node)

    def _sent(self, operation: Operation, where: str, missing: list[str]) -> list[tuple[str, Text]]:
        """Parameters that must be sent, of `query` or `header`."""
        found: list[tuple[str, Text]] = []
        for node in operation.parameters:
            name = node.get("name").text
            if node.get("in").text != where or node.get("required").value is not True or not name:
                continue
            if (where == "header" and name.lower() in _NOT_SENT) or name in dict(self._query):
                continue
            schema = _schema(node)
            value = _given(node)
            certain = kind(schema) in ("integer", "number", "boolean") or schema.get("format").text in _CERTAIN
            if value is None and certain:
                value = sample(schema).value
            if _is_secret(name, value if value is not None else "x", operation.node):
                found.append((name, (_secret(name),)))
            elif value is None:
                missing.append(clean(name, 40))
                found.append((name, (_variable(name, node),)))
            else:
                found.append((name, (_plain(value),)))
        return found

    def _same(self, operation: Operation) -> list[tuple[str, Text]]:
        """The answer of an item must be the item that was asked for."""
        names = PARAMETER.findall(operation.path)
        if operation.method != "get" or not names or not operation.path.rstrip("/").endswith(f"{{{names[-1]}}}"):
            return []
        place = collection_of(operation.path, names[-1])
        brought = self._brought.get((place, names[-1])) if place is not None else None
        if brought is None or operation.answer is None:
            return []
        extract = brought[1]
        try:
            at = same_id(operation.answer, names[-1])
        except Unresolved:
            return []
        return [(at, (Extracted(extract.name),))] if at and extract.at.endswith(f".{at}") else []


def _id_name(parameter: str, place: str) -> str:
    """`bag_id` for `{id}` of /bags, `{bag}` and `{bagId}` alike."""
    own = folded(parameter) or "value"
    resource = folded(PARAMETER.sub("", place).rstrip("/").rsplit("/", 1)[-1])
    singular = f"{resource[:-3]}y" if resource.endswith("ies") else resource.removesuffix("s")
    if own in ("id", "uuid", "pk", "key", "slug", "name", "code", "number"):
        return f"{singular}_{own}" if singular else own
    return own


def _body(operation: Operation) -> tuple[Body | None, str]:
    """What a write sends, and a comment where it cannot be written down."""
    if operation.method == "get":
        return None, ""
    request = operation.node.get("requestBody")
    if request.is_there:
        for name, part in request.get("content").entries():
            media = part.followed()
            if "json" in name.lower():
                value = given(media)
                return _json(sample(media.get("schema")).value if value is None else value, media), ""
            if "x-www-form-urlencoded" in name.lower():
                return _form(sample(media.get("schema")).value, media), ""
        kinds = ", ".join(clean(name, 40) for name, _ in request.get("content").entries())
        return None, f"Its body is not generated ({kinds or 'no media type'}): add it."
    fields: dict[str, Json] = {}
    for node in operation.parameters:
        if node.get("in").text == "body":
            return _json(sample(node.get("schema")).value, node), ""
        if node.get("in").text == "formData" and node.get("required").value is True:
            if node.get("type").text == "file":
                return None, "It sends a file, which is not generated: add it."
            fields[node.get("name").text] = _given(node) if _given(node) is not None else sample(node).value
    return (_form(dict(fields), operation.node) if fields else None), ""


def _json(value: Json, node: DocumentNode) -> Body:
    """A JSON body; what goes by the name of a secret is replaced by a variable."""
    replaced: list[tuple[tuple[str | int, ...], Text]] = []
    todo: list[tuple[tuple[str | int, ...], str, Json]] = [((), "", value)]
    while todo:
        at, name, here = todo.pop()
        if isinstance(here, dict):
            todo += [((*at, key), key, inner) for key, inner in here.items()]
        elif isinstance(here, list):
            todo += [((*at, number), name, inner) for number, inner in enumerate(here)]
        elif isinstance(here, str) and _is_secret(name, here, node):
            replaced.append((at, (_secret(name),)))
    return Body("json", json=value, replaced=tuple(replaced))


def _form(value: Json, node: DocumentNode) -> Body:
    fields = value if isinstance(value, dict) else {}
    return Body(
        "form",
        fields=tuple(
            (name, (_secret(name),) if _is_secret(name, one, node) else (_plain(one),)) for name, one in fields.items()
        ),
    )


def _is_secret(name: str, value: Json, node: DocumentNode) -> bool:
    """By its name, its look, or because the document has it as a secret elsewhere."""
    plain = _plain(value)
    return is_secret(name, plain) or any(secret in plain for secret in node.root.secrets)


def _secret(name: str) -> Variable:
    return Variable(
        variable_name(name), clean(name, 40) if is_secret_name(name) else "a value that looks like a secret"
    )


def _variable(name: str, node: DocumentNode | None) -> Variable:
    words = node.get("description").text.partition("\n")[0] if node is not None else ""
    words = hidden(words, node.root.secrets, cuts=True) if node is not None else ""
    return Variable(f"READINESS_VAR_{folded(name).upper() or 'VALUE'}", clean(words or f"parameter {name}", 60))


def _schema(node: DocumentNode) -> DocumentNode:
    """Of a parameter; in Swagger 2 the parameter itself."""
    schema = node.get("schema")
    if schema.is_there:
        return schema
    for _, part in node.get("content").entries():
        return part.followed().get("schema")
    return node


def _given(node: DocumentNode) -> Json:
    value = given(node)
    return given(_schema(node)) if value is None else value


def _plain(value: Json) -> str:
    """As it stands in a path or a query."""
    if isinstance(value, bool) or value is None:
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_plain(one) for one in value)
    return json.dumps(value) if isinstance(value, dict) else str(value)
