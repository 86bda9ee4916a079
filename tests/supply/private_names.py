"""Finds in the package the private names of other packages, and what it replaces in them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
OTHERS = ("locust", "gevent", "geventhttpclient", "greenlet", "requests", "urllib3", "zmq", "psycopg", "httpx")
STRINGS_IN = ("load", "probes", "database", "run")
"""Rooms where a string such as "_decoder" may be an attribute of another package; elsewhere it is a key or suffix."""
PRIVATE = re.compile(r"_[a-z]\w*$")
PUBLIC = {"_exit", "_getframe", "_replace"}
"""Private in spelling only: Python documents them."""
OURS = {"_open", "_open_calls", "_answered", "_settle", "_identity"}
"""Of classes of ours in another file (StockClients, Recorder)."""


def sources() -> list[Path]:
    """All modules that may run beside the load."""
    return sorted((ROOT / "readiness").rglob("*.py"))


def used(path: Path) -> set[str]:
    """Private names that a file uses and does not define, and those that a class of it shares with its foreign base."""
    tree = ast.parse(path.read_text())
    strings = path.relative_to(ROOT / "readiness").parts[0] in STRINGS_IN
    found = set(_mentioned(tree, strings)) - _defined(tree) - PUBLIC - OURS
    imported = _imported(tree)
    for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        own = {node.attr for node in ast.walk(cls) if isinstance(node, ast.Attribute)}
        own |= {node.name for node in cls.body if isinstance(node, ast.FunctionDef)}
        for module in (imported[base.id] for base in cls.bases if isinstance(base, ast.Name) and base.id in imported):
            text = text_of(module.replace(".", "/") + ".py")
            found |= {name for name in own if PRIVATE.match(name) and re.search(rf"\b{name}\b", text)}
    return found


def replaced(path: Path) -> set[str]:
    """`module.name` for each `setattr(module, "name", …)` and `vars(module)["name"] = …` of a module of others."""
    tree = ast.parse(path.read_text())
    imported = _imported(tree, whole=True)
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="setattr"), args=[ast.Name(id=module), ast.Constant(value=str(name)), _]):
                found.add((module, name))
            case ast.Assign(targets=targets):
                for target in targets:
                    for one in ast.walk(target):
                        match one:
                            case ast.Subscript(
                                value=ast.Call(func=ast.Name(id="vars"), args=[ast.Name(id=module)]),
                                slice=ast.Constant(value=str(name)),
                            ):
                                found.add((module, name))
    return {f"{imported[module]}.{name}" for module, name in found if module in imported}


def text_of(path: str) -> str:
    """The source at `path` of an installed package, such as `locust/env.py` or `locust.py`; empty where there is none.

    Read and not imported: Locust would patch the process of the tests.
    """
    package, _, rest = path.partition("/")
    spec = find_spec(package.removesuffix(".py"))
    for folder in spec.submodule_search_locations or () if spec else ():
        if (file := Path(folder) / (rest or "__init__.py")).is_file():
            return file.read_text()
    return ""


def _mentioned(tree: ast.AST, strings: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if PRIVATE.match(name):
                yield name
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                modules = [alias.name for alias in aliases] + [getattr(node, "module", None) or ""]
                yield from (part for module in modules for part in module.split(".") if PRIVATE.match(part))
            case ast.Constant(value=str(text)) if strings:
                *module, last = text.split(".")
                if PRIVATE.match(last) and (not module or module[0] in OTHERS):
                    yield last


def _defined(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                names.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store(), value=ast.Name(id="self")):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id="__slots__")], value=slots):
                names |= {
                    one.value for one in ast.walk(slots) if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    return names


def _imported(tree: ast.AST, whole: bool = False) -> dict[str, str]:
    """Names of the file → the module of others that they come from (or are, with `whole`)."""
    names = {}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=aliases) if module.split(".")[0] in OTHERS:
                for alias in aliases:
                    names[alias.asname or alias.name] = f"{module}.{alias.name}" if whole else module
            case ast.Import(names=aliases):
                for alias in aliases:
                    if alias.name.split(".")[0] in OTHERS:
                        names[alias.asname or alias.name] = alias.name
    return names
