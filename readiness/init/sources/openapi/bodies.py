"""What a write sends: JSON or a form, under the media type that the document says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from readiness.init.draft import Body, Json, Text
from readiness.init.sources.openapi.nodes import DocumentNode
from readiness.init.sources.openapi.operations import Operation
from readiness.init.sources.openapi.parameters import chosen_value, in_query, looks_secret, plain, secret
from readiness.init.sources.openapi.schemas import given, sample
from readiness.init.sources.per_request import NEW, is_per_request
from readiness.text import clean

_JSON = "application/json"
_ANY = ("*/*", "application/*")
_MEDIA = re.compile(r"[\w.!#$&^+-]{1,60}/[\w.!#$&^+-]{1,100}", re.ASCII)


def body_of(operation: Operation) -> tuple[Body | None, tuple[tuple[str, Text], ...], str]:
    """The body, the header that its media type needs, and a comment where it cannot be written down."""
    if operation.method == "get":
        return None, (), ""
    request = operation.node.get("requestBody")
    if not request.is_there:
        return _of_swagger_2(operation)
    media = dict(request.get("content").entries())
    name = _chosen(media)
    if name is None:
        return _not_generated(media)
    node = media[name].followed()
    if not _is_json(name):
        return _form(sample(node.get("schema")).value, node), (), ""
    value = given(node)
    return _json(sample(node.get("schema")).value if value is None else value, node), _header(name), ""


def _of_swagger_2(operation: Operation) -> tuple[Body | None, tuple[tuple[str, Text], ...], str]:
    fields: list[tuple[str, Text]] = []
    for node in operation.parameters:
        if node.get("in").text == "body":
            consumes = operation.node.get("consumes")
            whole = DocumentNode(node.root.value, "", node.root)
            kinds = [part.text for part in (consumes if consumes.is_there else whole.find("consumes")).parts()]
            name = _chosen([kind for kind in kinds if _is_json(kind)]) if kinds else _JSON
            if name is None:
                return _not_generated(kinds)
            return _json(sample(node.get("schema")).value, node), _header(name), ""
        if node.get("in").text == "formData" and node.get("required").value is True:
            if node.get("type").text == "file":
                return None, (), "It sends a file, which is not generated: add it."
            value = chosen_value(node)
            fields += _fields(node.get("name").text, sample(node).value if value is None else value, node)
    return (Body("form", fields=tuple(fields)) if fields else None), (), ""


def _chosen(media: Iterable[str]) -> str | None:
    """Plain JSON where it is there, else the first that can be generated."""
    known = [name for name in media if _is_json(name) or "x-www-form-urlencoded" in name.lower()]
    return next((name for name in known if _bare(name) == _JSON), next(iter(known), None))


def _is_json(media: str) -> bool:
    return "json" in media.lower() or _bare(media) in _ANY


def _bare(media: str) -> str:
    return media.partition(";")[0].strip().lower()


def _header(media: str) -> tuple[tuple[str, Text], ...]:
    """The client says application/json by itself."""
    name = _bare(media)
    return (("Content-Type", (name,)),) if name != _JSON and _MEDIA.fullmatch(name) else ()


def _not_generated(media: Iterable[str]) -> tuple[None, tuple[()], str]:
    kinds = ", ".join(clean(name, 40) for name in media)
    return None, (), f"Its body is not generated ({kinds or 'no media type'}): add it."


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
        elif isinstance(here, str) and is_per_request("json", name):
            replaced.append((at, NEW))
        elif isinstance(here, str) and looks_secret(name, here, node):
            replaced.append((at, (secret(name),)))
    return Body("json", json=value, replaced=tuple(replaced))


def _form(value: Json, node: DocumentNode) -> Body:
    fields = value if isinstance(value, dict) else {}
    return Body("form", fields=tuple(pair for name, one in fields.items() for pair in _fields(name, one, node)))


def _fields(name: str, value: Json, node: DocumentNode) -> list[tuple[str, Text]]:
    if is_per_request("field", name):
        return [(name, NEW)]
    if looks_secret(name, value, node):
        return [(name, (secret(name),))]
    if isinstance(value, dict):  # the properties of a form are JSON themselves (OpenAPI 3, Encoding Object)
        return [(name, (plain(value),))]
    return [(key, (one,)) for key, one in in_query(node, name, value)]
