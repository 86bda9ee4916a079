"""What scenario files leave unproven or would count apart; read as text, never imported."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from readiness.config.status_checks import refuses_200
from readiness.config.think_time import METHODS
from readiness.errors import ConfigError
from readiness.text import clean

_ID = re.compile(r"/(?:[0-9]{2,}|[0-9a-f]{8}-[0-9a-f-]{27}|(?=[a-f]*[0-9])[0-9a-f]{12,})(?:/|$)", re.IGNORECASE)
"""A number of two digits or more, a UUID, a long hexadecimal number."""
_OF_STATUS = ("status_code", "ok", "reason", "elapsed", "elapsed_s", "success", "failure", "raise_for_status")
_NEVER = re.compile(r"(\w+\.)?task\((weight=)?0\)$")
"""A task that no user ever chooses."""
_MOST_NAMED = 8
NOT_EXAMINED = "only the status of these answers is checked"
CHECKED_BY_HAND = "the scenario checks the status of these answers alone"
_ADVICE = {
    False: f"{NOT_EXAMINED}, so a log-in page with status 200 counts as good: use catch_response=True and "
    "response.failure(…), or json_value",
    True: f"{CHECKED_BY_HAND}, so a log-in page with a status that it takes counts as good: check something in the "
    "body too, or use json_value",
}
"""What to say of requests, by whether their status is checked by hand."""
VALUES = ("json_value", "form_value", "meta_value", "header_value")


def notes(paths: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each thing to think of, with file and line; none of them is a mistake."""
    paths = tuple(paths)
    found: list[str] = []
    for path in paths:
        calls = [node for node in _nodes(path) if isinstance(node, ast.Call) and _verb(node)]
        found += [f"{Path(path).name}:{line}: {text}" for line, text in _varying(calls)]
        found += trusting((path,))
    for folder in {Path(path).parent: None for path in paths}:
        found += [note for file in sorted(folder.glob("_*.py")) for note in _never_runs(file)]
    return tuple(found)


def _never_runs(file: Path) -> Iterator[str]:
    """The first task that was switched on in a file of `readiness init` that a run leaves out."""
    nodes = _nodes(str(file))
    words = ast.get_docstring(nodes[0], clean=False) if nodes and isinstance(nodes[0], ast.Module) else None
    tasks = (node for node in nodes if isinstance(node, ast.FunctionDef) and any(map(_is_task, node.decorator_list)))
    for node in islice(tasks if _BEGUN in (words or "") else (), 1):
        name = file.stem.lstrip("_")
        yield (
            f"{file.name}:{node.lineno}: {node.name} has @task and never runs, because a file that begins with _ is "
            f"left out: rename it to {name}.py, and add `{name}: 1` to load.scenarios"
        )


def _is_task(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).partition("(")[0] == "task"


def trusting(paths: Iterable[str]) -> tuple[str, ...]:
    """A sentence for requests that count as good by their status alone, and one for those checked by hand; by file."""
    found = []
    for path in paths:
        by_hand: dict[bool, set[int]] = {False: set(), True: set()}
        for line, checked in _by_status(path):
            by_hand[checked].add(line)
        for checked, advice in _ADVICE.items():
            if lines := sorted(by_hand[checked]):
                shown = ", ".join(map(str, lines[:_MOST_NAMED])) + (" and others" if len(lines) > _MOST_NAMED else "")
                found.append(f"{Path(path).name}:{shown}: {advice}")
    return tuple(found)


_BEGUN = "begun by `readiness init`"
_OFF = "# Switched off, because "
"""What `readiness init` writes above a method that is no task."""
SWITCHED_OFF = "Not part of this load: "


def left_out(paths: Iterable[str]) -> tuple[str, ...]:
    """One sentence on the requests that `readiness init` switched off, in these files and in those beside them."""
    files = {Path(path) for path in paths}
    files |= {file for folder in {file.parent for file in files} for file in folder.glob("_*.py")}
    found = [name for file in sorted(files) for name in _switched_off(file)]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return (f"{SWITCHED_OFF}{', '.join(found[:5])}{more} (switched off).",) if found else ()


def _switched_off(file: Path) -> Iterator[str]:
    """`POST /orders` of each such method, which no `@task` precedes."""
    for function in _off(str(file)):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call) and _verb(node)):
            name = next((keyword.value for keyword in call.keywords if keyword.arg == "name"), None)
            given = name or next(iter(call.args), None)
            if isinstance(given, ast.Constant):
                yield clean(f"{_verb(call).upper()} {str(given.value).partition('?')[0]}", 100)


