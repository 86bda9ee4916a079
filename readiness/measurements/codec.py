"""Frozen dataclasses <-> strict JSON, by their type hints: the dataclass is the only definition of the file's shape.

Reading refuses: a key that the shape does not have (a typo must not lose evidence, and a new key is a new schema
version), a missing key without a default, a wrong type, a number that is not finite, a negative whole number.
Text with control or invisible characters is cleaned (readiness.text): a file is a border like any other.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from readiness.measurements.strict import SCALARS, Malformed, enum, scalar, shown, text
from readiness.text import clean
from readiness.text.spelling import nearest


@dataclass(frozen=True, slots=True)
class Pair:
    """To JSON values and back."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


@dataclass(slots=True)
class Codec:
    """How the values of one file are written; `pair` compiles a type hint once."""

    special: Mapping[object, Pair] = field(default_factory=dict)
    """Type hint -> its own way."""
    names: Mapping[tuple[type, str], str] = field(default_factory=dict)
    """(dataclass, field) -> key, where they differ."""
    defaults: Mapping[tuple[type, str], object] = field(default_factory=dict)
    """(dataclass, field) -> value of an absent key, beside the dataclass's own defaults."""
    checks: Mapping[type, Callable[[Any], str | None]] = field(default_factory=dict)
    """Dataclass -> what is wrong with a whole value, or None."""
    omit_defaults: bool = False
    """Leave out what has the dataclass's default."""
    _pairs: dict[object, Pair] = field(default_factory=dict)

    def pair(self, hint: object) -> Pair:
        """The way to write and read values of `hint`."""
        if hint not in self._pairs:
            self._pairs[hint] = self.special.get(hint) or self._compile(hint)
        return self._pairs[hint]

    def _compile(self, hint: Any) -> Pair:
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if hint in SCALARS:
            return Pair(_same, SCALARS[hint])
        if origin in (types.UnionType, typing.Union):
            return self._union(args)
        if origin is tuple:
            return _list(self.pair(args[0])) if args[-1] is Ellipsis else _fixed([self.pair(arg) for arg in args])
        if isinstance(hint, type) and issubclass(hint, Enum):
            return Pair(lambda value: value.value, lambda value: enum(hint, value))
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            return self._dataclass(hint)
        return _table(self.pair(args[1]))  # Mapping[str, X]

    def _union(self, args: tuple[Any, ...]) -> Pair:
        others = [arg for arg in args if arg is not types.NoneType]
        if len(others) == 1:
            one = self.pair(others[0])
            return Pair(
                lambda value: None if value is None else one.write(value),
                lambda value: None if value is None else one.read(value),
            )
        if all(dataclasses.is_dataclass(other) for other in others):
            keys = [({f.name for f in dataclasses.fields(other)}, self.pair(other)) for other in others]
            pairs = {other: self.pair(other) for other in others}

            def read(value: Any) -> Any:
                if value is None:
                    return None
                fits = [pair for names, pair in keys if isinstance(value, dict) and names >= value.keys()]
                return (fits[0] if fits else keys[0][1]).read(value)

            return Pair(lambda value: None if value is None else pairs[type(value)].write(value), read)
        return Pair(_same, lambda value: scalar(value, args))

    def _dataclass(self, kind: type) -> Pair:
        hints = typing.get_type_hints(kind)
        writers: list[tuple[str, str, Pair, object]] = []
        readers: dict[str, tuple[str, Pair]] = {}
        absent: dict[str, object] = {}
        required: list[str] = []
        for entry in dataclasses.fields(kind):
            key = self.names.get((kind, entry.name), entry.name)
            pair = self.pair(hints[entry.name])
            default = _default(entry)
            omitted = self.omit_defaults and default is not dataclasses.MISSING
            writers.append((entry.name, key, pair, pair.write(default) if omitted else dataclasses.MISSING))
            readers[key] = (entry.name, pair)
            if (kind, entry.name) in self.defaults:
                absent[entry.name] = self.defaults[kind, entry.name]
            elif default is dataclasses.MISSING:
                required.append(key)
        check = self.checks.get(kind)

        def write(value: Any) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for name, key, pair, default in writers:
                part = pair.write(getattr(value, name))
                if default is dataclasses.MISSING or part != default:
                    out[key] = part
            return out

        def read(value: Any) -> Any:
            if not isinstance(value, dict):
                raise Malformed(f"must be an object, not {shown(value)}")
            given = dict(absent)
            for key, part in value.items():
                if key not in readers:
                    raise Malformed(f'unknown key "{clean(key, 60)}"{nearest(key, readers)}')
                name, pair = readers[key]
                try:
                    given[name] = pair.read(part)
                except Malformed as error:
                    error.steps.append(f".{key}")
                    raise
            for key in required:
                if key not in value:
                    raise Malformed(f'the key "{key}" is missing')
            result = kind(**given)
            if check and (problem := check(result)):
                raise Malformed(problem)
            return result

        return Pair(write, read)


def _default(entry: dataclasses.Field[Any]) -> object:
    if entry.default_factory is not dataclasses.MISSING:
        return entry.default_factory()
    return entry.default


def _same(value: Any) -> Any:
    return value


def _list(part: Pair) -> Pair:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Malformed(f"must be a list, not {shown(value)}")
        index = 0
        out: list[Any] = []
        try:
            for index, item in enumerate(value):  # noqa: B007 - the index of the bad item is the path
                out.append(part.read(item))
        except Malformed as error:
            error.steps.append(f"[{index}]")
            raise
        return tuple(out)

    return Pair(lambda values: [part.write(value) for value in values], read)


def _fixed(parts: list[Pair]) -> Pair:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(parts):
            raise Malformed(f"must be a list of {len(parts)}, not {shown(value)}")
        return tuple(part.read(item) for part, item in zip(parts, value, strict=True))

    return Pair(lambda values: [part.write(v) for part, v in zip(parts, values, strict=True)], read)


def _table(part: Pair) -> Pair:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Malformed(f"must be an object, not {shown(value)}")
        out: dict[str, Any] = {}
        for key, item in value.items():
            try:
                out[text(key)] = part.read(item)
            except Malformed as error:
                error.steps.append(f".{clean(key, 60)}")
                raise
        return out

    return Pair(lambda values: {key: part.write(value) for key, value in values.items()}, read)
