"""What scenario code finds of our environment: an allow-list, in which no token of CI or of a cloud is.

Scenarios are trusted code (SECURITY.md); what they import may not deserve as much. Files that steer a CI system
(GITHUB_OUTPUT, GITHUB_ENV, GITHUB_STEP_SUMMARY …) are known by such variables only, so they are out of sight as well.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Mapping
from itertools import takewhile

_NAMES = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM", "COLUMNS", "NO_COLOR",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSLKEYLOGFILE",
        "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS",
        "READINESS_INTERPRETED", "READINESS_COMMIT", "READINESS_ENVIRONMENT",
    }
)  # fmt: skip
"""What programs need to run as the user's others do."""
_SECRETS = ("READINESS_PASSWORD", "READINESS_TOKEN", "READINESS_SECRET")
"""Those that docs/reference/scenarios.md gives to scenarios."""
PREFIXES = ("LC_", "LOCUST_", "PYTHON", "READINESS_VAR_", *_SECRETS)
NEVER = frozenset({"PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONBREAKPOINT"})
"""They start other code, and have no place in a process without a terminal."""

_NAMED = re.compile(r"""["']([A-Z][A-Z0-9_]{2,})["']""")


def for_scenarios(environ: Mapping[str, str], allowed: Collection[str] = ()) -> dict[str, str]:
    """The part of `environ` that scenarios see; `allowed` are the names of `--allow-env`."""
    found = {
        name: value
        for name, value in environ.items()
        if name in allowed or name in _NAMES or (name.startswith(PREFIXES) and name not in NEVER)
    }
    if path := found.pop("PYTHONPATH", ""):
        # Relative ones, and an empty one between two colons, mean the working directory, which nothing comes from.
        folders = [folder for folder in path.split(os.pathsep) if os.path.isabs(folder)]  # noqa: PTH117 - not a file yet
        found |= {"PYTHONPATH": os.pathsep.join(folders)} if folders else {}
    return found


def for_commands(environ: Mapping[str, str], allowed: Collection[str] = ()) -> dict[str, str]:
    """The part of `environ` that the commands of drills see: that of scenarios without their secrets."""
    found = for_scenarios(environ, allowed)
    return {name: value for name, value in found.items() if name in allowed or not name.startswith(_SECRETS)}


def unset(text: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Variables that a scenario's `text` cannot do without, and that `environ` (what scenarios see) does not have.

    Only those that `os.environ["…"]` reads in the first plain statements of `on_start` or of a task: there every user
    would end with a KeyError, and the whole load with it. One in or behind a condition or a `try` may be meant so.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return ()
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    methods = (node for one in classes for node in one.body if isinstance(node, ast.FunctionDef))
    runs = (node for node in methods if node.name == "on_start" or node.decorator_list)
    plain = (line for node in runs for line in takewhile(lambda line: isinstance(line, _PLAIN), node.body))
    read = {name for line in plain for node in ast.walk(line) if (name := _variable_of(node)) is not None}
    return tuple(sorted(read - environ.keys()))


_PLAIN = (ast.Assign, ast.AnnAssign, ast.Expr)


def _variable_of(node: ast.AST) -> str | None:
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(name))) if ast.unparse(value) == "os.environ":
            return name
    return None


def withheld(text: str, environ: Mapping[str, str], allowed: Collection[str] = ()) -> tuple[str, ...]:
    """Variables that are set here and named in a scenario's `text`, though scenarios do not see them, in order.

    A scenario that finds no variable may go on with a default of its own, and test something else than was meant.
    """
    named = set(_NAMED.findall(text))
    return tuple(sorted((named & environ.keys()) - for_scenarios(environ, allowed).keys() - NEVER))
