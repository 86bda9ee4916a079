"""JSON Schemas of report.json and run.json, and their keys as tables, from the dataclasses that write the files.

What a key means is the docstring below the field, so that code, schema and document cannot say different things.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import re
import textwrap
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from readiness.judge.declared import Declared
from readiness.judge.verdict import Verdict
from readiness.measurements import json as run_json
from readiness.measurements.histogram import Histogram
from readiness.measurements.run import Load, Run, Slice
from readiness.measurements.strict import MAX_INTEGER
from readiness.report import json as report_json

DRAFT = "https://json-schema.org/draft/2020-12/schema"
WIDTH = 120
WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER}
SCALARS: Mapping[object, dict[str, Any]] = {
    str: {"type": "string"},
    int: WHOLE,
    float: {"type": "number"},
    bool: {"type": "boolean"},
    types.NoneType: {"type": "null"},
}
FIGURES = ("total", "sum_us", "min_us", "max_us")
HISTOGRAM = {
    "description": "Latencies: HdrHistogram V2 text (base64) with exact figures; without any, only the total, 0.",
    "type": "object",
    "properties": {"hdr": {"type": "string"}, **dict.fromkeys(FIGURES, WHOLE)},
    "required": ["total"],
    "additionalProperties": False,
}
SLICES = {
    "description": "Time blocks as columns; buckets is base64 of zlib of little-endian int64: indices, then counts.",
    "type": "object",
    "properties": {
        **{key: {"type": "array", "items": {"type": "number", "minimum": 0}} for key in ("start_s", "duration_s")},
        **{key: {"type": "array", "items": WHOLE} for key in ("failed", *FIGURES, "sizes")},
        "buckets": {"type": "string"},
    },
    "required": ["start_s", "duration_s", "failed", *FIGURES, "sizes", "buckets"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class File:
    """One kind of file: the dataclass behind it, and where the two differ."""

    schema: str
    root: type
    title: str
    names: Mapping[tuple[type, str], str]
    """(dataclass, field) -> key."""
    absent: frozenset[tuple[type, str]]
    """Fields without a default whose key may be left out."""
    moved: Mapping[str, tuple[type, str]]
    """Key at the top -> (dataclass, field) that it is in the code."""
    added: Mapping[str, tuple[object, str]]
    """Key at the top that is no field -> (type, meaning)."""


REPORT = File(
    schema=report_json._SCHEMA,
    root=Verdict,
    title="report.json: the verdict on one run",
    names=report_json._NAMES,
    absent=frozenset(),
    moved={},
    added={
        "declared": (Declared | None, "What the report was written with, so that a removed check is noticed."),
        "seal": (
            str | None,
            "SHA-256 of everything else, so that an edit is noticed; null in reports of older versions.",
        ),
    },
)
RUN = File(
    schema=run_json._SCHEMA,
    root=Run,
    title="run.json: the facts of one run",
    names={},
    absent=frozenset(run_json.DEFAULTS),
    moved={"ledger": (Load, "ledger"), "endpoints": (Load, "endpoints")},
    added={},
)
THRESHOLDS = {
    "type": "object",
    "description": "The file that the run was judged by.",
    "properties": {"file": {"type": "string"}, "sha256": {"type": "string"}},
    "required": ["file", "sha256"],
    "additionalProperties": False,
}


def text(file: File) -> str:
    """The schema as published."""
    return json.dumps(schema(file), ensure_ascii=False, indent=2) + "\n"


def schema(file: File) -> dict[str, Any]:
    """The JSON Schema of a whole file."""
    below: dict[str, Any] = {}
    root = _object(file, file.root, below)
    properties = root["properties"]
    if file.root is Verdict:
        for name in ("thresholds_file", "thresholds_sha256"):
            del properties[name]
            root["required"].remove(name)
        properties["thresholds"] = THRESHOLDS
        root["required"].append("thresholds")
    for key, (hint, meaning) in file.added.items():
        properties[key] = {"description": meaning, **_type(file, hint, below)}
    for key, (kind, name) in file.moved.items():
        hint = typing.get_type_hints(kind)[name]
        properties[key] = _described(_meanings(kind).get(name, ""), _or_null(_type(file, hint, below)))
        below[kind.__name__]["properties"].pop(name)
        below[kind.__name__]["required"].remove(name)
    return {
        "$schema": DRAFT,
        "title": file.title,
        "type": "object",
        "properties": {"schema": {"const": file.schema}, **properties},
        "required": ["schema", *root["required"]],
        "additionalProperties": False,
        "$defs": dict(sorted(below.items())),
    }


def tables(file: File) -> str:
    """Each object of the file: its name, what it is, and a line for each key."""
    whole = schema(file)
    parts = [_section("The whole file", whole)]
    parts += [_section(name, part) for name, part in whole["$defs"].items()]
    return "\n".join(parts)


def _section(name: str, part: Mapping[str, Any]) -> str:
    lines = [f"### {name}", ""]
    if part.get("description"):
        lines += [*_wrapped(part["description"]), ""]
    for key, value in part.get("properties", {}).items():
        needed = "" if key in part.get("required", ()) else ", optional"
        meaning = f": {value['description']}" if value.get("description") else ""
        lines += _wrapped(f"- `{key}` ({_words(value)}{needed}){meaning}", "  ")
    if "enum" in part:
        lines += _wrapped(", ".join(f"`{value}`" for value in part["enum"]))
    return "\n".join([*lines, ""])


def _words(value: Mapping[str, Any]) -> str:
    """A type as a reader says it."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in value:
        return f"`{value['const']}`"
    if "anyOf" in value:
        return " or ".join(_words(part) for part in value["anyOf"])
    kind = str(value["type"])
    if kind == "array":
        if "prefixItems" in value:
            return f"list of {' and '.join(_words(part) for part in value['prefixItems'])}"
        return f"list of {_words(value['items'])}"
    if kind == "object":
        inside = value.get("additionalProperties")
        return f"object of {_words(inside)}" if isinstance(inside, dict) else "object"
    plain = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    return plain.get(kind, kind)


