"""The endpoints that scenario files name, as far as their text says all of them; read as text, never imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from pathlib import Path

from readiness.config.think_time import METHODS, USER_CLASSES
from readiness.measurements.scopes import bare

BASES = (*USER_CLASSES, "TaskSet", "SequentialTaskSet", "object")


def named(paths: Iterable[str], base: str = "") -> frozenset[str] | None:
    """Every endpoint (`GET /items`) of the files; None where one of them may name more than its text shows.

    `base` is TARGET's own path, without a slash at its end: paths are measured behind it.
    """
    found: set[str] = set()
    for path in paths:
        names = _of(path, base)
        if names is None:
            return None
        found |= names
    return frozenset(found) or None


def _of(path: str, base: str) -> set[str] | None:
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, ValueError, SyntaxError):
        return None
    found: set[str] = set()
    clients = calls = 0
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if not all(_is_known(alias.name) for alias in names):
                return None
            case ast.ImportFrom(module=module) if not _is_known(module or ""):
                return None
            case ast.ClassDef(bases=bases) if not all(ast.unparse(one).rpartition(".")[2] in BASES for one in bases):
                return None
            case ast.Call(func=ast.Attribute(attr="fire" | "rest" | "rest_")):
                return None
            case ast.Call(func=ast.Attribute(ast.Attribute(attr="client"), verb)):
                name = _name(node, verb, base)
                if name is None:
                    return None
                found.add(name)
                calls += 1
            case ast.Attribute(attr="client"):
                clients += 1
            case _:
                pass
    return found if clients == calls else None


def _is_known(module: str) -> bool:
    """Whether what a module sends would be seen here: it sends nothing, or it is Locust's or ours."""
    first = module.partition(".")[0]
    return first in sys.stdlib_module_names or first == "locust" or module == "readiness.scenario"


def _name(call: ast.Call, verb: str, base: str) -> str | None:
    """`GET /items` of one call; None where it is not written out."""
    words = [_text(one) for one in call.args]
    if verb == "request" and words and words[0]:
        verb, words = words[0], words[1:]
    elif verb not in METHODS:
        return None
    given = [keyword for keyword in call.keywords if keyword.arg in ("name", None)]
    name = _text(given[0].value) if given else (words[0] if words else None)
    if name is None or (not given and not name.startswith("/")) or (not given and "?" in name):
        return None
    return name if bare(name) != name else f"{verb.upper()} {'' if given else base}{name}"


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
