"""How fast a user of a scenario file can go, as far as the file says so; read as text, never imported."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from readiness.text import foreign_files

_MAX_BYTES = 1 << 20
PLAN_ROOM = 1.5
"""A plan made for just enough requests ends with too few: answers take time, and slow ones come in clusters."""
METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
HARMLESS = ("write_key", "acknowledged", "wait", "context", "interrupt", "stop", "wait_time")
"""Methods that a user inherits and that send nothing."""
USER_CLASSES = ("User", "HttpUser", "FastHttpUser")


@dataclass(frozen=True, slots=True)
class UserPace:
    """One scenario: mean think time between two rounds (None: not told), and about how many requests a round sends."""

    think_s: float | None
    requests: int
    most: int | None = None
    """No round sends more than this; None where the text does not tell (loops, helpers, TaskSets)."""
    slept_s: float = 0.0
    """What such a round sleeps beside its think time, where numbers say it."""


def of(files: Mapping[str, str]) -> dict[str, UserPace]:
    """The paces of scenario files (name to path), of those that tell."""
    return {name: pace for name, path in files.items() if (pace := read(path))}


def read(path: str) -> UserPace | None:
    """The pace that the file's first `wait_time` declares; None where there is no class that could be a user."""
    try:
        return pace_of(foreign_files.read_bytes(Path(path), _MAX_BYTES))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None  # the load generator says what is wrong with it


def pace_of(text: bytes | str) -> UserPace | None:
    """The same of a file's text. Raises what `ast.parse` raises."""
    tree = ast.parse(text)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.bases]
    if not classes:
        return None
    paced = next(((node, think_s) for node in classes if (think_s := _think_s(node))), (classes[0], None))
    # Of several classes the text does not tell which has how many users.
    most = _most(classes[0]) if len(classes) == 1 else None
    requests, slept_s = _longest(paced[0])
    return UserPace(paced[1], max(requests, 1), most, slept_s)


def _most(user: ast.ClassDef) -> int | None:
    """Requests of the longest task; None where one of them cannot be bounded by its text."""
    if [ast.unparse(base).rpartition(".")[2] in USER_CLASSES for base in user.bases] != [True]:
        return None
    methods = {node.name: node for node in user.body if isinstance(node, ast.FunctionDef)}
    if any(isinstance(node, ast.ClassDef) or _assigns(node, "tasks") for node in user.body):
        return None
    counts = [_sent(node, methods, ()) for node in methods.values()]
    if any(_sent(methods[name], methods, ()) != 0 for name in ("__init__", "on_start", "on_stop") if name in methods):
        return None  # each user sends something beside its rounds
    return None if None in counts else max((count for count in counts if count is not None), default=0)


def _sent(method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef], within: tuple[str, ...]) -> int | None:
    """Requests of one call of the method, if each of its lines runs once at most and no line hides any."""
    me = method.args.args[0].arg if method.args.args else ""
    if method.name in within or not me:
        return None
    total, known = 0, 0
    for node in ast.walk(method):
        if (
            node is not method
            and isinstance(node, _REPEATS)
            and any(isinstance(one, ast.Name) and one.id == me for one in ast.walk(node))
        ):
            return None
        match node:
            case ast.Call(func=ast.Attribute(ast.Attribute(ast.Name(name), "client"), verb)) if name == me:
                if verb not in (*METHODS, "request"):
                    return None
                total, known = total + 1, known + 1
            case ast.Call(func=ast.Attribute(ast.Name(name), called)) if name == me:
                inner = 0 if called in HARMLESS else None
                if called in methods:
                    inner = _sent(methods[called], methods, (*within, method.name))
                if inner is None:
                    return None
                total, known = total + inner, known + 1
            case ast.Call(func=ast.Attribute(ast.Attribute() as inside)) if _root(inside) == me:
                return None  # whatever it is, it may have the client
            case ast.Attribute(ast.Name(name), attribute) if name == me and attribute != "client":
                known += attribute not in methods and attribute not in HARMLESS
            case _:
                pass
    # Each other mention of the user, or of its client, could send something from elsewhere.
    mentions = sum(isinstance(node, ast.Name) and node.id == me for node in ast.walk(method))
    return total if mentions == known else None


_REPEATS = (
    ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.FunctionDef,
)  # fmt: skip


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _assigns(node: ast.stmt, name: str) -> bool:
    return isinstance(node, ast.Assign) and any(ast.unparse(target) == name for target in node.targets)


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


def _longest(user: ast.ClassDef) -> tuple[int, float]:
    """Mentions of the client in the longest task, each a request or a helper that sends some; seconds of its sleeps."""
    found = []
    for method in user.body:
        if isinstance(method, ast.FunctionDef):
            nodes = list(ast.walk(method))
            sent = sum(isinstance(one, ast.Attribute) and one.attr == "client" for one in nodes)
            found.append((sent, _sleeps(nodes)))
    return max(found, default=(1, 0.0), key=lambda one: one[0])


def _sleeps(nodes: list[ast.AST]) -> float:
    """Seconds of every `sleep(3)` and `time.sleep(3)`."""
    total_s = 0.0
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name("sleep") | ast.Attribute(attr="sleep"), args=[given]):
                total_s += _number(given) or 0.0
    return total_s
