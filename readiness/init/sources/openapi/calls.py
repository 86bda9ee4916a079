"""An operation becomes a call: its path with ids, the parameters that it needs, its body, and what must come back."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Literal

from readiness.init.draft import Call, Extract, Extracted, Text, Variable
from readiness.init.names import folded
from readiness.init.sources.openapi.bodies import body_of
from readiness.init.sources.openapi.lists import (
    PARAMETER,
    collection_of,
    lists_by_schema,
    place_of_id,
    same_id,
    schema_of,
)
from readiness.init.sources.openapi.nodes import Unresolved
from readiness.init.sources.openapi.operations import Operation
from readiness.init.sources.openapi.parameters import (
    chosen_value,
    in_query,
    looks_secret,
    plain,
    schema_of_parameter,
    secret,
    unknown,
    value_of,
)
from readiness.init.sources.openapi.schemas import is_listed
from readiness.init.sources.per_request import NEW, is_per_request
from readiness.text import clean

ParameterPlace = Literal["query", "header", "cookie"]
_NOT_SENT = frozenset({"content-type", "host", "content-length"})
"""Headers that the client sets."""


class Calls:
    """Writes the calls of one scenario: which ids its lists bring, and what goes with every request."""

    def __init__(
        self, group: Sequence[Operation], query: tuple[tuple[str, Text], ...], standing: Set[tuple[ParameterPlace, str]]
    ):
        """`standing` is what every request of the client has anyway, such as its credentials."""
        self._query = query
        self._standing = {*standing, *(("query", name.lower()) for name, _ in query)}
        self._of_schema = lists_by_schema([one for one in group if one.method == "get" and "{" not in one.path])
        self._lists = {one.path.rstrip("/"): one for one in group if one.method == "get"}
        self._brought = self._ids(group)

    def call(self, operation: Operation) -> tuple[Call, tuple[str, ...]]:
        """The call, and the parameters for which nothing gives a value. Raises Unresolved."""
        missing: list[str] = []
        path = self._path(operation, missing)
        query = tuple(self._sent(operation, "query", missing))
        headers = tuple(self._sent(operation, "header", missing))
        cookies = tuple(self._sent(operation, "cookie", missing))
        body, media, said = body_of(operation)
        extracts = tuple(self._extracts(operation))
        call = Call(
            method=operation.method.upper(),
            path=path,
            name=operation.path,
            query=(*query, *self._query),
            headers=(*headers, *media),
            cookies=cookies,
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
        value = chosen_value(node) if node is not None else None
        place = collection_of(operation.path, name)
        is_one_of_few = node is not None and value is not None and is_listed(schema_of_parameter(node))
        if not is_one_of_few and place is not None and (place, name) in self._brought:
            return Extracted(self._brought[place, name][1].name)
        if value is not None and (is_one_of_few or not looks_secret(name, value, operation.node)):
            return plain(value)
        missing.append(f"{{{clean(name, 40)}}}")
        return unknown(name, node)

    def _sent(self, operation: Operation, where: ParameterPlace, missing: list[str]) -> list[tuple[str, Text]]:
        """Parameters that must be sent, each in its place."""
        found: list[tuple[str, Text]] = []
        for node in operation.parameters:
            name = node.get("name").text
            if node.get("in").text != where or node.get("required").value is not True or not name:
                continue
            if (where, name.lower()) in self._standing or (where == "header" and name.lower() in _NOT_SENT):
                continue
            if is_per_request(where, name):
                found.append((name, NEW))
                continue
            value = value_of(node)
            if where == "header" and name.lower() == "accept" and value is None:
                continue  # the client sends one that takes anything
            if looks_secret(name, "x" if value is None else value, operation.node):
                found.append((name, (secret(name),)))
            elif value is None:
                missing.append(clean(name, 40))
                found.append((name, (unknown(name, node),)))
            elif where == "query":
                found += [(key, (text,)) for key, text in in_query(node, name, value)]
            else:
                found.append((name, (plain(value),)))
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
