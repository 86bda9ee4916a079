"""The inner loop of the engine as machine code, where somebody compiled it (`make compiled`).

mypyc turns the same typed sources into C that Python would otherwise interpret: one source, one set of tests, no
second implementation. One module of two short functions is written in C as well (WRITTEN_IN_C): what it saves is the
interpreter's own work around a call of the system, which no compiler of Python takes away.

A build lies under the digest of the sources it was made from and the Python it was made for, so after any change, or on
another Python, it is not found any more, and the sources are interpreted again.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import sysconfig
from pathlib import Path

MODULES = (
    "readiness.load.http.answer",
    "readiness.load.http.known_heads",
    "readiness.load.http.client",
    "readiness.load.http.connection",
    "readiness.load.http.exchanges",
    "readiness.load.http.poll",
    "readiness.load.http.connection_pool",
    "readiness.load.http.response",
    "readiness.load.http.tls",
    "readiness.load.http.writer",
    "readiness.load.recorder",
    "readiness.load.sampled_recorder",
    "readiness.load.samples",
    "readiness.load.task_loop",
    "readiness.load.pacing",
    "readiness.load.response_watch",
    "readiness.load.moments",
    "readiness.load.traced_calls",
)
"""What runs for every request."""
WRITTEN_IN_C = ("readiness.load.http.nonblocking",)
"""What does so too, and has a C file beside its Python file, which does the same."""
OFF = "READINESS_INTERPRETED"
"""Set in the environment: no build is used."""
PACKAGE = Path(__file__).parent
BUILDS = PACKAGE / "builds"


def digest() -> str:
    """Of all sources of the engine and of this Python's binary interface, 16 hex digits."""
    found = hashlib.sha256(_suffix().encode())
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.c")]):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def available() -> bool:
    """Whether there is a build of these sources."""
    return (BUILDS / digest() / "complete").exists()


def use() -> bool:
    """Have the compiled modules imported from now on, if there is a build of these sources.

    To be called before any of MODULES is imported.
    """
    build = BUILDS / digest()
    if os.environ.get(OFF) or not (build / "complete").exists():
        return False
    sys.path.append(str(build))  # where mypyc's modules find what they share
    for package in ("readiness.load", "readiness.load.http"):
        importlib.import_module(package).__path__.insert(0, str(build.joinpath(*package.split("."))))
    return True


def in_use() -> bool:
    """Whether this process imported MODULES, and all that it imported are compiled."""
    files = [str(sys.modules[name].__file__) for name in (*MODULES, *WRITTEN_IN_C) if name in sys.modules]
    return bool(files) and all(file.endswith(_suffix()) for file in files)


def _suffix() -> str:
    """Of a module made for this Python and machine."""
    return str(sysconfig.get_config_var("EXT_SUFFIX"))
