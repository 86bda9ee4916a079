"""What a scenario file begins with: its docstring and its imports."""

from __future__ import annotations

import ast
import textwrap

from readiness.init.literals import LINE, comment

_QUOTED = {ord('"'): "'", ord("\\"): "/"}
HELPERS = ("form_log_in", "form_value", "header_value", "json_value", "log_in", "meta_value", "rows")


def head_lines(module: str, source: str, *, shared: bool, runs: bool, ends: str = "") -> list[str]:
    """What the file is and where it comes from, and in one that is left out how it is switched on."""
    room = LINE - len(module) - 46
    shown = comment(source, min(room, 80)).translate(_QUOTED)
    told = comment(ends, 400).translate(_QUOTED)
    width = LINE - 5 if told.isascii() else LINE // 2  # a sign may be two wide
    return [
        f'"""{module.replace("_", " ").capitalize()}: begun by `readiness init` from {shown}.',
        "",
        "It is yours now: change what does not fit, and try it with `readiness try`.",
        *(['All users have one account; rows("users.csv") gives each its own.'] if shared else []),
        *(["", *textwrap.wrap(f"{told[:1].upper()}{told[1:]}.", width, break_on_hyphens=False)] if told else []),
        *([] if runs else _left_out(module)),
        '"""',
        "",
        "from __future__ import annotations",
    ]


def _left_out(module: str) -> list[str]:
    return [
        "",
        "No task of this file runs, so a run leaves the file out: its name begins with _. To switch it on, put @task",
        f"above a method, rename the file to {module}.py,",
        f"and add `{module}: 1` to load.scenarios in thresholds.yaml.",
    ]


def import_lines(body: str, *, runs: bool) -> list[str]:
    """What the code names (what stands in its texts does not count), and `task` for whoever switches a method on."""
    named = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    standard = [f"import {name}" for name in ("os", "time") if name in named]
    standard += ["from datetime import UTC, datetime"] if "UTC" in named else []
    parsing = [name for name in ("quote", "unquote", "urlsplit") if name in named]
    standard += [f"from urllib.parse import {', '.join(parsing)}"] if parsing else []
    standard += ["from uuid import uuid4"] if "uuid4" in named else []
    ours = [name for name in ("User", "between", *HELPERS) if name in named]
    imported = f"from readiness.scenario import {', '.join(ours)}, task{'' if runs else '  # noqa: F401'}"
    return [*standard, *([""] if standard else []), imported]