def _object(file: File, kind: type, below: dict[str, Any]) -> dict[str, Any]:
    hints, meanings = typing.get_type_hints(kind), _meanings(kind)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for entry in dataclasses.fields(kind):
        key = file.names.get((kind, entry.name), entry.name)
        properties[key] = _described(meanings.get(entry.name, ""), _type(file, hints[entry.name], below))
        missing = entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        if missing and (kind, entry.name) not in file.absent:
            required.append(key)
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _type(file: File, hint: Any, below: dict[str, Any]) -> dict[str, Any]:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in SCALARS:
        return dict(SCALARS[hint])
    if hint is Histogram or hint == tuple[Slice, ...]:
        name, part = ("Histogram", HISTOGRAM) if hint is Histogram else ("Slices", SLICES)
        below[name] = part
        return {"$ref": f"#/$defs/{name}"}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [_type(file, arg, below) for arg in args]}
    if origin is tuple and args[-1] is Ellipsis:
        return {"type": "array", "items": _type(file, args[0], below)}
    if origin is tuple:
        parts = [_type(file, arg, below) for arg in args]
        return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        below[hint.__name__] = {
            "description": " ".join((hint.__doc__ or "").split()),
            "enum": [member.value for member in hint],
        }
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if hint.__name__ not in below:
            below[hint.__name__] = {}  # it may contain itself
            below[hint.__name__].update(_object(file, hint, below))
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return {"type": "object", "additionalProperties": _type(file, args[1], below)}


def _or_null(part: dict[str, Any]) -> dict[str, Any]:
    return part if part.get("type") == "array" else {"anyOf": [part, {"type": "null"}]}


def _described(meaning: str, part: dict[str, Any]) -> dict[str, Any]:
    return {"description": meaning, **part} if meaning else part


@cache
def _meanings(kind: type) -> dict[str, str]:
    """Field -> the docstring below it."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    return dict(_docstrings(body.body))


def _docstrings(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for field, below in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            yield field.target.id, re.sub(r"\bNone\b", "null", " ".join(str(below.value.value).split()))


def _wrapped(line: str, below: str = "") -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=below, break_long_words=False, break_on_hyphens=False)
