"""Running checks: their names without importing them, their results from a child, and what they expect."""

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


def names(module: str) -> list[str]:
    """The `check_*` functions of a module, in order."""
    tree = ast.parse((HERE / f"{module}.py").read_text())
    found = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")]
    assert found
    return found


@cache
def results(module: str, variant: str = "") -> dict[str, str | None]:
    """What the child says of each check; None is good."""
    command = [sys.executable, "-m", "tests.load.http.child", module, *([variant] if variant else [])]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[2], check=False)
    assert done.returncode == 0, done.stderr
    assert "server:" not in done.stderr, done.stderr
    found: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    return found


def raised(kind: type[BaseException], call: Callable[[], object]) -> BaseException:
    """The exception of `kind` that `call` raises; pytest.raises is not at hand in the child."""
    try:
        call()
    except kind as problem:
        return problem
    raise AssertionError(f"{kind.__name__} was not raised")
