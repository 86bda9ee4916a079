"""`python -m readiness.load.compiling`: compile what runs for every request; see compiled.py.

Wants mypy, setuptools, a C compiler and Python's headers; without them it says so and nothing changes: the engine
runs from its sources, as it does without this command.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from readiness.load.compiled import BUILDS, MODULES, PACKAGE, WRITTEN_IN_C, available, digest

SETUP = """
from mypyc.build import mypycify
from setuptools import Extension, setup

compiled = mypycify({options!r}, opt_level="3", debug_level="0")
written = [Extension(name, [name.replace(".", "/") + ".c"], extra_compile_args=["-O3"]) for name in {written!r}]
setup(name="readiness-compiled", packages=[], ext_modules=[*compiled, *written])
"""
OPTIONS = ("--config-file=", "--ignore-missing-imports", "--explicit-package-bases")
WANTED = (
    "The load generator is not compiled and runs from its sources as before. Compiling needs a C compiler, Python's "
    "headers, and: pip install mypy setuptools"
)
KEPT_LINES = 15


def main() -> int:
    """Build, and put the build where the engine finds it; 0 when it is there."""
    build = BUILDS / digest()
    if available():
        sys.stdout.write(f"the load generator is compiled already: {build.name}\n")
        return 0
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "build"
        if problem := compile_to(made):
            sys.stderr.write(f"{problem}\n{WANTED}\n")
            return 1
        shutil.rmtree(BUILDS, ignore_errors=True)  # what was there belonged to other sources
        shutil.copytree(made, build)
    (build / "complete").touch()
    sys.stdout.write(f"the load generator is compiled: {build.name}\n")
    return 0


def no_compiler() -> str:
    """Why C cannot be compiled here; "" where it probably can."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"{compiler}: no such C compiler."
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return "" if headers.exists() else f"{headers}: no headers of Python."


def compile_to(made: Path) -> str:
    """The compiled modules of these sources as `made`; the last lines of what went wrong, or "".

    Nothing of ours is imported, and nothing is written beside the sources.
    """
    if problem := no_compiler():
        return problem
    files = [str(Path(*module.split(".")).with_suffix(".py")) for module in MODULES]
    with tempfile.TemporaryDirectory() as name:
        # a copy, because mypy does not read sources below site-packages
        shutil.copytree(
            PACKAGE.parent, Path(name) / "readiness", ignore=shutil.ignore_patterns("builds", "__pycache__")
        )
        setup = Path(name) / "setup.py"
        setup.write_text(SETUP.format(options=[*OPTIONS, *files], written=WRITTEN_IN_C))
        command = [sys.executable, str(setup), "-q", "build_ext", "--build-lib", str(made), "--build-temp", name]
        paths = [name, *filter(None, [os.environ.get("PYTHONPATH")])]
        done = subprocess.run(
            command,
            cwd=name,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MYPY_CACHE_DIR": f"{name}/mypy"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    return "\n".join(done.stdout.strip().splitlines()[-KEPT_LINES:]) or "it broke" if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