def _off(path: str) -> list[ast.FunctionDef]:
    """The methods of a file that `readiness init` switched off."""
    functions = [node for node in _nodes(path) if isinstance(node, ast.FunctionDef) and not node.decorator_list]
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines() if functions else []
    return [function for function in functions if lines[function.lineno - 2].strip().startswith(_OFF)]


def _by_status(path: str) -> Iterator[tuple[int, bool]]:
    """Lines of requests of which nothing but the status is asked, as far as the text shows; whether that is by hand.

    Not those that take no 200 for good, and not those of tasks that are switched off.
    """
    off = {function.lineno for function in _off(path)}
    for function in (node for node in _nodes(path) if isinstance(node, ast.FunctionDef)):
        if function.lineno in off or any(_NEVER.match(ast.unparse(one)) for one in function.decorator_list):
            continue
        inside = tuple(ast.walk(function))
        for node in inside:
            body = function.body
            match node:
                case ast.Expr(ast.Call() as call):
                    name = ""
                case ast.Assign([ast.Name(id=name)], ast.Call() as call):
                    pass
                case ast.With([ast.withitem(ast.Call() as call, ast.Name(id=name))], body):
                    pass
                case ast.With([ast.withitem(ast.Call() as call, None)]):
                    name = ""
                case _:
                    continue
            if _verb(call) in ("", "delete", "head", "options") or _asks_more(name, inside):
                continue
            if not (name and refuses_200(name, body)):
                yield call.lineno, _judges(name, body)


def _judges(name: str, body: Iterable[ast.stmt]) -> bool:
    """Whether `body` says itself how the answer `name` counts."""
    uses = (node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Attribute))
    return any(
        use.attr in ("success", "failure") and isinstance(use.value, ast.Name) and use.value.id == name for use in uses
    )


def _asks_more(name: str, nodes: Iterable[ast.AST]) -> bool:
    """Whether the answer `name` is used for more than its status."""
    uses = {node for node in nodes if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)}
    return bool(uses - {node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr in _OF_STATUS})


def _nodes(path: str) -> tuple[ast.AST, ...]:
    """All of a file; nothing of one that is no Python, because reading it says what is wrong."""
    try:
        return tuple(ast.walk(ast.parse(Path(path).read_bytes())))
    except (OSError, ValueError, SyntaxError):
        return ()


def refuse_broken(paths: Iterable[str]) -> None:
    """Raise ConfigError with the line of each file that is no Python; nothing of any of them has run by then."""
    problems = []
    for path in paths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python tells them again when the file is read
                compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
        except SyntaxError as error:
            problems.append(f"{clean(path, 500)}:{error.lineno or 1}: {type(error).__name__}: {clean(error.msg, 200)}")
        except (OSError, ValueError, RecursionError, MemoryError):
            continue  # reading the file says what is wrong
    if problems:
        raise ConfigError(*problems)


def _verb(call: ast.Call) -> str:
    """The method of `….client.get(…)`; empty for any other call."""
    match call.func:
        case ast.Attribute(ast.Attribute(attr="client"), verb) if verb in (*METHODS, "request"):
            return verb
    return ""


def _varying(calls: Iterable[ast.Call]) -> Iterator[tuple[int, str]]:
    for call in calls:
        given = next((keyword.value for keyword in call.keywords if keyword.arg == "name"), None)
        if given is not None:
            if _varies(given):
                yield call.lineno, "name= changes from request to request, so each is counted apart: write {id} in it"
            continue
        place = 1 if _verb(call) == "request" else 0
        path = call.args[place] if len(call.args) > place else None
        if isinstance(path, ast.Constant) and _ID.search(str(path.value).partition("?")[0]):
            yield call.lineno, 'the path has an id in it, and so has the name in the report: add name="/items/{id}"'
        if path is not None and _varies(path):
            yield (
                call.lineno,
                'the path changes from request to request, so each is counted apart: add name="/items/{id}"',
            )


def _varies(node: ast.expr) -> bool:
    """Whether the text has parts that are not written out, before a query."""
    match node:
        case ast.JoinedStr(values=values):
            for part in values:
                if isinstance(part, ast.FormattedValue):
                    return not _upper(part.value)
                if isinstance(part, ast.Constant) and "?" in str(part.value):
                    return False
            return False
        case ast.BinOp(left=ast.Constant(value=str(start)), op=ast.Add() | ast.Mod()):
            return "?" not in start
        case ast.Call(func=ast.Attribute(ast.Constant(value=str(start)), "format")):
            return "?" not in start.partition("{")[0]
    return False


def _upper(node: ast.expr) -> bool:
    """Whether it is a constant of the file, by its name."""
    return isinstance(node, ast.Name) and node.id.isupper()
