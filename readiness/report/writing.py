"""Artefacts on disk: each file whole or not at all, and never yesterday's answer beside today's run."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from readiness.errors import ConfigError
from readiness.report import FORMATS
from readiness.text import clean
from readiness.text.foreign_files import kind_of, why

RUN_FILE = "run.json"
REPORT_FILE = "report.json"
_MODE = 0o644


def prepare(out_dir: Path) -> None:
    """Make `out_dir` and prove that a file can be written there; ConfigError names --out when not."""
    try:
        if linked := link_on_the_way(out_dir):
            raise ConfigError(f"--out {clean(out_dir)}: {linked}")
        out_dir.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigError(f"--out {clean(out_dir)}: is a file; name a folder") from None
    except OSError as error:
        raise ConfigError(f"--out {clean(out_dir)}: cannot be made: {why(error)}; name another folder") from None
    if not out_dir.is_dir():
        raise ConfigError(f"--out {clean(out_dir)}: is not a folder; name a folder")
    probe = _temporary(out_dir, "probe")
    try:
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE))
        probe.unlink()
    except OSError as error:
        raise ConfigError(f"--out {clean(out_dir)}: cannot be written: {why(error)}; name another folder") from None
    problems = [problem for name in known_files() if (problem := _refusal(out_dir / name))]
    if problems:
        raise ConfigError(*(f"--out {clean(out_dir)}: {problem}" for problem in problems))


def link_on_the_way(folder: Path) -> str | None:
    """Names the first link among the folders that lead to `folder`, of those that a checkout can bring along.

    Those are the folders below the working directory, and `folder` itself wherever it is: the way to the working
    directory, or to a folder elsewhere, is the machine's own. Raises OSError without a working directory.
    """
    here = Path.cwd()
    whole = here / folder
    ways = [whole, *(way for way in whole.parents if here in way.parents)]
    linked = next((way for way in reversed(ways) if way.is_symlink()), None)
    return (
        None if linked is None else f"{clean(linked)} is a symbolic link, which is not followed; name the folder itself"
    )


def known_files() -> tuple[str, ...]:
    """Every file name that a run may write."""
    return (RUN_FILE, *(fmt.file_name for fmt in FORMATS.values()))


def write_all(texts: Mapping[str, str], out_dir: Path) -> tuple[str, ...]:
    """Write each text under its file name; problems come back as sentences, and one does not lose the others."""
    return tuple(problem for name, text in texts.items() if (problem := write(out_dir / name, text)))


def write(path: Path, text: str) -> str | None:
    """Replace `path` by `text`: the old file or the new one, whole, whenever the power goes; None when it worked."""
    refused = _refusal(path)
    if refused:
        return refused
    temporary = _temporary(path.parent, path.name)
    try:
        with _create(temporary) as file:
            file.write(text.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        _remove_quietly(temporary)
        return f"{clean(path.name)} could not be written: {why(error)}"
    except BaseException:
        _remove_quietly(temporary)
        raise
    return None


def remove_stale(out_dir: Path, keep: frozenset[str]) -> tuple[str, ...]:
    """Remove known artefacts that this run will not write; problems come back as sentences."""
    problems = []
    for name in known_files():
        path = out_dir / name
        if name in keep or not os.path.lexists(path):
            continue
        problem = _refusal(path)
        if not problem:
            try:
                path.unlink()
            except OSError as error:
                problem = f"{name} of an earlier run could not be removed: {why(error)}"
        if problem:
            problems.append(problem)
    return tuple(problems)


def _refusal(path: Path) -> str | None:
    """Why `path` must not be replaced: only a regular file may be, never a link to somewhere else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{clean(path.name)} cannot be read: {why(error)}"
    if stat.S_ISREG(mode):
        return None
    return f"{clean(path.name)} is {kind_of(mode)}; remove it, it is not replaced"


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _MODE), "wb")


def _temporary(folder: Path, name: str) -> Path:
    return folder / f".{name}.{secrets.token_hex(6)}.tmp"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_quietly(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the first error is the one to report
