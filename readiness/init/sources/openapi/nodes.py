"""The document as a tree, and places in it: loaded within bounds, walked by key, `$ref`s followed inside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote

import yaml

from readiness.errors import ConfigError
from readiness.init.draft import Json
from readiness.text import clean

MOST_BYTES = 64 << 20
MOST_YAML_BYTES = 24 << 20
"""YAML takes some twenty times its size in memory, and a second a megabyte."""
_MOST_DEPTH = 200
"""Brackets within brackets; the deepest public documents have some forty."""
MOST_STEPS = 3_000_000
"""Places examined; a public document of 30 MB takes less than two million."""
MOST_REFS = 32
"""`$ref`s to `$ref`s."""
_LONG_NUMBER = "a number of more than 4,300 digits"
_SAYS = re.compile(rb"""(?:^|[\s{,])["']?(?:openapi["']?\s*:\s*["']?3|swagger["']?\s*:\s*["']?2)""")


_FIRST = rb"(?:basePath|components|consumes|definitions|externalDocs|info|paths|servers)"
_SORTED = re.compile(rb"""\s*\{\s*"%s"\s*:""" % _FIRST)
_SORTED_YAML = re.compile(rb"""(?:(?:---|%%|[ \t]*\#)[^\n]*\n|[ \t\r]*\n){0,200}["']?%s["']?[ \t]*:(?:\s|$)""" % _FIRST)
"""After comments; how the document begins that a tool wrote with its keys in order."""
_MOST_MERGES = 3
"""Places of a kind that are told."""


class Unresolved(Exception):
    """A part that cannot be read; the text says where and why."""


@dataclass(slots=True)
class Root:
    """The whole document, and how much work it has made."""

    value: Json
    source: str
    steps: int = 0
    properties: dict[int, dict[str, DocumentNode]] = field(default_factory=dict)
    """Of schemas that were read, by the identity of their mapping (schemas.py)."""

    told: list[str] = field(default_factory=list)
    """What was left out while the document was read."""
    names: dict[int, str] = field(default_factory=dict)
    """Of the schemas that the document keeps under a name, by the identity of their mapping (schemas.py)."""

    secrets: frozenset[str] = frozenset()
    """Values of the document that must not be written down (examples.py)."""

    def step(self) -> None:
        """Count one place that is examined. Raises ConfigError when there were too many: parts that repeat parts."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise ConfigError(f"{self.source}: its parts repeat each other without end, so it was not read to its end")


@dataclass(frozen=True, slots=True)
class DocumentNode:
    """A part of the document, `$ref`s followed, and where it stands."""

    value: Json
    at: str
    """`paths./bags.get`, as a reader finds it."""
    root: Root

    def get(self, key: str) -> DocumentNode:
        """What stands under `key`; a DocumentNode of None when nothing does. Raises Unresolved for a bad `$ref`."""
        found = _under(self.value, key)
        return _followed(DocumentNode(found, f"{self.at}.{key}" if self.at else key, self.root))

    def find(self, key: str) -> DocumentNode:
        """As `get`, for what the rest can be read without: a DocumentNode of None for a bad `$ref` too."""
        try:
            return self.get(key)
        except Unresolved:
            return DocumentNode(None, self.at, self.root)

    def entries(self) -> Iterator[tuple[str, DocumentNode]]:
        """Keys and what stands under them; nothing for anything but a mapping."""
        if isinstance(self.value, dict):
            for key in self.value:
                self.root.step()
                yield str(key), DocumentNode(self.value[key], f"{self.at}.{key}" if self.at else str(key), self.root)

    def parts(self) -> Iterator[DocumentNode]:
        """Elements of a list, not followed; nothing for anything else."""
        if isinstance(self.value, list):
            for number, value in enumerate(self.value):
                self.root.step()
                yield DocumentNode(value, f"{self.at}[{number}]", self.root)

    def followed(self) -> DocumentNode:
        """The part that a `$ref` here names. Raises Unresolved."""
        return _followed(self)

    @property
    def text(self) -> str:
        """The text; "" when it is none."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def is_there(self) -> bool:
        return self.value is not None


def recognises(head: bytes) -> bool:
    """Whether a source that begins so is a document of this kind; one with sorted keys says it at its end."""
    if _SAYS.search(head) is not None or _SORTED_YAML.match(head) is not None:
        return True
    return _SORTED.match(head) is not None and b"\n{" not in head


def load(data: bytes, source: str) -> DocumentNode:
    """The whole document. Raises ConfigError with the place when it is broken, too large or too deep."""
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{source}: is larger than {MOST_BYTES >> 20} MiB, which is the most that is read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{source}: byte {error.start}: is not UTF-8 text") from None
    try:
        value = _json(text, source) if text.lstrip()[:1] == "{" else _yaml(text, source)
    except RecursionError:
        raise ConfigError(f"{source}: is nested too deeply") from None
    root = DocumentNode(value, "", Root(value, source))
    root.root.told += _merges(value) if "<<" in text else []
    version = str(_under(value, "openapi") or _under(value, "swagger") or "")
    if not version.startswith(("3.", "2")):
        shown = clean(version, 20) or "nothing"
        raise ConfigError(f"{source}: openapi: is {shown}; OpenAPI 3.0, 3.1 and Swagger 2.0 are read")
    if not isinstance(_under(value, "paths"), dict):
        raise ConfigError(f"{source}: paths: is not there, so there is nothing to ask for")
    return root


def _merges(value: Json) -> list[str]:
    """A line for what `<<` would bring in, which is not read (decision 38)."""
    found: list[str] = []
    seen: set[int] = set()
    todo: list[tuple[Json, str]] = [(value, "")]
    while todo:
        here, at = todo.pop()
        if not isinstance(here, dict | list) or id(here) in seen:
            continue
        seen.add(id(here))
        entries = here.items() if isinstance(here, dict) else ((f"[{number}]", one) for number, one in enumerate(here))
        for key, part in entries:
            if key == "<<":
                found.append(clean(f"{at}.<<".lstrip("."), 120))
            elif isinstance(part, dict | list):
                todo.append((part, f"{at}.{key}".lstrip(".") if isinstance(here, dict) else f"{at}{key}"))
    shown = ", ".join(sorted(found)[:_MOST_MERGES])
    more = f" and {len(found) - _MOST_MERGES} more" if len(found) > _MOST_MERGES else ""
    return [f"{shown}{more}: `<<` is not read, so what it brings in is missing: write it out"] if found else []


def _json(text: str, source: str) -> Json:
    _refuse_depth(text, source)
    try:
        return cast(Json, json.loads(text, parse_constant=lambda name: None))
    except json.JSONDecodeError as error:
        if "\n" in text and _looks_like_yaml(text):
            return _yaml(text, source)
        raise ConfigError(f"{source}:{error.lineno}: is not JSON: {clean(error.msg, 100)}") from None
    except ValueError:
        raise ConfigError(f"{source}: has {_LONG_NUMBER}") from None


def _looks_like_yaml(text: str) -> bool:
    """A flow mapping whose first key has no quotes."""
    return re.match(r"\s*\{\s*[A-Za-z]", text) is not None


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C is there with every wheel
    """Texts, numbers, lists and mappings only: no dates, and no `<<`, by which a small text can grow without bound."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in found
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge")
    ]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(text: str, source: str) -> Json:
    if len(text) > MOST_YAML_BYTES:
        raise ConfigError(f"{source}: is larger than {MOST_YAML_BYTES >> 20} MiB of YAML; give the same as JSON")
    _refuse_depth(text, source)
    try:
        return cast(Json, yaml.load(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}" if mark else source
        raise ConfigError(f"{place}: is not YAML: {clean(error.problem or error, 120)}") from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        said = _LONG_NUMBER if "integer string" in str(error) else clean(error, 120)
        raise ConfigError(f"{source}: is not YAML that can be read: {said}") from None


def _refuse_depth(text: str, source: str) -> None:
    """Parsers go one call deeper for each bracket and each indentation."""
    depth = 0
    for match in re.finditer(r"[\[{\]}]|\n +", text):
        mark = match.group()
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth = max(depth - 1, 0)
        if depth > _MOST_DEPTH or len(mark) > _MOST_DEPTH * 8:
            line = text.count("\n", 0, match.start()) + 1
            raise ConfigError(f"{source}:{line}: is nested more than {_MOST_DEPTH} deep")


def _followed(node: DocumentNode) -> DocumentNode:
    node.root.step()
    seen: set[str] = set()
    while isinstance(node.value, dict) and isinstance(ref := node.value.get("$ref"), str):
        place = f"{node.at}.$ref"
        if not ref.startswith("#"):
            raise Unresolved(
                f"{place}: {clean(ref, 100)}: is outside this file and is not opened; bundle the files into one"
            )
        if ref in seen or len(seen) >= MOST_REFS:
            raise Unresolved(f"{place}: {clean(ref, 100)}: leads back to itself")
        seen.add(ref)
        node = DocumentNode(_pointed(node.root.value, ref, place), node.at, node.root)
    return node


def _pointed(root: Json, ref: str, place: str) -> Json:
    found = root
    for part in unquote(ref[1:]).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and key.isdecimal() and len(key) < 9 and int(key) < len(found):
            found = found[int(key)]
            continue
        found = _under(found, key)
        if found is None:
            raise Unresolved(f"{place}: {clean(ref, 100)}: is not in this file")
    return found


def _under(value: Json, key: str) -> Json:
    if not isinstance(value, dict):
        return None
    if key in value:
        return value[key]
    if key.isdecimal() and len(key) < 9:
        return cast("dict[object, Json]", value).get(int(key))  # YAML reads 200 as a number
    return None
