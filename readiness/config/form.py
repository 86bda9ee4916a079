"""Forms: the one definition of the file's shape. A form reads a node into a value and knows its JSON Schema.

A form that finds mistakes raises `Wrong` with all of them; a section gathers those of its parts before it gives up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Generic, TypeVar, get_type_hints

from readiness.config.tree import Items, Node, Scalar, Table
from readiness.text import clean
from readiness.text.spelling import nearest

T = TypeVar("T")
Schema = Mapping[str, object]
MAX_PROBLEMS = 50
"""More mistakes than this are not shown, so none is searched for: each costs a search for the name that was meant."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands, the path of keys to it, and what to do."""

    line: int
    path: str
    text: str


class Wrong(Exception):
    """What a form found wrong, all of it."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


class Complaint(ValueError):
    """Raised by a section's maker about the values together; `key` is the one to blame, None the whole section."""

    def __init__(self, text: str, key: str | None = None) -> None:
        super().__init__(text)
        self.key = key


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How to read one kind of value."""

    read: Callable[[Node, str], T]
    """(node, path) -> value; raises Wrong."""
    schema: Schema


def join(path: str, key: str) -> str:
    """The path of `key` below `path`."""
    return f"{path}.{key}" if path else key


def scalar(parse: Callable[[Scalar], T], schema: Schema) -> Form[T]:
    """A single value; `parse` raises ValueError with the sentence to show."""

    def read(node: Node, path: str) -> T:
        if not isinstance(node, Scalar):
            kind = "a list" if isinstance(node, Items) else "a mapping"
            raise Wrong(Problem(node.line, path, f"must be a single value, not {kind}"))
        try:
            return parse(node)
        except ValueError as error:
            if node.variables:  # the sentence may quote the value, which is a secret
                names = " and ".join(f"${{{name}}}" for name in node.variables)
                raise Wrong(Problem(node.line, path, f"the value of {names} does not fit here")) from None
            raise Wrong(Problem(node.line, path, str(error))) from error

    return Form(read, schema)


def items(form: Form[T], *, least: int = 0) -> Form[tuple[T, ...]]:
    """A list of at least `least` values of one form."""

    def read(node: Node, path: str) -> tuple[T, ...]:
        if not isinstance(node, Items):
            raise Wrong(Problem(node.line, path, f"must be a list, such as [{_shape(form.schema) or 'a, b'}]"))
        if len(node.items) < least:
            raise Wrong(Problem(node.line, path, f"must have at least {least} {'entry' if least == 1 else 'entries'}"))
        values: list[T] = []
        problems: list[Problem] = []
        for index, item in enumerate(node.items):
            if len(problems) > MAX_PROBLEMS:
                break
            try:
                values.append(form.read(item, f"{path}[{index}]"))
            except Wrong as wrong:
                problems += wrong.problems
        if problems:
            raise Wrong(*problems)
        return tuple(values)

    bound = {"minItems": least} if least else {}
    return Form(read, {"type": "array", "items": form.schema, **bound})


def mapping(form: Form[T], *, key: Callable[[str], object], pattern: str = "", least: int = 0) -> Form[dict[str, T]]:
    """Free names with one form of value; `key` raises ValueError for a name that may not be."""

    def read(node: Node, path: str) -> dict[str, T]:
        values: dict[str, T] = {}
        problems: list[Problem] = []
        for name, value in table(node, path).pairs:
            if len(problems) > MAX_PROBLEMS:
                break
            try:
                key(name.text)
            except ValueError as error:
                problems.append(Problem(name.line, join(path, clean(name.text, 60)), str(error)))
                continue
            try:
                values[name.text] = form.read(value, join(path, name.text))
            except Wrong as wrong:
                problems += wrong.problems
        if problems:
            raise Wrong(*problems)
        if len(values) < least:
            raise Wrong(Problem(node.line, path, f"must have at least {least} entry"))
        return values

    names: Schema = {"propertyNames": {"pattern": pattern}} if pattern else {}
    bound = {"minProperties": least} if least else {}
    return Form(read, {"type": "object", "additionalProperties": form.schema, **names, **bound})


def section(
    make: Callable[..., T],
    known: Mapping[str, tuple[str, Form[Any]]],
    *,
    required: Iterable[str] = (),
    line: str | None = None,
) -> Form[T]:
    """A mapping with known keys. `known` is key -> (argument of `make`, form); absent keys keep `make`'s default.

    `line` names the argument that receives the section's line number.
    """
    needed = tuple(required)

    def read(node: Node, path: str) -> T:
        given: dict[str, Any] = {}
        problems: list[Problem] = []
        lines: dict[str, int] = {}
        for key, value in table(node, path, _shape(schema)).pairs:
            lines[key.text] = key.line
            if len(problems) > MAX_PROBLEMS:
                continue
            if key.text not in known:
                where = join(path, clean(key.text, 60))
                problems.append(Problem(key.line, where, f"unknown key{nearest(key.text, known)}"))
                continue
            argument, form = known[key.text]
            try:
                given[argument] = form.read(value, join(path, key.text))
            except Wrong as wrong:
                problems += wrong.problems
        problems += [Problem(node.line, join(path, key), "is required") for key in needed if key not in lines]
        if problems:
            raise Wrong(*problems)
        if line is not None:
            given[line] = node.line
        try:
            return make(**given)
        except Complaint as complaint:
            key_line = lines.get(complaint.key or "", node.line)
            where = join(path, complaint.key) if complaint.key else path
            raise Wrong(Problem(key_line, where, str(complaint))) from complaint

    schema: dict[str, object] = {
        "type": "object",
        "properties": {key: form.schema for key, (_, form) in known.items()},
        "additionalProperties": False,
    }
    if needed:
        schema["required"] = list(needed)
    return Form(read, schema)


def section_of(
    kind: type[T],
    make: Callable[..., T] | None = None,
    *,
    required: Collection[str] = (),
    without: Collection[str] = (),
) -> Form[T]:
    """A mapping with a key for each field of the dataclass `kind` that is annotated with its form, but for `without`.

    `Annotated[float, ("every", form)]` names the key where it is not the field's own. Fields without a default are
    `required` too; one called `line` receives the section's line number. `make` takes the fields in place of `kind`.
    """
    shape: Any = kind
    known: dict[str, tuple[str, Form[Any]]] = {}
    needed = [*required]
    hints = get_type_hints(kind, include_extras=True)
    for entry in fields(shape):
        for noted in getattr(hints[entry.name], "__metadata__", ()):
            key, form = noted if isinstance(noted, tuple) else (entry.name, noted)
            if key in without:
                continue
            known[key] = (entry.name, form)
            if entry.default is MISSING and entry.default_factory is MISSING:
                needed.append(key)
    return section(make or kind, known, required=needed, line="line" if "line" in hints else None)


def described(form: Form[T], text: str) -> Form[T]:
    """The form with a description, which editors show."""
    return Form(form.read, {**form.schema, "description": text})


def _shape(schema: Schema) -> str:
    """`{ check: …, owner: … }`: the required keys of a section, else its first one; "" of what has no such keys."""
    known = schema.get("properties")
    keys = schema.get("required") or (list(known)[:1] if isinstance(known, dict) else [])
    return f"{{ {', '.join(f'{key}: …' for key in keys)} }}" if isinstance(keys, list) and keys else ""


def table(node: Node, path: str, example: str = "") -> Table:
    """`node` as a mapping; an empty value is an empty mapping. Raises Wrong."""
    if isinstance(node, Table):
        return node
    if isinstance(node, Scalar) and node.plain and node.text in ("", "~", "null"):
        return Table(node.line, ())
    shape = example or "{ key: value }"
    raise Wrong(Problem(node.line, path, f"must be a mapping of keys to values, such as {shape}"))
