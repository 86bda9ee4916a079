"""--scenarios and load.scenarios -> the files to run. Reads names and text only; the load generator imports them."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from readiness.errors import ConfigError
from readiness.load.engine_plan import ScenarioFile
from readiness.text.other_tools import hint
from readiness.text.spelling import nearest

_FOLDER, _FILE = "scenarios", "locustfile.py"
"""Where scenarios lie when no flag says so: beside the thresholds file, else in the working directory."""
_SMALLEST = """    from locust import HttpUser, between, task

    class Visitor(HttpUser):
        wait_time = between(1, 2)

        @task
        def front_page(self):
            self.client.get("/")"""


def find(
    given: Path, weights: Mapping[str, float], thresholds_file: str, *, whole: bool = True
) -> tuple[ScenarioFile, ...]:
    """The scenario files in `given`, a folder or one file, with their weights.

    Nothing that the user wrote down is left out: a key of `load.scenarios` without its file, a weight of 0, and a file
    of the folder that is not a key (unless the folder is not theirs: `whole`) are mistakes. Raises ConfigError with
    every one of them.
    """
    refuse_foreign(given)
    if given.is_file():
        files = [given]
    else:
        files = [file for file in sorted(given.glob("*.py")) if not file.stem.startswith("_")]
        _refuse_special(files)
        files = [file for file in files if file.stem in weights or not _is_helper(file, files)]
    by_name = {file.stem: file for file in files}
    if not by_name:
        left_out = sorted(file.name for file in given.glob("_*.py") if not file.name.startswith("__"))
        told = f"; left out, because the name begins with _: {', '.join(left_out[:5])}" if left_out else ""
        raise ConfigError(f"--scenarios: {given}: no scenario file (a Locust file ending in .py) in it{told}")
    problems = [
        f"{thresholds_file}: load.scenarios.{name}: {text}" for name, text in _unusable(weights, by_name, given)
    ]
    if weights and whole and not problems:
        problems = [
            f"{file}: is not under load.scenarios in {thresholds_file}, so it would never run: give it a weight "
            f"there, or rename it to _{file.name} to leave it out"
            for file in files
            if file.stem not in weights
        ]
    if problems:
        raise ConfigError(*problems)
    chosen: Mapping[str, float | None] = weights or dict.fromkeys(by_name)
    return tuple(ScenarioFile(name, str(by_name[name].resolve()), weight) for name, weight in chosen.items())


def refuse_foreign(given: Path | None) -> None:
    """Raises ConfigError where --scenarios names what is not there, or a file of another kind."""
    if given is None:
        return
    if not given.exists():
        raise ConfigError(f"--scenarios: {given}: there is no such file or folder")
    if given.is_file() and given.suffix != ".py":
        raise ConfigError(f"--scenarios: {given}: is no Locust file, whose name ends in .py{hint(given.name)}")


def _unusable(weights: Mapping[str, float], found: Collection[str], place: Path) -> Iterable[tuple[str, str]]:
    for name, weight in weights.items():
        if name not in found:
            near = nearest(name, found)
            if place.is_file() and not near.startswith("; did"):
                folder = f"give --scenarios {place.parent}, or" if (place.parent / f"{name}.py").is_file() else "put"
                yield name, f"would never run: --scenarios names {place} alone; {folder} take {name} out of the file"
            else:
                yield name, f"no {name}.py in {place}{near}"
        elif not weight:
            yield name, "the weight 0 means that it never runs: give it a weight above 0, or take it out"


def usual_place(thresholds: Path | None) -> Path | None:
    """`scenarios/` or `locustfile.py` beside the thresholds file, else in the working directory; None without one."""
    folders = [*([thresholds.parent] if thresholds is not None else []), Path()]
    places = [folder / name for folder in folders for name in (_FOLDER, _FILE)]
    return next((place for place in places if place.is_dir() or (place.name == _FILE and place.is_file())), None)


def none_found(command: str) -> ConfigError:
    """What to say when there is no scenario at all: nothing of ours is ever sent to a stranger."""
    return ConfigError(
        f"--scenarios: {command} needs to know what a user does, and there is no {_FOLDER}/ and no {_FILE} here. "
        f"Nothing was sent. The smallest {_FILE}:",
        "",
        *_SMALLEST.splitlines(),
        "",
        "Then run the command again here, or name the file with --scenarios FILE.",
    )


def _is_helper(file: Path, files: Iterable[Path]) -> bool:
    """Whether the file has no users of its own, and another of the files imports it."""
    return not _users_in(_tree(file)) and any(file.stem in _imports(_tree(other)) for other in files if other != file)


def _imports(tree: ast.Module) -> dict[str, str]:
    """Modules that the text imports, and names that it imports from them, each with the module's first word."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                first = [alias.name.partition(".")[0] for alias in names]
                found |= dict(zip(first, first, strict=True))
            case ast.ImportFrom(module=module, names=names):
                first_word = (module or "").partition(".")[0]
                found |= {first_word: first_word} if first_word else {}
                found |= {alias.asname or alias.name: first_word or alias.name for alias in names}
            case _:
                pass
    return found


def _users_in(tree: ast.Module) -> list[str]:
    """Names of the classes that may be users with a share of the load; a base that nobody knows may be one."""
    known = _imports(tree)
    users: set[str] = set()
    found: list[str] = []
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        if any(_may_be_user(base, known, users) for base in node.bases):
            users.add(node.name)
            found += [] if _is_abstract(node) else [node.name]
        else:
            known[node.name] = "builtins"
    return found


def _may_be_user(base: ast.expr, known: Mapping[str, str], users: Collection[str]) -> bool:
    words = ast.unparse(base).partition("[")[0].split(".")
    name, module = words[-1], known.get(words[0], "")
    if words[0] in users:
        return True
    if module == "locust":
        return name.endswith("User")
    return not (module in sys.stdlib_module_names or module == "builtins" or hasattr(builtins, name))


def _is_abstract(node: ast.ClassDef) -> bool:
    return any(isinstance(line, ast.Assign) and ast.unparse(line) == "abstract = True" for line in node.body)


def _tree(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError):
        return ast.Module([], [])  # reading it will say what is wrong


def _refuse_special(files: Iterable[Path]) -> None:
    """A FIFO would be read for ever, and a device, which a link may lead to, has no end."""
    special = [file for file in files if not file.is_file()]
    if special:
        raise ConfigError(*(f"--scenarios: {file}: is not a regular file" for file in special))
