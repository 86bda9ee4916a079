"""How fast a user of a scenario file can go, as far as the file says so; read as text, never imported."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pace:
    """One scenario: mean think time between two rounds, and about how many requests a round sends."""

    think_s: float
    requests: int


def of(files: Mapping[str, str]) -> dict[str, Pace]:
    """The paces of scenario files (name to path), of those that tell."""
    return {name: pace for name, path in files.items() if (pace := read(path))}


def read(path: str) -> Pace | None:
    """The pace that the file's first `wait_time` declares; None where there is none that can be read."""
    try:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return None  # the engine says what is wrong with it
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and (think_s := _think_s(node)):
            return Pace(think_s, max(_requests(node), 1))
    return None


def _think_s(user: ast.ClassDef) -> float | None:
    for line in user.body:
        match line:
            case ast.Assign(targets=[ast.Name("wait_time")], value=ast.Call(func=called, args=given)):
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                return _mean_s(name, [_number(one) for one in given])
            case _:
                continue
    return None


def _mean_s(name: str, given: list[float | None]) -> float | None:
    match name, given:
        case "between", [float(low), float(high)]:
            return (low + high) / 2
        case "constant" | "constant_pacing", [float(pause)]:
            return pause
        case "constant_throughput", [float(rate)] if rate > 0:
            return 1 / rate
        case _:
            return None


def _number(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case _:
            return None


def _requests(user: ast.ClassDef) -> int:
    """Mentions of the client in the longest task: each is a request, or a helper that sends some."""
    return max(
        (
            sum(isinstance(inner, ast.Attribute) and inner.attr == "client" for inner in ast.walk(method))
            for method in user.body
            if isinstance(method, ast.FunctionDef)
        ),
        default=1,
    )
