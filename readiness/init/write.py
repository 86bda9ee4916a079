"""Write all files or none, and never over one that stands, unless the user said so."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from readiness.errors import ConfigError
from readiness.text.foreign_files import why


def standing(out: Path, files: Mapping[str, str]) -> list[str]:
    """Those of `files` (paths below `out`) that are there already."""
    return [name for name in files if os.path.lexists(out / name)]


def write(out: Path, files: Mapping[str, str], *, force: bool = False) -> None:
    """Write `files` below `out`, which is made when absent.

    They are written whole into a folder beside their places first, and then moved. Raises ConfigError, and leaves
    everything as it was, when one of them stands and `force` is not given, when a link or a file lies on the way,
    or when the disk refuses.
    """
    _refuse(out, files, force=force)
    made: list[Path] = []
    moved: list[tuple[Path, Path | None]] = []
    stage: Path | None = None
    try:
        _folders(out, made)
        stage = Path(tempfile.mkdtemp(prefix=".readiness-init-", dir=out))
        for number, text in enumerate(files.values()):
            with (stage / f"{number}.new").open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        for number, name in enumerate(files):
            place = out / name
            _folders(place.parent, made)
            kept = stage / f"{number}.old" if os.path.lexists(place) else None
            if kept is not None:
                place.replace(kept)
            moved.append((place, kept))
            (stage / f"{number}.new").replace(place)
    except BaseException as error:
        for place, kept in reversed(moved):
            place.unlink(missing_ok=True)
            if kept is not None:
                kept.replace(place)
        if stage is not None:
            shutil.rmtree(stage, ignore_errors=True)
        for folder in reversed(made):
            folder.rmdir()
        if isinstance(error, OSError):
            raise ConfigError(f"--out {out}: nothing was written: {error.filename or out}: {why(error)}") from None
        raise
    shutil.rmtree(stage, ignore_errors=True)


def _refuse(out: Path, files: Mapping[str, str], *, force: bool) -> None:
    problems = []
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out}: is not a folder")
    for name in files:
        place = out / name
        on_the_way = [folder for folder in list(place.parents)[: len(Path(name).parts) - 1] if os.path.lexists(folder)]
        blocked = next((folder for folder in on_the_way if folder.is_symlink() or not folder.is_dir()), None)
        if blocked is not None:
            problems.append(f"{blocked}: is a link or no folder; nothing was written")
        elif os.path.lexists(place) and (place.is_symlink() or not place.is_file()):
            problems.append(f"{place}: is no regular file; nothing was written")
    if not problems and not force:
        problems = [f"{out / name}: stands already; --force writes over it" for name in standing(out, files)]
        problems += ["Nothing was written. Another folder: --out DIR"] if problems else []
    if problems:
        raise ConfigError(*dict.fromkeys(problems))


def _folders(folder: Path, made: list[Path]) -> None:
    """Make the folder and what is above it, and remember what was made."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir()
        made.append(one)
