"""A law: what is always true of a file that readiness wrote, so that a file which breaks it is refused.

A law is a function whose docstring is the law itself, one sentence. It yields what breaks it: the JSON path, and what
stands there. The laws are in readiness/measurements/invariants.py (run.json) and readiness/judge/invariants.py
(report.json).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FunctionType
from typing import Any, TypeVar

from readiness.errors import ConfigError

T = TypeVar("T")
Broken = Iterator[tuple[str, str]]
"""JSON path such as `$.load.users`, and a clause that says what stands there."""
Law = Callable[[T], Broken]
_MOST = 20
"""Contradictions that are told of one file."""


class Contradicted(ConfigError):
    """A file that can be read, and says two things that cannot both be true."""


def laws_of(module: Mapping[str, object]) -> tuple[Law[Any], ...]:
    """The laws that a module defines, in their order: its public functions that yield Broken. `module` is globals()."""
    return tuple(
        one
        for name, one in module.items()
        if isinstance(one, FunctionType)
        and one.__module__ == module["__name__"]
        and one.__annotations__.get("return") == "Broken"
        and not name.startswith("_")
    )


def contradictions(subject: T, laws: Iterable[Law[T]]) -> tuple[str, ...]:
    """Every law that `subject` breaks, as `path: what stands there (always: the law)`; at most MOST."""
    found: list[str] = []
    for law in laws:
        sentence = (law.__doc__ or "").partition("\n")[0].rstrip(".")
        for path, clause in law(subject):
            found.append(f"{path}: {clause} (always: {sentence})")
            if len(found) == _MOST:
                return tuple(found)
    return tuple(found)


def refuse_contradictions(name: str, subject: T, laws: Iterable[Law[T]]) -> T:
    """`subject` itself. Raises Contradicted with every law that it breaks; `name` is the file as the user gave it."""
    found = contradictions(subject, laws)
    if found:
        raise Contradicted(*(f"{name}: {line}" for line in found))
    return subject
