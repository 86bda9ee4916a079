"""What a parameter is sent as: the value that the document gives it, and its style."""

from __future__ import annotations

import json

from readiness.init.draft import Json, Variable
from readiness.init.names import folded
from readiness.init.sources.openapi.nodes import DocumentNode
from readiness.init.sources.openapi.schemas import given, kind, sample
from readiness.init.sources.secrets_found import is_secret, is_secret_name, variable_name
from readiness.text import clean
from readiness.text.redaction import hidden

_CERTAIN = frozenset({"date", "date-time", "time"})
"""Formats for which any value will do."""
_BETWEEN = {
    "csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|", "form": ",", "spaceDelimited": " ", "pipeDelimited": "|",
}  # fmt: skip
"""What stands between the elements of a list: collectionFormat of Swagger 2, style of OpenAPI 3."""


def schema_of_parameter(node: DocumentNode) -> DocumentNode:
    """Its schema; in Swagger 2 the parameter itself."""
    schema = node.get("schema")
    if schema.is_there:
        return schema
    for _, part in node.get("content").entries():
        return part.followed().get("schema")
    return node


def chosen_value(node: DocumentNode) -> Json:
    """What the document gives for the parameter, or for the parts of its schema; None where it says nothing."""
    value = given(node)
    if value is not None:
        return value
    made = sample(schema_of_parameter(node))
    return made.value if made.chosen else None


def value_of(node: DocumentNode) -> Json:
    """The same, and a made-up one where any will do."""
    value = chosen_value(node)
    schema = schema_of_parameter(node)
    certain = kind(schema) in ("integer", "number", "boolean") or schema.get("format").text in _CERTAIN
    return sample(schema).value if value is None and certain else value


def in_query(node: DocumentNode, name: str, value: Json) -> list[tuple[str, str]]:
    """The pairs that carry `value` in a query or a form, in the style of the parameter."""
    if node.get("content").is_there or not isinstance(value, list | dict):
        return [(name, plain(value) if not isinstance(value, list | dict) else json.dumps(value))]
    is_of_2 = isinstance(node.root.value, dict) and "swagger" in node.root.value
    style = node.get("collectionFormat").text or "csv" if is_of_2 else node.get("style").text or "form"
    explode = node.get("explode").value
    apart = style == "multi" if is_of_2 else explode is True or (explode is None and style == "form")
    if isinstance(value, list):
        if apart:
            return [(name, plain(one)) for one in value] or [(name, "")]
        return [(name, _BETWEEN.get(style, ",").join(plain(one) for one in value))]
    if style == "deepObject":
        return [(f"{name}[{key}]", plain(one)) for key, one in value.items()]
    if apart:
        return [(key, plain(one)) for key, one in value.items()]
    return [(name, ",".join(plain(one) for pair in value.items() for one in pair))]


def plain(value: Json) -> str:
    """As it stands in a path or a header."""
    if isinstance(value, bool) or value is None:
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(plain(one) for one in value)
    return json.dumps(value) if isinstance(value, dict) else str(value)


def looks_secret(name: str, value: Json, node: DocumentNode) -> bool:
    """By its name, its form, or because the document has it as a secret elsewhere."""
    text = plain(value)
    return is_secret(name, text) or any(secret in text for secret in node.root.secrets)


def secret(name: str) -> Variable:
    """The variable for a value that must not be written down."""
    return Variable(
        variable_name(name), clean(name, 40) if is_secret_name(name) else "a value that looks like a secret"
    )


def unknown(name: str, node: DocumentNode | None) -> Variable:
    """The variable for a value that nothing gives."""
    words = node.get("description").text.partition("\n")[0] if node is not None else ""
    words = hidden(words, node.root.secrets, cuts=True) if node is not None else ""
    return Variable(f"READINESS_VAR_{folded(name).upper() or 'VALUE'}", clean(words or f"parameter {name}", 60))
