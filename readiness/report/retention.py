"""`--keep N`: the oldest run folders go. What is not provably a folder of ours stays, and no link is followed."""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from readiness.report.run_folders import LATEST, RUN_ID, run_of
from readiness.report.writing import known_files
from readiness.text import clean
from readiness.text.foreign_files import why

_REPEATED = re.compile(r"run-\d{1,3}")
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{12}\.tmp")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LAST = "report.json"
"""Removed last: as long as it stands, the folder is known as ours."""


class _Stays(Exception):
    """Why a folder is not removed; the text fits behind its name and a colon."""


def remove_oldest(runs: Path, keep: int, current: Path) -> tuple[str, ...]:
    """Remove the oldest run folders of `runs` beyond the newest `keep`; what could not be removed, as sentences.

    `current` and what `latest` leads to stay in any case.
    """
    latest = runs / LATEST
    kept = {current.name, str(latest.readlink()) if latest.is_symlink() else LATEST}
    names = sorted((one.name for one in runs.iterdir() if RUN_ID.fullmatch(one.name)), reverse=True)
    newest = keep - (current.name == LATEST)  # there the newest run has no folder of that kind
    problems = []
    for name in names[max(newest, 0) :]:
        if name in kept:
            continue
        try:
            _remove(runs, name)
        except _Stays as reason:
            problems.append(f"--keep {keep}: {clean(runs / name)} stays: {reason}")
        except OSError as error:
            problems.append(f"--keep {keep}: {clean(runs / name)} stays: {why(error)}")
    return tuple(problems)


def _remove(runs: Path, name: str) -> None:
    """Raises _Stays, and OSError."""
    above = os.open(runs, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
            raise _Stays("it is no folder")
        with _locked(name, above) as folder:
            if run_of(runs / name) != name:
                raise _Stays("no report in it tells this run")
            _check(folder)
            _empty(folder)
        os.rmdir(name, dir_fd=above)
    finally:
        os.close(above)


@contextmanager
def _locked(name: str, above: int) -> Iterator[int]:
    """The folder, while nobody writes to it. Raises _Stays."""
    folder = os.open(name, _FOLDER, dir_fd=above)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _Stays("a run is writing there") from None
        except OSError:
            pass  # a file system without locks
        yield folder
    finally:
        os.close(folder)


def _check(folder: int, *, nested: bool = False) -> None:
    """Raises _Stays for anything that a run does not write."""
    for name in os.listdir(folder):
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISREG(mode) and _is_ours(name):
            continue
        if nested or not (stat.S_ISDIR(mode) and _REPEATED.fullmatch(name)):
            raise _Stays(f"it holds {clean(name, 60)}, which no run writes")
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            _check(inner, nested=True)
        finally:
            os.close(inner)


def _empty(folder: int) -> None:
    for name in sorted(os.listdir(folder), key=lambda one: one == _LAST):
        if not _REPEATED.fullmatch(name):
            os.unlink(name, dir_fd=folder)
            continue
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            _empty(inner)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=folder)


def _is_ours(name: str) -> bool:
    temporary = _TEMPORARY.fullmatch(name)
    return (temporary[1] if temporary else name) in {*known_files(), "probe"}
