"""Where in the user's own files an exception came from: never a line of Python, of Locust or of readiness."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import readiness
from readiness.text import clean

_PACKAGES = ("site-packages", "dist-packages")


def _foreign() -> tuple[str, ...]:
    return _foreign_of(tuple(sys.path))


@lru_cache(maxsize=8)
def _foreign_of(path: tuple[str, ...]) -> tuple[str, ...]:
    """Folders whose code nobody wrote for this load; `path` is Python's search path."""
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    # Packages also come from elsewhere: of the system's Python, of the user's, by a .pth file.
    folders |= {folder for folder in path if Path(folder).name in _PACKAGES}
    return tuple(f"{folder}{os.sep}" for folder in (*folders, str(Path(readiness.__file__).parent)))


def is_own(code: CodeType) -> bool:
    """Whether the code stands in a file of the user's."""
    name = code.co_filename
    if name.startswith("<") or not (os.path.isabs(name) or Path(name).exists()):  # noqa: PTH117 - may be no file
        return False  # compiled packages name their source as it lay where they were built: `src/gevent/event.py`
    return not str(Path(name).absolute()).startswith(_foreign())


def place_of(error: BaseException) -> tuple[str, int, str] | None:
    """(file, line, function) of the innermost frame in a file of the user's; None where there is none.

    A mistake in the text of a file (SyntaxError) has no frame: its own file and line are taken.
    """
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return error.filename, error.lineno, "<module>"
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return next(((code.co_filename, line, code.co_name) for code, line in reversed(frames) if is_own(code)), None)


def told(error: BaseException) -> str:
    """`KeyError: 'items'`; of a SyntaxError its words alone, because the place stands before it."""
    words = clean(error.msg if isinstance(error, SyntaxError) else error)
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def packages_that_hook(into: str, known: Collection[str]) -> frozenset[str]:
    """Installed packages of which a loaded module holds something of the package `into`; `known` modules are not asked.

    What such a package does with it, no file of the user's says.
    """
    found, no_user = set(), {into, "readiness", "gevent"} | sys.stdlib_module_names
    for name, module in list(sys.modules.items()):
        package, file = name.partition(".")[0], getattr(module, "__file__", None)
        if name in known or package in found or package in no_user or not file:
            continue
        if not str(Path(file).absolute()).startswith(_foreign()):
            continue
        if any(_made_in(value).partition(".")[0] == into for value in list(vars(module).values())):
            found.add(package)
    return frozenset(found)


def _made_in(value: object) -> str:
    """The module of a function, of a class, or of what any other object is; a module's own name."""
    kind = type(value)
    if issubclass(kind, ModuleType):
        return str(vars(value).get("__name__", ""))
    holder = value if issubclass(kind, type | FunctionType) else kind
    return str(getattr(holder, "__module__", ""))


def mentioned(word: str, packages: Collection[str] = ()) -> bool:
    """Whether a file that was imported, of the user's or of `packages`, has `word` in its text."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not file or not file.endswith(".py"):
            continue
        if name.partition(".")[0] not in packages and str(Path(file).absolute()).startswith(_foreign()):
            continue
        try:
            if word in Path(file).read_text(errors="replace"):
                return True
        except OSError:
            continue
    return False
