"""Identifiers of generated code: folded from a source's words to [a-z0-9_], never a word that means something else."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
import unicodedata
from collections.abc import Collection

_MOST = 60
"""Characters of a name."""
_LOCUST = """
    abstract account_number acknowledged client context environment fixed_count fullname greenlet group headers host
    json max_wait min_wait on_start on_stop readiness_scenario run run_id start started_s stop tasks wait wait_function
    wait_time weight write_key
"""
_OURS = """
    between constant constant_pacing constant_throughput tag task rows json_value form_value header_value
    form_log_in log_in meta_value measure os time quote unquote urlsplit response row self user
"""
RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *_LOCUST.split(), *_OURS.split()})
"""What a method, an attribute or a variable of a scenario may not be called."""
_MODULES = frozenset(
    {*sys.stdlib_module_names, "locust", "gevent", "readiness", "scenarios", "conftest", "con", "prn", "aux", "nul"}
)
"""What a scenario file may not be called: under `locust -f` its folder comes first on the path."""
_CLASSES = frozenset(name.lower() for name in ("User", "None", "True", "False", "Ellipsis", "NotImplemented"))
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+")


def folded(text: str) -> str:
    """The words of `text` (camelCase, kebab-case, accents …) in snake_case; "" when it has no ASCII letter or digit."""
    plain = unicodedata.normalize("NFKD", text[: _MOST * 8]).encode("ascii", "ignore").decode()
    return "_".join(word.lower() for word in _WORD.findall(plain))[:_MOST].strip("_")


def identifier(text: str, taken: Collection[str], *, otherwise: str, most: int = _MOST) -> str:
    """A name for a method, attribute or variable that is not in `taken`; `otherwise` when `text` has no letters."""
    name = folded(text)[:most].strip("_") or otherwise
    if not name[0].isalpha():
        name = f"{otherwise}_{name}"
    if name in RESERVED or name in taken:
        name = f"{name}_{otherwise}"
    return _numbered(name, taken)


def module(text: str, taken: Collection[str]) -> str:
    """A name for a scenario file, without `.py`."""
    name = folded(text)[:40].strip("_") or "scenario"
    if not name[0].isalpha():
        name = f"scenario_{name}"
    if name in _MODULES or name in RESERVED:
        name = f"{name}_scenario" if name != "user" else "users"
    return _numbered(name, taken)


def class_name(module_name: str) -> str:
    """The name of the user class in the file `module_name`."""
    name = "".join(word.capitalize() for word in module_name.split("_"))
    known = name.lower() in _CLASSES or any(name == one for one in dir(builtins))
    return f"{name}Scenario" if known else name


def column(text: str) -> str:
    """The name of a column of a CSV file, in the file and in the code alike."""
    return folded(text)[:40].strip("_") or "value"


def variable(text: str) -> str:
    """The name of an environment variable: what stands in a draft, with nothing but capitals, digits and lines."""
    name = re.sub(r"[^A-Z0-9]+", "_", text.upper()[:50]).strip("_")
    return name if name and name[0].isalpha() else f"READINESS_VAR_{name or 'VALUE'}"


def _numbered(name: str, taken: Collection[str]) -> str:
    if name not in taken and name not in RESERVED:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
