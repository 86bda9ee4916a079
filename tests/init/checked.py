"""What generated Python must be: formatted, without a complaint of ruff or mypy, and nothing but our own code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
NODES = (
    ast.Module, ast.ImportFrom, ast.Import, ast.alias, ast.ClassDef, ast.FunctionDef, ast.arguments, ast.arg,
    ast.Assign, ast.Expr, ast.Constant, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Call, ast.keyword, ast.If,
    ast.Return, ast.With, ast.withitem, ast.Compare, ast.NotEq, ast.NotIn, ast.UnaryOp, ast.Not, ast.USub, ast.Dict,
    ast.List, ast.Tuple, ast.Subscript, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.Mod,
)  # fmt: skip
CALLED = frozenset(
    """
    int str uuid4 time.time datetime.now quote unquote urlsplit form_log_in log_in
    between rows json_value form_value header_value meta_value task time.sleep response.failure response.success
    self.client.get self.client.post self.client.put self.client.patch self.client.delete self.client.head
    self.client.options self.client.request self.client.cookies.get self.on_start
    """.split()  # noqa: SIM905
)
MADE = ("''.join", "datetime.now(UTC).isoformat")
WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def refuse_foreign_code(text: str) -> None:
    """Raises AssertionError for anything in the code that init itself does not write."""
    tree = ast.parse(text)
    methods = {f"self.{node.name}" for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        assert isinstance(node, NODES), ast.dump(node)[:200]
        match node:
            case ast.Call(func=func):
                called = ast.unparse(func)
                assert called in CALLED | methods or called.endswith(".take") or called in MADE, called
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                assert {name.name for name in names} <= {
                    "annotations", "os", "time", "UTC", "datetime", "uuid4",
                    "quote", "unquote", "urlsplit", "User", "between", "task", "rows",
                    "log_in", "form_log_in", "json_value", "form_value", "header_value", "meta_value",
                }, names  # fmt: skip
            case ast.Name(id=word) | ast.FunctionDef(name=word) | ast.ClassDef(name=word) | ast.Attribute(attr=word):
                assert WORDS.fullmatch(word), word
            case _:
                pass
    for line in text.splitlines():
        assert line.isprintable(), repr(line)


def refuse_unformatted(folder: Path) -> None:
    """Raises AssertionError with what `ruff format` or `ruff check` says of the Python files in `folder`."""
    for command in (["format", "--diff"], ["check", "--output-format", "concise"]):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                *command,
                "--no-cache",
                "--config",
                str(ROOT / "pyproject.toml"),
                str(folder),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[:5000]


def refuse_untyped(files: Iterable[Path]) -> None:
    """Raises AssertionError with what `mypy` says, with this project's settings; each file on its own."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file",
            str(ROOT / "pyproject.toml"),
            "--scripts-are-modules",
            *map(str, files),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout[:5000]
